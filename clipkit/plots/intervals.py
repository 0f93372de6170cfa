"""Dots with intervals: the figure for estimates side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clipkit.plots.style import ACCENT, LIMITS


def dots(
    table: pd.DataFrame, *, xlabel: str, colours=None, reference: float | None = 0.0, ax: Axes | None = None
) -> Axes:
    """One row for each entry of `table`: a dot at `value`, a bar from `low` to `high`, named by the index.

    colours: one colour, or one for each row. reference: where to draw the line of no effect (None: nowhere).
    Rows are drawn from the top in the table's order; NaN limits leave the bar out.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.5, 0.9 + min(0.27, 9 / len(table)) * len(table)))
    rows = np.arange(len(table))
    colours = (
        [colours or ACCENT] * len(table) if colours is None or isinstance(colours, str) else list(colours)
    )
    if reference is not None:
        ax.axvline(reference, color="0.6", linewidth=1, zorder=0)
    for row, (value, low, high), colour in zip(
        rows, table[["value", "low", "high"]].to_numpy(float), colours, strict=True
    ):
        ax.plot(
            [low, high],
            [row, row],
            color=colour,
            linewidth=2.2,
            alpha=0.55,
            solid_capstyle="round",
            label=LIMITS,
        )
        ax.plot(value, row, "o", color=colour, markersize=5.5)
    ax.set_yticks(rows, [str(name) for name in table.index])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", color="0.92")
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    return ax
