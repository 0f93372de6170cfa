"""A figure laid out by the pixel, for small pictures: each of their pixels is a square of whole pixels."""

from collections.abc import Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import PlaceHolderLayoutEngine

GAP = 6
LINE = 34  # height of a line of words
_DPI = 100
_INK = "#222222"


class Page:
    """A figure of exactly `width` × `height` pixels; pictures and words are put on it by pixel coordinates."""

    def __init__(self, width: int, height: int):
        self.canvas = np.full((height, width, 3), 255, np.uint8)
        self.figure = plt.figure(
            figsize=(width / _DPI, height / _DPI), dpi=_DPI, layout=PlaceHolderLayoutEngine(True, True)
        )
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        extent = (0, width, height, 0)
        self._shown = self.axes.imshow(self.canvas, extent=extent, interpolation="nearest", aspect="auto")

    def picture(self, image: np.ndarray, x: int, y: int, scale: int) -> None:
        """Put a uint8 image (h, w, 3) with its upper left corner at (x, y), each pixel `scale` pixels wide."""
        large = image.repeat(scale, 0).repeat(scale, 1)
        self.canvas[y : y + large.shape[0], x : x + large.shape[1]] = large
        self._shown.set_data(self.canvas)

    def words(self, text: str, x: float, y: float, **style) -> None:
        """Write `text` at (x, y): by default centred on it; `style` goes to matplotlib's text."""
        style = {"ha": "center", "va": "center", "fontsize": 16, "color": _INK, **style}
        self.axes.text(x, y, text, **style)


def extent(tiles: Sequence[Sequence], scale: int, rows: int = 0, columns: bool = False, names: bool = False):
    """Width and height in pixels that `put_grid` takes for tiles of one size; `rows` is its `margin`."""
    side = _side(tiles, scale)
    height = (side + GAP + LINE * names) * len(tiles) + LINE * columns
    return rows + (side + GAP) * max(map(len, tiles)), height


def put_grid(
    page: Page,
    tiles: Sequence[Sequence[np.ndarray | None]],
    scale: int,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    names: Sequence[Sequence[str]] = (),
    margin: int = 0,
    at: tuple[int, int] = (0, 0),
    fontsize: float = 16,
) -> None:
    """Lay `tiles`, rows of square uint8 images of one size, on the page; None leaves a place empty.

    rows: words in a margin of `margin` pixels to the left; columns: words above; names: words under each.
    """
    side, (left, top) = _side(tiles, scale), at
    write = partial(page.words, fontsize=fontsize)
    for j, word in enumerate(columns):
        write(word, left + margin + j * (side + GAP) + side / 2, top + LINE / 2)
    top += LINE * bool(columns)
    for i, line in enumerate(tiles):
        y = top + i * (side + GAP + LINE * bool(names))
        if rows:
            write(rows[i], left + margin - 14, y + side / 2, ha="right")
        for j, image in enumerate(line):
            x = left + margin + j * (side + GAP)
            if image is not None:
                page.picture(image, x, y, scale)
            if names:
                write(names[i][j], x + side / 2, y + side + LINE / 2)


def grid_page(tiles, scale: int, rows=(), columns=(), names=(), margin: int = 0) -> Page:
    """A page with one grid; the arguments are those of `put_grid`.

    >>> grid_page([[np.zeros((4, 4, 3), np.uint8)] * 2], scale=3).canvas.shape
    (18, 36, 3)
    >>> plt.close()
    """
    page = Page(*extent(tiles, scale, margin, bool(columns), bool(names)))
    put_grid(page, tiles, scale, rows, columns, names, margin)
    return page


def _side(tiles, scale: int) -> int:
    return scale * len(next(image for line in tiles for image in line if image is not None))
