"""Figures and tables of the chapter on conventions: which verdicts survive, and which choice turns the others."""

from html import escape

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from clipkit.claims.ledger import load
from clipkit.claims.multiverse import OURS, multiverse, survival
from clipkit.claims.verdict import UNTESTABLE, VERDICTS, on_evidence
from clipkit.errors import MissingData
from clipkit.plots.chapter import save_frame
from clipkit.plots.ledger import SYMBOL, Html, badge, rows_table, table_row
from clipkit.sections.multiverse import CONVENTIONS
from clipkit.wording import number

# Ink and ground as the book's style sheet has them in its light theme.
_COLOURS = dict(
    zip(
        VERDICTS,
        (("#00573f", "#d9f2e6"), ("#6b4a00", "#fdf0c8"), ("#8c1d40", "#fbe0e6"), ("#4a5058", "#e9ecef")),
        strict=True,
    )
)


def judged(track: str) -> pd.DataFrame:
    """`multiverse` of a track; raises MissingData where it can test no claim."""
    frame = multiverse(track)
    if frame.empty:
        raise MissingData(f"the {track} track can test no claim here", "see the chapters on its evidence")
    return frame


def grid(track: str, frame: pd.DataFrame | None = None) -> Figure:
    """Claims down, conventions across: the verdict's symbol, and an arrow up if the effect speaks for the claim.

    The first column is ours; cells that differ from it are framed. Empty: the convention does not concern the claim.
    """
    frame = judged(track) if frame is None else frame
    ids, columns = list(dict.fromkeys(frame.id)), list(dict.fromkeys(frame.convention))
    ours = frame[frame.convention == OURS].set_index("id").verdict
    figure, ax = plt.subplots(figsize=(0.33 * len(columns) + 1.2, 0.33 * len(ids) + 2.3))
    for row in frame.itertuples():
        x, y = columns.index(row.convention), ids.index(row.id)
        ink, ground = _COLOURS[row.verdict]
        differs = row.verdict != ours[row.id]
        ax.add_patch(
            Rectangle(
                (x - 0.44, y - 0.44), 0.88, 0.88, facecolor=ground,
                edgecolor=ink if differs else "none", linewidth=1.8 if differs else 0,
            )
        )  # fmt: skip
        ax.text(x, y, _cell(row), color=ink, ha="center", va="center", fontsize=8)
    ax.axvline(0.5, color="0.4", linewidth=1)
    for place in range(2, len(columns)):
        if CONVENTIONS[columns[place]].family != CONVENTIONS[columns[place - 1]].family:
            ax.axvline(place - 0.5, color="0.8", linewidth=0.8)
    labels = [name if name == OURS else CONVENTIONS[name].label for name in columns]
    ax.set_xticks(range(len(columns)), labels, rotation=60, ha="left", rotation_mode="anchor", fontsize=8)
    ax.set_yticks(range(len(ids)), ids, fontsize=8)
    ax.xaxis.tick_top()
    ax.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(ids) - 0.4, -0.6))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    handles = [
        Patch(facecolor=g, label=f"{SYMBOL[on_evidence(v)]} {on_evidence(v)}")
        for v, (_, g) in _COLOURS.items()
    ]
    ax.legend(
        handles=handles, ncols=4, loc="upper left", bbox_to_anchor=(-0.02, 0), fontsize=8, handlelength=1
    )
    return figure


def _cell(row) -> str:
    if pd.isna(row.effect):
        return SYMBOL[row.verdict]
    return SYMBOL[on_evidence(row.verdict)] + ("↑" if row.effect > 0 else "↓")


def survival_table(track: str, frame: pd.DataFrame | None = None) -> Html:
    """Claim by claim: our verdict, under how many conventions it stands, and which make another one of it."""
    claims = load()
    head = ("Claim", "By our conventions", "Stands under", "Effects", "Another verdict")
    rows = []
    for name, row in survival(judged(track) if frame is None else frame).iterrows():
        stands = f"{row.same} of {row.conventions}"
        turned = f"; other sign in {row.turned}" if row.turned else ""
        digits = {"pp": 1, "factors": 0}.get(claims[name].unit, 2)
        unit = " pp" if claims[name].unit == "pp" else ""
        span = f"{number(row.low, digits)} to {number(row.high, digits)}{unit}"
        claim = f"<strong>{name}</strong> {escape(row.sentence)}"
        cells = (
            claim,
            badge(on_evidence(row.verdict)),
            stands + turned,
            span,
            escape(on_evidence(row.otherwise)) or "none",
        )
        rows.append(table_row(head, cells))
    return rows_table(head, rows, f"Which verdicts survive other conventions, {track} track")


def convention_table() -> Html:
    """Every convention: what it changes, who follows it, and the claims that it concerns on each track."""
    head, rows = ("Choice", "Convention", "What changes", "Who", "Concerns"), []
    for convention in CONVENTIONS.values():
        both = [
            f"{track}: {', '.join(getattr(convention, track))}"
            for track in ("record", "pocket")
            if getattr(convention, track)
        ]
        said = (escape(convention.family), f"<strong>{escape(convention.label)}</strong>")
        said += (escape(convention.change), escape(convention.users))
        rows.append(table_row(head, (*said, "<br>".join(both) or "all that p decides")))
    return rows_table(head, rows, "The conventions tried")


def data(track: str) -> Html:
    """Write the cells of the grid to data/conventions-TRACK.csv and return the link that stands under it."""
    return save_frame(judged(track), f"conventions-{track}")


def survivors(track: str) -> str:
    """ "3 of 14": of the claims that our conventions can tell, those with one verdict under all that concern them."""
    table = survival(judged(track))
    told = table[table.verdict != UNTESTABLE]
    return f"{(told.same == told.conventions).sum()} of {len(told)}"


def contradicted(track: str) -> str:
    """Claims that hold by some convention and fail by another, as prose; "none" where there are none."""
    frame = judged(track)
    words = frame.groupby("id", sort=False).verdict.agg(set)
    holds, _, fails, _ = VERDICTS
    return ", ".join(words.index[[{holds, fails} <= found for found in words]]) or "none"
