"""A contact sheet: part of a rendered set at a glance, each image over what is known of it."""

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from clipkit.errors import BadInput
from clipkit.pocket.dataset import PocketData
from clipkit.pocket.sets import load_set, set_spec

FORMATS = (".png", ".pdf", ".svg")
_CELL = 1.2  # inches
_LINE = 0.11  # inches
_CHARACTERS = 20  # in a line under an image


def write_sheet(
    out: Path, name: str, split: str = "test", rows: int = 6, columns: int = 8, cache: Path | None = None
) -> None:
    """Draw the contact sheet of a set of the suite into a file, rendering the set first if need be.

    Raises BadInput for a kind of file that cannot be drawn, and what `load_set` raises.
    """
    set_spec(name, split)
    if out.suffix not in FORMATS:
        raise BadInput(f"cannot draw {out}", f"end its name in {', '.join(FORMATS)}")
    figure = contact_sheet(load_set(name, split, cache), rows, columns)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)


def contact_sheet(data: PocketData, rows: int = 6, columns: int = 8) -> Figure:
    """A figure of rows × columns images spread evenly over the set, fewer if it has fewer.

    Images that belong together (column `pair`) stand side by side.
    """
    positions = spread(data.table, rows * columns)
    texts = [
        "\n".join(line for part in describe(data.table.iloc[p]) for line in textwrap.wrap(part, _CHARACTERS))
        for p in positions
    ]
    needed = -(-len(positions) // columns)
    lines = max(text.count("\n") + 1 for text in texts)
    size = (columns * _CELL, needed * (_CELL + lines * _LINE) + 0.4)
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.subplots(needed, columns, squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis, position, text in zip(axes.flat, positions, texts, strict=False):
        axis.imshow(data.images[position], interpolation="nearest")
        axis.set_xlabel(text, fontsize=5.5, labelpad=2, linespacing=1.1)
    figure.suptitle(f"{data.name}, {data.split}: {len(positions)} of {len(data):,} images", fontsize=9)
    return figure


def spread(table: pd.DataFrame, cells: int) -> list[int]:
    """At most `cells` positions, one from each of as many equal stretches of the table; whole pairs of pairs.

    Which one is drawn at random, the same on each call: at a fixed distance one would meet few classes, for
    they come in turn.

    >>> spread(pd.DataFrame({"pair": [0, 1, 2, 0, 1, 2]}), 6)
    [0, 3, 1, 4, 2, 5]
    """
    groups = [[i] for i in range(len(table))]
    if "pair" in table:
        groups = list(table.groupby("pair").indices.values())
    shown = min(len(groups), max(1, cells // len(groups[0])))
    edges = np.arange(shown + 1) * len(groups) // shown
    chosen = np.random.default_rng(0).integers(edges[:-1], edges[1:])
    return [int(i) for g in chosen for i in groups[g]][:cells]


def describe(row: pd.Series) -> list[str]:
    """What is known of one image, in a few short lines.

    >>> describe(pd.Series({"label": "mug", "shape": "mug", "texture": "fish"}))
    ['shape: mug', 'texture: fish']
    >>> describe(pd.Series({"label": "mug", "pair": 3, "angle": 41.3, "scene": "{}"}))
    ['mug', 'angle: 41']
    """
    if "captions" in row:
        return [str(row["captions"][0])]
    if "caption" in row:
        return [row["caption"], f"not: {row['negative']}"]
    named = [] if "shape" in row else [row["label"] or "none of the classes"]
    values = row.drop(["label", "pair", "scene"], errors="ignore").items()
    return named + [f"{name}: {v:.0f}" if isinstance(v, float) else f"{name}: {v}" for name, v in values]
