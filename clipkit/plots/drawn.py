"""The numbers that a figure shows, read off what was drawn: no figure without its data, and none with others."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle, StepPatch
from matplotlib.ticker import FixedLocator

from clipkit.plots.style import LIMITS, SEED

COLUMNS = [
    "panel",
    "across",
    "upwards",
    "mark",
    "series",
    "row",
    "x",
    "x_low",
    "x_high",
    "y",
    "y_low",
    "y_high",
]


def numbers(figure: Figure) -> pd.DataFrame:
    """One row for each mark of `figure`, with columns `COLUMNS`; those without content are left out.

    panel: the title of its axes; across, upwards: what these show; mark: "dot", "seed" (a dot that is one seed),
    "bar" or "line" (one row a corner); series: what the legend calls its colour; row: the label beside it, where places
    have names. x and y as drawn; a dot has the limits of the stroke through it that is labelled as an interval.
    Pictures, reference lines and grounds have no rows.
    """
    series = _legends(figure)
    rows = [row for ax in figure.axes for row in _marks(ax, series)]
    return pd.DataFrame(rows, columns=COLUMNS).dropna(axis=1, how="all")


def _legends(figure: Figure) -> dict[str, str]:
    """Colour → the words that some legend of the figure has for it."""
    found = {}
    for legend in [*figure.legends, *(ax.get_legend() for ax in figure.axes)]:
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True) if legend else ():
            found.setdefault(_colour(handle), text.get_text())
    return found


def _colour(artist) -> str:
    """As hex digits, without regard to how opaque it is."""
    if hasattr(artist, "get_color"):
        colour = artist.get_color()
        return to_hex(colour if isinstance(colour, str) or np.ndim(colour) < 2 else colour[0])
    colours = artist.get_facecolor()
    return to_hex(colours if np.ndim(colours) < 2 else colours[0]) if len(colours) else ""


class _Stroke(NamedTuple):
    """A line through points (n, 2)."""

    points: np.ndarray
    colour: str
    label: str


def _marks(ax: Axes, series: dict[str, str]) -> list[dict]:
    place = {
        "panel": ax.get_title() or ax.get_title("left"),
        "across": ax.get_xlabel(),
        "upwards": ax.get_ylabel(),
    }
    named = _named(ax.yaxis), _named(ax.xaxis)

    def row(mark: str, x: float, y: float, colour: str, label: str, **ends: float) -> dict:
        here = {"series": _shown(label) or series.get(colour), "row": _at(named[0], y) or _at(named[1], x)}
        return place | {"mark": mark, **here, "x": x, "y": y, **ends}

    rows, used = [], set()
    dots, strokes = _dots_and_strokes(ax)
    limits = [stroke for stroke in strokes if stroke.label == LIMITS]
    for x, y, colour, label in dots:
        ends = {}
        for stroke in limits:
            if label != SEED and stroke.colour == colour and (through := _ends(stroke.points, x, y)):
                ends |= through
                used.add(id(stroke))
        rows.append(row("seed" if label == SEED else "dot", x, y, colour, label, **ends))
    for stroke in strokes:
        if id(stroke) not in used:
            rows += [row("line", x, y, stroke.colour, stroke.label) for x, y in stroke.points]
    rows += [row(*bar, **ends) for bar, ends in _areas(ax)]
    return [r for r in rows if np.isfinite([r["x"], r["y"]]).all()]


def _dots_and_strokes(ax: Axes) -> tuple[list[tuple], list[_Stroke]]:
    """Dots as x, y, colour and label; and the lines between points, of which a reference line is none."""
    dots, strokes, nothing = [], [], ("None", None, "", " ")
    for line in ax.lines:
        if line.get_transform() != ax.transData:
            continue
        points = np.column_stack([np.ravel(v).astype(float) for v in line.get_data()])
        if line.get_marker() not in nothing:
            dots += [(x, y, _colour(line), _own(line)) for x, y in points]
        if line.get_linestyle() not in nothing and np.isfinite(points).all(axis=1).sum() > 1:
            strokes.append(_Stroke(points, _colour(line), _own(line)))
    for artist in ax.collections:
        if isinstance(artist, PathCollection) and artist.get_offset_transform() == ax.transData:
            colours = [to_hex(c) for c in artist.get_facecolor()] or [""]
            offsets = np.asarray(artist.get_offsets(), float)
            dots += [(*xy, colours[i % len(colours)], _own(artist)) for i, xy in enumerate(offsets)]
        if isinstance(artist, LineCollection):
            lines = (np.asarray(segment, float) for segment in artist.get_segments())
            strokes += [_Stroke(points, _colour(artist), _own(artist)) for points in lines]
    return dots, strokes


def _ends(points: np.ndarray, x: float, y: float) -> dict[str, float]:
    """The limits that a straight stroke through (x, y) gives it; none where it passes by."""
    found = {}
    for axis, name, here, across in ((0, "x", x, y), (1, "y", y, x)):
        least, most = points[:, axis].min(), points[:, axis].max()
        if np.allclose(points[:, 1 - axis], across) and least <= here <= most:
            found |= {f"{name}_low": least, f"{name}_high": most}
    return found


def _areas(ax: Axes) -> Iterator[tuple[tuple, dict[str, float]]]:
    """What `row` needs for bars, the bins of histograms, and the corners of outlines."""
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            edges, heights = patch.get_data().edges, patch.get_data().values
            for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
                bar = ("bar", (low + high) / 2, height, _colour(patch), _own(patch))
                yield bar, {"x_low": low, "x_high": high}
        elif isinstance(patch, Polygon) and patch.get_transform() == ax.transData:
            for x, y in patch.get_xy():
                yield ("line", x, y, _colour(patch), _own(patch)), {}
        elif isinstance(patch, Rectangle) and _on_data(patch, ax):
            x, y, width, height = *patch.get_xy(), patch.get_width(), patch.get_height()
            ends = {"x_low": x, "x_high": x + width, "y_low": y, "y_high": y + height}
            yield ("bar", x + width / 2, y + height / 2, _colour(patch), ""), ends


def _on_data(patch: Rectangle, ax: Axes) -> bool:
    """Whether both sides are measured in data: those of a ground that crosses the panel are not."""
    return patch.get_transform() == patch.get_patch_transform() + ax.transData


def _own(artist) -> str:
    return str(artist.get_label())


def _shown(label: str) -> str | None:
    """A label as a legend shows it: matplotlib keeps those with an underscore to itself."""
    return None if not label or label.startswith("_") else label


def _named(axis) -> dict[float, str]:
    """Place → label, of an axis whose places have names."""
    locator, formatter = axis.get_major_locator(), axis.get_major_formatter()
    if not isinstance(locator, FixedLocator):
        return {}
    labels = {float(place): formatter(place, i) for i, place in enumerate(locator.locs)}
    return {} if all(_number(label) for label in labels.values()) else labels


def _number(label: str) -> bool:
    return not label.strip("0123456789.,%−- ")


def _at(labels: dict[float, str], place: float) -> str | None:
    """The label nearest to a place, no farther than half a step."""
    if not labels:
        return None
    nearest = min(labels, key=lambda at: abs(at - place))
    return labels[nearest].replace("\n", " ") if abs(nearest - place) <= 0.5 else None
