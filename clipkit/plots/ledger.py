"""The ledger as HTML: a grid of sections × factors, and the claims with their verdicts. No script, no image."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from clipkit.claims.ledger import FACTORS, SECTIONS, Claim, load
from clipkit.claims.verdict import CANNOT_TELL, NO_DATA, UNTESTABLE, UNTESTABLE_AS, VERDICTS, Verdict
from clipkit.plots.markup import Html
from clipkit.results import TRACKS
from clipkit.sections.pocket.share import FAR
from clipkit.wording import number, p_text, with_limits

CSS_CLASS = dict(zip(VERDICTS, ("holds", "weaker", "fails", "untestable"), strict=True))
CSS_CLASS |= dict.fromkeys(UNTESTABLE_AS, "untestable")
SYMBOL = dict(zip((*VERDICTS, *UNTESTABLE_AS), ("✓", "◐", "✗", "–", "?", "–"), strict=True))
SHOWN = (*VERDICTS[:3], *UNTESTABLE_AS)
"""The verdicts as pages write them: what `Verdict.shown` can be."""
TRACK_MEANING = {
    "record": "results of models that people use, published by others",
    "pocket": "small CLIP models of ours in a rendered world, of which one thing at a time was changed",
    "full": "real checkpoints, run on this machine",
}
PAGES = {
    "visual factors": "visual-factors.html",
    "shape bias": "shape-bias.html",
    "OOD detection": "ood-detection.html",
    "calibration": "calibration.html",
    "retrieval": "retrieval.html",
    "natural shifts": "natural-shifts.html",
    "training data": "training-data.html",
    "3D correspondence": "correspondence.html",
    "3D corruption": "corruption-3d.html",
    "LMM interaction": "lmm-interaction.html",
}
"""The page that holds a section's evidence; sections without one link to their row in the table of claims."""
_NEGATIVE = re.compile(r"(?<![\w-])-(\d*\.?\d+)")
_HEAD = ("Claim", "Verdict", "Effect [95 % interval]", "Behind it")


def badge(verdict: str, count: int | None = None) -> str:
    """The verdict as a coloured word with a symbol, so that no reader depends on the colour; count: of how many."""
    symbol = f'<span aria-hidden="true">{SYMBOL[verdict]}</span>'
    word = verdict if count is None else f"{verdict}: {count}"
    return f'<span class="verdict {CSS_CLASS[verdict]}">{symbol} {word}</span>'


def badge_on_track(verdict: Verdict) -> str:
    """The badge of a verdict, and the track that it is on."""
    return f'{badge(verdict.shown)} <span class="track">{verdict.track}</span>'


def effect_text(claim: Claim, verdict: Verdict) -> str:
    """Effect and interval with the unit, as prose quotes them; "not available here" where there is none.

    >>> from clipkit.claims import Verdict, load
    >>> v = Verdict("B1", "record", "holds", 0.2613, 0.1499, 0.3701, 20, 17, 0.003, "")
    >>> effect_text(load()["B1"], v)
    '0.26 [0.15, 0.37]'
    """
    if verdict.effect is None:
        return "not available here"
    if claim.rule == "count":
        return f"{verdict.low:.0f} surely, {verdict.high:.0f} possibly"
    digits, unit = {"pp": (1, " pp"), "correlation": (2, ""), "fraction": (2, ""), "R²": (3, "")}[claim.unit]
    if claim.unit == "fraction" and verdict.high - verdict.low >= FAR:
        return f"{number(verdict.effect, digits)}{unit} [unbounded]"
    return with_limits(verdict.effect, verdict.low, verdict.high, digits, unit=unit)


