"""Which verdicts survive other conventions: every claim that a convention concerns, judged again under it."""

from collections.abc import Callable
from functools import partial

import pandas as pd

from clipkit.claims.judge import TESTS, Found, find, found_on, verdicts_from
from clipkit.claims.ledger import load
from clipkit.claims.pocket import ON_ANSWERS
from clipkit.claims.verdict import Verdict
from clipkit.memo import remember
from clipkit.sections.multiverse import CONVENTIONS, Convention
from clipkit.sections.pocket.results import zoo_results
from clipkit.stats import holm

OURS = "ours"
COLUMNS = ["convention", "id", "verdict", "effect", "low", "high", "p_corrected", "reason"]


def multiverse(track: str) -> pd.DataFrame:
    """The verdict on each claim under each convention that concerns it: a row each, `COLUMNS`.

    First those by our own conventions ("ours"), of all claims that the track can test. Under another convention
    the claims that it concerns have new evidence, the others keep theirs, and p is corrected over all of them
    together. Empty where the track can test none. Raises MissingData if the zoo has not been measured by other
    conventions.
    """
    ours = found_on(track)
    if not ours.evidence:
        return pd.DataFrame(columns=COLUMNS)
    frames = [_frame(OURS, track, ours, list(ours.evidence), holm)]
    for name, convention in CONVENTIONS.items():
        concerned = [claim for claim in concerns(convention, track) if claim in ours.evidence]
        if concerned:
            found = remember(found_under)(track, name)
            evidence = {c: e for c, e in (ours.evidence | found.evidence).items() if c not in found.missing}
            frames.append(_frame(name, track, Found(evidence, found.missing), concerned, convention.correct))
    return pd.concat(frames, ignore_index=True)


def concerns(convention: Convention, track: str) -> list[str]:
    """The claims that a convention concerns on a track.

    A correction concerns all whose verdict hangs on p: those that count take their members' own p-values. On the full
    track none has been tried by another convention.
    """
    if convention.correct is not holm:
        return [name for name in TESTS[track] if load()[name].rule != "count"]
    return list(getattr(convention, track, ()))


def found_under(track: str, name: str) -> Found:
    """What the tests of the claims that a convention concerns find under it."""
    convention = CONVENTIONS[name]
    options = getattr(convention, track)
    tests = {claim: partial(TESTS[track][claim], **options[claim]) for claim in options}
    # Tests on the public record, and on answers, read them themselves.
    on_numbers = [claim for claim in options if track == "pocket" and claim not in ON_ANSWERS]
    numbers = convention.table(zoo_results()) if on_numbers else None
    tests |= {claim: partial(tests[claim], numbers) for claim in on_numbers}
    with convention.within():
        return find(track, tests)


def _frame(name: str, track: str, found: Found, claims: list[str], correct: Callable) -> pd.DataFrame:
    verdicts = verdicts_from(track, found, claims, correct)
    return pd.DataFrame(verdicts, columns=Verdict._fields).assign(convention=name)[COLUMNS]


def survival(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a claim of `multiverse`: its verdict by our conventions, and what becomes of it under others.

    Columns verdict; conventions, how many concern it; same, under how many of these the verdict stands; turned, under
    how many the effect has the other sign; otherwise, "label: verdict" of those that differ; low and high, the range
    of the effect over all.
    """
    claims = load()
    rows = {}
    for name, group in frame.groupby("id", sort=False):
        ours, others = group[group.convention == OURS].iloc[0], group[group.convention != OURS]
        effects = group.effect.dropna().astype(float)
        differ = others[others.verdict != ours.verdict]
        rows[name] = {
            "sentence": claims[name].sentence,
            "verdict": ours.verdict,
            "conventions": len(others),
            "same": len(others) - len(differ),
            "turned": int((effects[others.index.intersection(effects.index)] * ours.effect < 0).sum()),
            "otherwise": "; ".join(
                f"{CONVENTIONS[r.convention].label}: {r.verdict}" for r in differ.itertuples()
            ),
            "low": effects.min(),
            "high": effects.max(),
        }
    return pd.DataFrame(rows).T
