"""The parts that every explorer has: controls, a view, what is seen in words and in a table, and the data."""

import base64
import json
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from clipkit.errors import UnknownName
from clipkit.plots.ledger import Html
from clipkit.registry import did_you_mean

SCRIPTS = "explore"
"""The folder of the explorers' scripts in book/_static: base.js, and one by the name of each explorer."""


class Choice(NamedTuple):
    """A list from which the reader picks one of `options`; `chosen` is picked at first."""

    name: str
    label: str
    options: Sequence[str]
    chosen: str = ""


class Slider(NamedTuple):
    """A slider over so many stops, moved by pointer or arrow keys; it begins at the stop `at`."""

    name: str
    label: str
    stops: int
    at: int = 0


def explorer(
    name: str, title: str, controls: Sequence[Choice | Slider], data: dict, *, kind: str = ""
) -> Html:
    """An explorer as HTML; its script, {kind}.js, finds in `data` what it shows.

    name: the id of the explorer on its page, and its kind where that is not given. title: what the explorer is called,
    for those who cannot see it. In live notebooks, where the script is missing, a sentence says so. Raises UnknownName
    if a choice begins with what is not among its options.
    """
    # "</" would end the script element early wherever it stood in the data.
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    called = escape(title, quote=True)
    return Html(
        f'<div class="explorer" data-explorer="{kind or name}" id="{name}" role="group" aria-label="{called}">'
        f'<div class="explorer-controls">{"".join(map(_control, controls))}</div>'
        '<div class="explorer-legend"></div>'
        '<div class="explorer-view"><p>The script of the built book draws here.</p></div>'
        '<div class="explorer-says" aria-live="polite"></div>'
        '<details class="explorer-table"><summary>The same as a table</summary>'
        f'<div class="ledger-scroll" tabindex="0" role="region" aria-label="{called}: table">'
        '<table class="ledger"></table></div></details>'
        f'<script type="application/json">{text}</script></div>'
    )


def _control(control: Choice | Slider) -> str:
    name, label = escape(control.name, quote=True), escape(control.label)
    if isinstance(control, Slider):
        return (
            f'<label>{label} <input type="range" name="{name}" min="0" max="{control.stops - 1}" '
            f'value="{control.at}" autocomplete="off"><span class="explorer-at" aria-hidden="true"></span></label>'
        )
    chosen = control.chosen or control.options[0]
    if chosen not in control.options:
        raise UnknownName(f"{control.label!r} has no {chosen!r}", did_you_mean(chosen, control.options))
    options = "".join(
        f'<option value="{i}"{" selected" * (option == chosen)}>{escape(option)}</option>'
        for i, option in enumerate(control.options)
    )
    return f'<label>{label} <select name="{name}" autocomplete="off">{options}</select></label>'


def picture_uri(image: np.ndarray) -> str:
    """A uint8 image (h, w, 3) as a data: address that keeps each of its pixels (lossless WebP).

    >>> picture_uri(np.zeros((2, 2, 3), np.uint8))[:23]
    'data:image/webp;base64,'
    """
    file = BytesIO()
    Image.fromarray(image).save(file, "WEBP", lossless=True, method=6)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
