"""Sizes of figures: known before they load, so that nothing moves; and never so small that letters are lost."""

import re
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

LETTERS = 9
"""As small as the letters of a figure may get, in CSS pixels. On a narrower screen the figure scrolls instead."""

_FIGURE = re.compile(r'<figure class="align-default"(?P<id>[^>]*)>\s*<img (?P<image>[^>]*?)\s*/?>')
_FONT = re.compile(r"\bfont(?:-size)?: (?:[a-z\d]+ )*?([\d.]+)px")
_PIXELS_A_POINT = 96 / 72
_PICTURE_LETTERS = 22  # what `plots.pixel_page` writes, 16 points at 100 dpi; a PNG cannot be asked


def give_sizes(page: str, folder: Path) -> str:
    """`page` (HTML that lies in `folder`), its figures with width, height, and the width they need to be read.

    `--needed` is for the style sheet; the class `output` makes the theme put a figure that scrolls into the
    tab order.
    """

    def sized(match: re.Match) -> str:
        source = re.search(r'src="([^"]+)"', match["image"])[1]
        width, height, letters = measure(folder / unquote(source))
        needed = round(width * min(1, LETTERS / letters))
        return (
            f'<figure class="align-default output"{match["id"]} style="--needed: {needed}px">\n'
            f'<img {match["image"]} width="{round(width)}" height="{round(height)}" />'
        )

    return _FIGURE.sub(sized, page)


def measure(path: Path) -> tuple[float, float, float]:
    """Width, height and smallest letters of the figure at `path`, in CSS pixels."""
    if path.suffix != ".svg":
        with Image.open(path) as picture:
            return *picture.size, _PICTURE_LETTERS
    text = path.read_text(encoding="utf-8")
    head = text[text.index("<svg") :].partition(">")[0]
    width, height = (float(re.search(rf'\b{side}="([\d.]+)pt"', head)[1]) for side in ("width", "height"))
    letters = min(map(float, _FONT.findall(text)), default=LETTERS)
    return width * _PIXELS_A_POINT, height * _PIXELS_A_POINT, letters * _PIXELS_A_POINT
