"""The front page's answers: what matters to somebody who chooses a model, and where the evidence contradicts."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from clipkit.claims.ledger import Claim, load
from clipkit.claims.verdict import VERDICTS, Verdict
from clipkit.plots.ledger import (
    PAGES,
    TRACK_MEANING,
    Html,
    badge_on_track,
    by_claim,
    effect_text,
    telling,
    with_minus,
)
from clipkit.results import TRACKS

_FAILS = VERDICTS[2]


class Question(NamedTuple):
    """A question of somebody who chooses a model, and the claims whose verdicts answer it."""

    text: str
    claims: tuple[str, ...]


QUESTIONS = (
    Question("Does zero-shot CLIP lose less under shift than its accuracy suggests, and after fine-tuning?", ("E3",)),
    Question("May I trust its confidence?", ("C1", "C3", "C4")),
    Question("Is the model that is better on ImageNet also better at retrieval, and at finding what it does not know?",
             ("R1", "O1")),
    Question("Should I look for filtered training data, or for more of them?", ("Q1", "N1")),
    Question("Does it decide by shape, and does fine-tuning make it look at textures?", ("B1", "B2", "B3")),
)  # fmt: skip


def answers(verdicts: Sequence[Verdict], questions: Iterable[Question] = QUESTIONS) -> Html:
    """Each question with the verdicts on its claims of every track that has an effect, as a list of lists."""
    items = []
    for question in questions:
        told = telling([v for name in question.claims for v in verdicts if v.id == name])
        lines = "".join(f"<li>{_line(load()[v.id], v)}</li>" for v in told)
        items.append(f"<li><p><strong>{escape(question.text)}</strong></p><ul>{lines}</ul></li>")
    return Html(f'<ol class="answers">{"".join(items)}</ol>')


def contradictions(verdicts: Sequence[Verdict]) -> Html:
    """The paper's claims that fail, track by track, each with effect, interval, and what another track says of it."""
    claims, by_id, lists = load(), by_claim(verdicts), []
    for track in TRACKS:
        failed = [
            v for v in verdicts if v.track == track and v.verdict == _FAILS and claims[v.id].source == "paper"
        ]
        items = []
        for verdict in failed:
            others = [v for v in telling(by_id[verdict.id]) if v.track != track and v.effect is not None]
            beside = "".join(
                f"<br>Elsewhere: {badge_on_track(v)} {escape(effect_text(claims[v.id], v))}." for v in others
            )
            items.append(f"<li>{_line(claims[verdict.id], verdict)}{beside}</li>")
        if items:
            lists.append(
                f'<p><strong>{track}</strong>, {TRACK_MEANING[track]}:</p><ul class="answers">{"".join(items)}</ul>'
            )
    return Html("".join(lists) or "<p>No claim of the paper fails on the evidence at hand.</p>")


def _line(claim: Claim, verdict: Verdict) -> str:
    link = f'<a href="{PAGES[claim.section]}#{claim.id}">{claim.id}</a>'
    number = ""
    if verdict.effect is not None:
        number = f"{escape(claim.statistic[:1].upper() + claim.statistic[1:])}: {escape(effect_text(claim, verdict))}. "
    mind = with_minus(verdict.reason.partition(". ")[2])
    mind = f"{escape(mind)}. " if mind else ""
    return f"{escape(claim.sentence)} {badge_on_track(verdict)}<br>{number}{mind}Evidence: {link}."
