"""Two diagrams as SVG text: drawn in a millisecond, in the page's own colours, so that a slider need not wait."""

from html import escape

import numpy as np

from clipkit.metrics import ReliabilityTable
from clipkit.workshop.pictures import BLUE, ORANGE

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 300, 250, 44, 40, 12


def reliability_svg(bins: ReliabilityTable, alt: str) -> str:
    """Accuracy against confidence, a dot as large as its bin is full; orange dots hang below the diagonal."""
    marks = [_line(0, 0, 1, 1, "stroke='currentColor' stroke-opacity='0.5'")]
    for n, confidence, accuracy in zip(bins.count, bins.confidence, bins.accuracy, strict=True):
        if n:
            colour = ORANGE if confidence > accuracy else BLUE
            marks.append(
                _line(confidence, confidence, confidence, accuracy, f"stroke='{colour}' stroke-width='3'")
            )
            x, y = _at(confidence, accuracy)
            marks.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{2 + np.sqrt(n) / 2:.1f}' fill='{colour}'/>")
    ticks = [(v, f"{v:g}") for v in (0, 0.5, 1)]
    return _diagram(marks, alt, "confidence", "accuracy", ticks, ticks)


def histograms_svg(known: np.ndarray, foreign: np.ndarray, threshold: float, name: str, alt: str) -> str:
    """Scores of known (filled) and foreign pictures (outlined), with the threshold as a dashed line; `name` it has."""
    low, high = min(known.min(), foreign.min()), max(known.max(), foreign.max())
    edges = np.linspace(low, high, 31)
    heights = [np.histogram(values, edges)[0] / len(values) for values in (known, foreign)]
    most = max(h.max() for h in heights)
    share = np.linspace(0, 1, 31)
    marks = []
    for h, style in zip(heights, (f"fill='{BLUE}' fill-opacity='0.6'", _OUTLINE), strict=True):
        corners = [
            (share[0], 0),
            *((x, y) for k, v in enumerate(h / most) for x, y in _step(share, k, v)),
            (1, 0),
        ]
        marks.append(
            f"<polygon points='{' '.join('{:.1f},{:.1f}'.format(*_at(x, y)) for x, y in corners)}' {style}/>"
        )
    where = (threshold - low) / (high - low)
    marks.append(_line(where, 0, where, 1, "stroke='currentColor' stroke-width='2' stroke-dasharray='5 4'"))
    return _diagram(marks, alt, name, "share of pictures", [(0, f"{low:.3g}"), (1, f"{high:.3g}")], [])


_OUTLINE = f"fill='none' stroke='{ORANGE}' stroke-width='2'"


def _step(share: np.ndarray, k: int, height: float) -> list[tuple[float, float]]:
    return [(share[k], height), (share[k + 1], height)]


def _at(x: float, y: float) -> tuple[float, float]:
    """Shares of the axes, 0 to 1 each, as a place in the drawing."""
    return _LEFT + x * (_WIDTH - _LEFT - 14), _HEIGHT - _BOTTOM - y * (_HEIGHT - _BOTTOM - _TOP)


def _line(x: float, y: float, to_x: float, to_y: float, style: str) -> str:
    (a, b), (c, d) = _at(x, y), _at(to_x, to_y)
    return f"<line x1='{a:.1f}' y1='{b:.1f}' x2='{c:.1f}' y2='{d:.1f}' {style}/>"


def _diagram(marks: list[str], alt: str, across: str, upwards: str, x_ticks: list, y_ticks: list) -> str:
    turned = f"transform='translate(12 {_at(0, 0.5)[1]:.0f}) rotate(-90)' text-anchor='middle'"
    text = [_text(*_at(0.5, 0), 34, across, "middle"), f"<text {turned}>{escape(upwards)}</text>"]
    text += [_text(*_at(v, 0), 16, label, "middle") for v, label in x_ticks]
    text += [_text(_LEFT - 6, _at(0, v)[1], 4, label, "end") for v, label in y_ticks]
    frame = _line(0, 0, 1, 0, "stroke='currentColor'") + _line(0, 0, 0, 1, "stroke='currentColor'")
    return (
        f"<svg role='img' aria-label='{escape(alt, quote=True)}' viewBox='0 0 {_WIDTH} {_HEIGHT}' "
        f"width='{_WIDTH}' style='max-width: 100%; font-size: 12px; fill: currentColor'>"
        f"{frame}{''.join(marks)}{''.join(text)}</svg>"
    )


def _text(x: float, y: float, below: float, label: str, anchor: str) -> str:
    return f"<text x='{x:.1f}' y='{y + below:.1f}' text-anchor='{anchor}'>{escape(label)}</text>"
