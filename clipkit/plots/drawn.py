"""The numbers that a figure shows, read off what was drawn: no figure without its data, and none with others."""

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


def _marks(ax: Axes, series: dict[str, str]) -> list[dict]:
    dots, strokes, rows = [], [], []
    for line in ax.lines:
        if line.get_transform() != ax.transData:
            continue
        points = np.column_stack([np.ravel(v).astype(float) for v in line.get_data()])
        has_marker = line.get_marker() not in ("None", None, "", " ")
        if has_marker:
            dots += [(x, y, _colour(line), _own(line)) for x, y in points]
        if line.get_linestyle() not in ("None", "", " ") and np.isfinite(points).all(axis=1).sum() > 1:
            strokes.append((points, _colour(line), _own(line)))
    for artist in ax.collections:
        if isinstance(artist, PathCollection) and artist.get_offset_transform() == ax.transData:
            colours = [to_hex(c) for c in artist.get_facecolor()] or [""]
            offsets = np.asarray(artist.get_offsets(), float)
            dots += [(*xy, colours[i % len(colours)], _own(artist)) for i, xy in enumerate(offsets)]
        if isinstance(artist, LineCollection):
            strokes += [(np.asarray(s, float), _colour(artist), _own(artist)) for s in artist.get_segments()]
    place = {
        "panel": ax.get_title() or ax.get_title("left"),
        "across": ax.get_xlabel(),
        "upwards": ax.get_ylabel(),
    }
    named = _named(ax.yaxis), _named(ax.xaxis)

    def row(mark, x, y, colour, own):
        label = _at(named[0], y) or _at(named[1], x)
        return place | {
            "mark": mark,
            "series": _shown(own) or series.get(colour),
            "row": label,
            "x": x,
            "y": y,
        }

    used = set()
    for x, y, colour, own in dots:
        found = row("seed" if own == SEED else "dot", x, y, colour, own)
        for i, (points, of, label) in enumerate(strokes):
            if own == SEED or label != LIMITS:
                continue
            for axis, (here, across) in enumerate(((x, y), (y, x))):
                least, most = points[:, axis].min(), points[:, axis].max()
                if of == colour and np.allclose(points[:, 1 - axis], across) and least <= here <= most:
                    found |= dict(
                        zip((("x_low", "x_high"), ("y_low", "y_high"))[axis], (least, most), strict=True)
                    )
                    used.add(i)
        rows.append(found)
    for i, (points, colour, own) in enumerate(strokes):
        if i not in used:
            rows += [row("line", x, y, colour, own) for x, y in points]
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            edges, heights = patch.get_data().edges, patch.get_data().values
            for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
                found = row("bar", (low + high) / 2, height, _colour(patch), _own(patch))
                rows.append(found | {"x_low": low, "x_high": high})
        if isinstance(patch, Polygon) and patch.get_transform() == ax.transData:
            rows += [row("line", x, y, _colour(patch), _own(patch)) for x, y in patch.get_xy()]
        if (
            isinstance(patch, Rectangle)
            and patch.get_transform() == patch.get_patch_transform() + ax.transData
        ):
            x, y, width, height = *patch.get_xy(), patch.get_width(), patch.get_height()
            found = row("bar", x + width / 2, y + height / 2, _colour(patch), "")
            rows.append(found | {"x_low": x, "x_high": x + width, "y_low": y, "y_high": y + height})
    return [r for r in rows if np.isfinite([r["x"], r["y"]]).all()]


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
