"""Pictures and bars as HTML that a notebook, a widget and a printed page show alike."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from clipkit.plots.markup import Html

BLUE, ORANGE = "#0072b2", "#d55e00"


def picture(image: np.ndarray, alt: str, width: int = 144) -> str:
    """An <img> of uint8 pixels (h, w, 3), `width` pixels wide on the page."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    data, said = base64.b64encode(file.getvalue()).decode(), escape(alt, quote=True)
    return (
        f'<img src="data:image/png;base64,{data}" alt="{said}" width="{width}" class="dark-light" '
        'style="image-rendering: pixelated; margin: 0">'
    )


def gallery(images: Sequence[np.ndarray], captions: Sequence[str], width: int = 120) -> Html:
    """Pictures side by side, each with its caption; they wrap on a narrow screen."""
    figures = "".join(
        f'<figure style="margin: 0; width: {width}px">{picture(image, caption, width)}'
        f'<figcaption style="font-size: 0.85em">{escape(caption)}</figcaption></figure>'
        for image, caption in zip(images, captions, strict=True)
    )
    return Html(f'<div style="display: flex; flex-wrap: wrap; gap: 0.8em">{figures}</div>')


def bars(values: Mapping[str, float], caption: str, most: int = 5) -> Html:
    """A table of the `most` largest shares, each with a bar as long as it is large."""
    shown = sorted(values.items(), key=lambda item: -item[1])[:most]
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left; font-weight: 400">{escape(name)}</th>'
        f'<td style="text-align: right">{value:.2f}</td><td style="min-width: 8em; text-align: left">'
        f'<div aria-hidden="true" style="background: {BLUE}; height: 0.8em; width: {100 * value:.0f}%"></div></td></tr>'
        for name, value in shown
    )
    head = '<tr><th scope="col">class</th><th scope="col">probability</th><th scope="col">as a bar</th></tr>'
    return Html(
        f'<table><caption style="text-align: left">{escape(caption)}</caption><thead>{head}</thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def beside(*parts: str) -> Html:
    """Pieces of HTML side by side, below each other where the screen is narrow."""
    items = "".join(f'<div style="max-width: 100%">{part}</div>' for part in parts)
    return Html(
        f'<div style="display: flex; flex-wrap: wrap; gap: 1.2em; align-items: flex-start">{items}</div>'
    )
