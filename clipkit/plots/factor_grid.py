"""Which levels of the factors exist together among published checkpoints: a picture of cells, many of them empty."""

from functools import cache
from html import escape

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from clipkit.plots.chapter import save_frame
from clipkit.plots.factors import FACTOR_COLOURS
from clipkit.plots.ledger import Html, rows_table
from clipkit.plots.style import MUTED
from clipkit.sections.factor_grid import ALONE, aliasing, comparisons, counts, hidden, levels, real_factors

_GAP = 0.6  # of a cell, between two factors
_COLOURS = FACTOR_COLOURS | {"curation": FACTOR_COLOURS["training distribution"]}


def grid(pool: str = "") -> None:
    """Factor × factor: in each cell the independent training runs that have both levels; an empty cell has none.

    A name with a cross has no effect of its own: some other level always comes with it (`clipkit.stats.identify`).
    """
    factors = real_factors(pool)
    own, without_number = levels(factors), hidden(factors)
    names = list(own)
    rows, columns = _places(own, names[:-1]), _places(own, names[1:])
    width, height = (max(max(p) for p in places.values()) + 1 for places in (columns, rows))
    figure, ax = plt.subplots(figsize=(2.2 + 0.235 * width, 2.0 + 0.205 * height))
    norm = LogNorm(1, 25)
    for i, row in enumerate(names[:-1]):
        for column in names[i + 1 :]:
            table = counts(factors, row, column).to_numpy()
            for (y, x), n in np.ndenumerate(table):
                at = columns[column][x], rows[row][y]
                colour = plt.cm.Blues(0.15 + 0.6 * norm(n)) if n else "0.96"
                ax.add_patch(plt.Rectangle((at[0] - 0.5, at[1] - 0.5), 0.94, 0.94, color=colour, linewidth=0))
                if n:
                    ax.text(
                        *at, str(n), ha="center", va="center", fontsize=7, color="white" if n > 12 else "0.1"
                    )
    ax.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for axis, places in ((ax.xaxis, columns), (ax.yaxis, rows)):
        marks = [
            (place, name, level)
            for name in places
            for place, level in zip(places[name], own[name], strict=True)
        ]
        shown = [f"{level} ×" if (name, level) in without_number else level for _, name, level in marks]
        axis.set_ticks([place for place, _, _ in marks], shown, fontsize=7.5)
        for tick, (_, name, level) in zip(axis.get_ticklabels(), marks, strict=True):
            tick.set_color(MUTED if (name, level) in without_number else _COLOURS[name])
    plt.setp(ax.get_xticklabels(), rotation=90)
    # The staircase leaves this corner free.
    for line, name in enumerate(names):
        ax.text(0, rows[names[2]][0] + 1.4 * line, name, color=_COLOURS[name], fontsize=9, weight="bold")
    said = f"{len(factors)} models, {factors.run.nunique()} training runs"
    ax.text(0, rows[names[2]][0] + 1.4 * len(names), said, fontsize=9)


def comparable(pool: str = "") -> Html:
    """How many pairs of levels of each factor can be compared while another is held, and while all others are."""
    found = comparisons(real_factors(pool))
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td>{row.pairs:.0f}</td>'
        + "".join(f"<td>{'–' if np.isnan(n) else f'{n:.0f}'}</td>" for n in row.iloc[1:])
        + "</tr>"
        for name, row in found.iterrows()
    )
    head = ("Factor", "Pairs of levels", *(f"{name} held" for name in found.columns[1:]))
    return rows_table(head, rows, "Pairs of levels that published checkpoints can compare")


def data(pool: str = "") -> Html:
    """Write every cell to data/factor-grid.csv and return the link that stands under the figure."""
    factors = real_factors(pool)
    names = list(levels(factors))
    parts = [
        counts(factors, row, column)
        .rename_axis(index="level", columns="other level")
        .stack()
        .rename("runs")
        .reset_index()
        .assign(factor=row, other=column)
        for i, row in enumerate(names)
        for column in names[i + 1 :]
    ]
    order = ["factor", "level", "other", "other level", "runs"]
    return save_frame(pd.concat(parts)[order], "factor-grid")


@cache
def numbers(pool: str = "") -> dict[str, str]:
    """Numbers for prose: models, runs, cells, how many of them are empty, and pairs of levels that differ alone."""
    factors = real_factors(pool)
    names = list(levels(factors))
    cells = [counts(factors, a, b).to_numpy() for i, a in enumerate(names) for b in names[i + 1 :]]
    found = comparisons(factors)
    return {
        "models": str(len(factors)),
        "runs": str(factors.run.nunique()),
        "cells": str(sum(cell.size for cell in cells)),
        "empty": str(sum(int((cell == 0).sum()) for cell in cells)),
        "pairs": str(int(found.pairs.sum())),
        "alone": str(int(found[ALONE].sum())),
        "aliased": str(len(aliasing(factors).aliased)),
    }


def _places(own: dict[str, list[str]], names: list[str]) -> dict[str, np.ndarray]:
    found, start = {}, 0.0
    for name in names:
        found[name] = start + np.arange(len(own[name]))
        start += len(own[name]) + _GAP
    return found
