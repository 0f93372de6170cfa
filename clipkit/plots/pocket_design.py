"""The design of the pocket zoo: which recipes are compared, and which of them differ in one thing alone."""

from collections.abc import Iterable
from html import escape

import matplotlib.pyplot as plt
import numpy as np

from clipkit.plots.ledger import Html, rows_table, table_row
from clipkit.plots.style import ACCENT, MUTED
from clipkit.pocket.zoo.design import ContrastSpec

BASE = "resnet-wild"
_TRUNK, _DOT = 1.9, 2.7  # from the middle
_HEAD = 2.2  # rows that a factor's name takes
_DASHED = (0, (4, 3))


def design_picture(contrasts: Iterable[ContrastSpec], shipped: Iterable[str] = (), base: str = BASE) -> None:
    """The base recipe in the middle, and around it by factor what is compared with it, or with one another.

    A solid line: the two arms differ in this factor alone. A dashed line: they differ in something else too. A
    filled dot: both arms are among the `shipped` recipes.
    """
    groups: dict[str, list[ContrastSpec]] = {}
    for contrast in contrasts:
        groups.setdefault(contrast.factor, []).append(contrast)
    heights = {factor: len(members) + _HEAD for factor, members in groups.items()}
    sides = _two_columns(heights)
    rows = max(sum(heights[factor] for factor in side) for side in sides)
    figure, ax = plt.subplots(figsize=(7.6, 0.19 * rows + 0.6))
    ax.set(xlim=(-10, 10), ylim=(-rows / 2 - 0.5, rows / 2 + 0.5))
    ax.set_axis_off()
    for direction, side in zip((-1, 1), sides, strict=True):
        y = sum(heights[factor] for factor in side) / 2
        for factor in side:
            ax.text(
                direction * _DOT,
                y - 0.6,
                factor,
                ha=_align(direction),
                va="center",
                weight="bold",
                fontsize=10,
            )
            y -= _HEAD - 0.5
            for contrast in groups[factor]:
                _arm(ax, contrast, direction, y, set(shipped), base)
                y -= 1
            y -= 0.5
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": ACCENT, "linewidth": 2}
    ax.text(0, 0, base, ha="center", va="center", weight="bold", fontsize=9, bbox=box, zorder=5)
    _legend(ax)


def _align(direction: int) -> str:
    return "left" if direction > 0 else "right"


def _two_columns(heights: dict[str, float]) -> tuple[list[str], list[str]]:
    """The keys, in their order, cut where the two columns are most alike in height.

    >>> _two_columns({"a": 2, "b": 2, "c": 5})
    (['a', 'b'], ['c'])
    """
    names = list(heights)

    def uneven(cut: int) -> float:
        return abs(sum(heights[n] for n in names[:cut]) - sum(heights[n] for n in names[cut:]))

    cut = min(range(len(names) + 1), key=uneven)
    return names[:cut], names[cut:]


def _arm(ax, contrast: ContrastSpec, direction: int, y: float, shipped: set[str], base: str) -> None:
    colour, line = (ACCENT, "-") if contrast.clean else (MUTED, _DASHED)
    if contrast.kind == "prompts":
        text, there = f"{contrast.a} – {contrast.b} prompts, same models", bool(shipped)
    else:
        text = " – ".join(name for name in (contrast.a, contrast.b) if name != base)
        there = {contrast.a, contrast.b} <= shipped
    start = _TRUNK + 0.35
    if base in (contrast.a, contrast.b):
        start = _TRUNK  # by way of one trunk, so that no two lines cross
        ax.plot(direction * np.array([1, _TRUNK, _TRUNK]), [0, 0, y], color="0.8", linewidth=1.2, zorder=1)
    ax.plot([direction * start, direction * _DOT], [y, y], color=colour, linestyle=line, linewidth=1.6)
    ax.plot(
        direction * _DOT, y, "o", color=colour, markerfacecolor=colour if there else "white", markersize=5
    )
    ax.text(direction * (_DOT + 0.25), y, text, ha=_align(direction), va="center", fontsize=8.5)


def _legend(ax) -> None:
    dot = {"marker": "o", "linestyle": "", "color": ACCENT, "markersize": 5}
    handles = [
        plt.Line2D([], [], color=ACCENT, label="one thing differs"),
        plt.Line2D([], [], color=MUTED, linestyle=_DASHED, label="something else differs too"),
        plt.Line2D([], [], **dot, label="shipped"),
        plt.Line2D([], [], **dot, markerfacecolor="white", label="not shipped yet"),
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=4, fontsize=8.5)


def reservations(contrasts: Iterable[ContrastSpec]) -> Html:
    """The contrasts with a note, as a table: what is compared, whether it is clean, and what it leaves open."""
    head = ("Contrast", "Compared", "Clean", "Left open")
    rows = (
        table_row(
            head,
            (
                f"<strong>{escape(c.id)}</strong>",
                f"{escape(c.aspect)}<br>({escape(c.a)} against {escape(c.b)})",
                "yes" if c.clean else "no",
                escape(c.note),
            ),
        )
        for c in contrasts
        if c.note
    )
    return rows_table(head, rows, "What contrasts leave open")