def strongest(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several tracks' verdicts on one claim, the first that could test it (record before pocket before full).

    If none could, the first that has an effect all the same; else the first.
    """
    told = telling(verdicts)
    return next((v for v in told if v.verdict != UNTESTABLE), told[0])


def telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on one claim of all tracks that have an effect, be it too vague to tell; if none has, the first.

    A track that cannot tell stays in sight beside one that can: they may point in different directions.
    """
    return list(filter(_tells, verdicts)) or list(verdicts[:1])


def _tells(verdict: Verdict) -> bool:
    return verdict.effect is not None or verdict.verdict != UNTESTABLE


def grid(verdicts: Sequence[Verdict]) -> Html:
    """Sections down, factors across; each claim is a link to its evidence, with its id and verdict in words."""
    claims, by_id, tracks = load(), by_claim(verdicts), _tracks(verdicts)
    head = "".join(f'<th scope="col">{escape(f)}</th>' for f in FACTORS)
    body = []
    for section in SECTIONS:
        cells = []
        for factor in FACTORS:
            here = [
                c for c in claims.values() if (c.section, c.factor) == (section, factor) and c.id in by_id
            ]
            told = [(c, v, v in telling(by_id[c.id])) for c in here for v in by_id[c.id]]
            cells.append("<td>" + "".join(_cell(*each) for each in told if each[1].track in tracks) + "</td>")
        body.append(f'<tr><th scope="row">{escape(section)}</th>{"".join(cells)}</tr>')
    return Html(
        f'{_filter(verdicts)}<div class="ledger-scroll" tabindex="0" role="region" '
        'aria-label="Verdicts by section and factor">'
        f'<table class="ledger ledger-grid"><caption>Verdicts by section and factor</caption>'
        f"<thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _filter(verdicts: Sequence[Verdict]) -> str:
    """Radio buttons that leave one track's verdicts in the grid behind them; the style sheet does it, no script."""
    tracks = _tracks(verdicts)
    if len(tracks) < 2:
        return ""
    buttons = "".join(
        f'<label><input type="radio" name="ledger-track" value="{track}"{checked}> {track}</label>'
        for track, checked in (("all", " checked"), *((track, "") for track in tracks))
    )
    return f'<fieldset class="ledger-filter"><legend>Evidence shown</legend>{buttons}</fieldset>'


def _tracks(verdicts: Sequence[Verdict]) -> list[str]:
    """The tracks that have something to say of a claim; if none has, the first."""
    able = [t for t in TRACKS if any(v.track == t and _tells(v) for v in verdicts)]
    return able or [v.track for v in verdicts[:1]]


def table(verdicts: Sequence[Verdict]) -> Html:
    """Every claim in words with its verdict, effect, interval, and what stands behind it.

    One row for each claim and each of the tracks that `telling` picks.
    """
    claims, by_id = load(), by_claim(verdicts)
    rows = [_row(claims[i], v, _anchor(i, v, vs)) for i, vs in by_id.items() for v in telling(vs)]
    return rows_table(_HEAD, rows, "All claims, with the evidence behind each verdict", label="All claims")


def table_row(head: Sequence[str], cells: Sequence[object], attributes: str = "") -> str:
    """A row of `rows_table` from the HTML of its cells; a phone shows it as a card with heads."""
    named = (f'<td data-label="{escape(name)}">{cell}</td>' for name, cell in zip(head, cells, strict=True))
    return f"<tr{attributes}>{''.join(named)}</tr>"


def rows_table(head: Sequence[str], rows: Iterable[str], caption: str, label: str = "") -> Html:
    """A table that scrolls in its own box: head and caption as text, rows as HTML (`<tr>…</tr>`).

    label: the name of the box to a screen reader, by default the caption.
    """
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    return Html(
        f'<div class="ledger-scroll" tabindex="0" role="region" aria-label="{escape(label or caption)}">'
        f'<table class="ledger"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def cards(verdicts: Sequence[Verdict]) -> Html:
    """The claims of one chapter with their verdicts, as a list; used at the head of a chapter."""
    claims, by_id = load(), by_claim(verdicts)
    items = "".join(_card(claims[i], v, _anchor(i, v, vs)) for i, vs in by_id.items() for v in telling(vs))
    return Html(f'<ul class="claim-cards">{items}</ul>')


def counts(verdicts: Sequence[Verdict]) -> Html:
    """How many claims got each verdict, one row a track: tracks are never counted together."""
    items = []
    for track in _tracks(verdicts):
        words = [v.shown for v in verdicts if v.track == track]
        said = " ".join(badge(word, words.count(word)) for word in SHOWN if word in words)
        items.append(f"<li><strong>{track}</strong>, {escape(TRACK_MEANING[track])}:<br>{said}</li>")
    return Html(f'<ul class="answers">{"".join(items)}</ul>')


def by_claim(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts of each claim, by its id."""
    grouped: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        grouped.setdefault(verdict.id, []).append(verdict)
    return grouped


def _anchor(claim: str, verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """The id of a verdict on a page: the claim's own for the first, with the track for the others."""
    return claim if verdict is telling(verdicts)[0] else f"{claim}-{verdict.track}"


def _cell(claim: Claim, verdict: Verdict, told: bool) -> str:
    """One verdict in the grid; told: in sight also when all tracks are shown."""
    page = PAGES.get(claim.section) if _tells(verdict) else None
    target = f"{page}#{claim.id}" if page else f"#claim-{claim.id}"
    track = f' <span class="track">{verdict.track}</span>' if _tells(verdict) else ""
    aside = "" if told else " aside"
    number = (
        f'<span class="number">{escape(effect_text(claim, verdict))}</span>'
        if verdict.effect is not None
        else ""
    )
    return (
        f'<a class="verdict {CSS_CLASS[verdict.verdict]}{aside}" data-track="{verdict.track}" href="{target}" '
        f'title="{escape(claim.sentence, quote=True)}">'
        f"<strong>{claim.id}</strong> {verdict.shown}{track}{number}</a>"
    )


def _row(claim: Claim, verdict: Verdict, anchor: str) -> str:
    effect = effect_text(claim, verdict) if verdict.effect is not None else "–"
    cells = (
        f"<strong>{claim.id}</strong> {escape(claim.sentence)}",
        f'{badge(verdict.shown)}<br><span class="track">{verdict.track}</span>',
        escape(effect),
        escape(_behind(verdict)),
    )
    return table_row(_HEAD, cells, f' id="claim-{anchor}" data-claim="{claim.id}"')


def _card(claim: Claim, verdict: Verdict, anchor: str) -> str:
    text = escape(_behind(verdict))
    if verdict.effect is not None:
        statistic = claim.statistic[:1].upper() + claim.statistic[1:]
        text = f"{escape(statistic)}: <strong>{escape(effect_text(claim, verdict))}</strong>. {text}"
    return (
        f'<li id="{anchor}"><p><strong>{claim.id}</strong> {badge_on_track(verdict)}<br>'
        f"{escape(claim.sentence)}</p><p>{text}</p></li>"
    )


def with_minus(text: str) -> str:
    """`text` with true minus signs before its numbers, and none before zero.

    >>> with_minus("from -2 to -0.0 pp, ViT-B-32")
    'from −2 to 0.0 pp, ViT-B-32'
    """
    return _NEGATIVE.sub(lambda found: "−" * (float(found[1]) != 0) + found[1], text)


def _behind(verdict: Verdict) -> str:
    reason = with_minus(verdict.reason)
    text = reason[:1].upper() + reason[1:] + "."
    if verdict.n_models:
        text += f" {verdict.n_models} models, {verdict.n_clusters} independent; "
        text += f"corrected {p_text(verdict.p_corrected)}."
    return text


def legend() -> Html:
    """What the words mean, one line each; the last two are one verdict, *not testable here*."""
    meaning = {
        "holds": "the effect is there after correction, and large enough to matter",
        "weaker": "the effect is there, but smaller than claimed",
        "fails": "an effect large enough to matter is excluded",
        CANNOT_TELL: "the data allow that there is nothing as well as an effect that matters, or it could be chance",
        NO_DATA: "nothing at hand can test it on this track",
    }
    return Html(
        '<ul class="ledger-legend">' + "".join(f"<li>{badge(v)} {meaning[v]}</li>" for v in SHOWN) + "</ul>"
    )
