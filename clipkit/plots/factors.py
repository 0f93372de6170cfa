"""All six factors side by side: what each single change does to one metric, with its interval."""

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clipkit.plots.style import LIMITS

FACTOR_COLOURS = {
    "architecture": "#0072b2",
    "training distribution": "#d55e00",
    "training-set size": "#009e73",
    "fine-tuning": "#cc79a7",
    "contrastive loss": "#56b4e9",
    "test-time prompts": "#e69f00",
}
ROW = 0.265
"""Height of a row in inches: two lines of its name."""


def height_of(n: int) -> float:
    """Height in inches of a figure with a title and `n` contrasts, some on each of the six factors."""
    return 1.4 + ROW * (n + 0.6 * len(FACTOR_COLOURS))


def six_factors(frame: pd.DataFrame, *, xlabel: str, scale: float = 1.0, ax: Axes | None = None) -> Axes:
    """One row for each contrast of `clipkit.sections.contrasts.contrast_frame`, grouped by factor.

    A filled dot is a clean contrast, an open one is not clean. The bar is the 95 % interval; the pale band
    around zero is what the contrast could not have detected (± its minimal detectable effect). Bold names
    have p < .05 after Holm. scale: factor from the metric's unit to that of the axis (100 for points).
    """
    order = list(FACTOR_COLOURS)
    frame = frame.sort_values("factor", key=lambda c: c.map(order.index), kind="stable").reset_index(
        drop=True
    )
    gap = frame.factor.ne(frame.factor.shift()).cumsum().to_numpy() - 1
    rows = np.arange(len(frame)) + 0.6 * gap
    if ax is None:
        _, ax = plt.subplots(figsize=(7.2, 1.0 + ROW * (rows[-1] + 1)))
    ax.axvline(0, color="0.6", linewidth=1, zorder=1)
    for row, c in zip(rows, frame.itertuples(), strict=True):
        colour = FACTOR_COLOURS[c.factor]
        ax.barh(row, 2 * scale * c.mde, left=-scale * c.mde, height=0.72, color="0.93", zorder=0)
        ax.plot(
            [scale * c.low, scale * c.high], [row, row], color=colour, linewidth=2.2, alpha=0.6, label=LIMITS
        )
        ax.plot(scale * c.effect, row, "o", color=colour, markersize=5.5, mfc=colour if c.clean else "white")
    ax.set_yticks(rows, [_folded(aspect) for aspect in frame.aspect], fontsize=8.5, linespacing=0.9)
    for tick, p in zip(ax.get_yticklabels(), frame.p_holm, strict=True):
        tick.set_fontweight("bold" if p < 0.05 else "normal")
    first = frame.groupby("factor", sort=False).head(1)
    for index, factor in first.factor.items():
        ax.annotate(
            factor,
            (1.0, rows[index] - 0.62),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8.5,
            color=FACTOR_COLOURS[factor],
        )
    ax.set_ylim(rows[-1] + 0.7, -1.3)
    ax.set_xlabel(xlabel)
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="0.94")
    return ax


def _folded(aspect: str) -> str:
    # A phone shows a figure's left first: long names on one line would hide the plot. Arrows begin a line.
    tied = aspect.replace("→ ", "→\u00a0")
    return fill(tied, 36).replace("\u00a0", " ")
