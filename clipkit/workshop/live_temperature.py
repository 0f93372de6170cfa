"""Slide the temperature and watch the reliability diagram and the calibration error."""

from html import escape
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import (
    ReliabilityTable,
    accuracy,
    expected_calibration_error,
    negative_log_likelihood_from_logits,
    reliability_table,
    softmax,
)
from clipkit.plots.markup import Html
from clipkit.workshop import data
from clipkit.workshop.diagrams import reliability_svg
from clipkit.workshop.explorer import Explorer
from clipkit.workshop.pictures import beside

BINS = 10


class Calibrated(NamedTuple):
    """Accuracy, mean confidence and ECE in [0, 1], negative log-likelihood in nats, and the bins, at a temperature."""

    accuracy: float
    confidence: float
    ece: float
    nll: float
    bins: ReliabilityTable


def calibrated(logits: np.ndarray, labels: np.ndarray, temperature: float) -> Calibrated:
    """What dividing the logits (n, classes) by `temperature` does. Raises BadInput unless temperature > 0."""
    if not temperature > 0:
        raise BadInput(f"A temperature of {temperature:g} cannot be.", "Choose a number above 0.")
    p = softmax(logits, temperature)
    return Calibrated(
        accuracy(p.argmax(1), labels),
        float(p.max(1).mean()),
        expected_calibration_error(p, labels, BINS),
        negative_log_likelihood_from_logits(logits, labels, temperature),
        reliability_table(p, labels, BINS),
    )


def reliability(found: Calibrated, title: str) -> Html:
    """The reliability diagram as a picture, with the numbers beside it, and the bins as a table to unfold."""
    rows = "".join(
        f"<tr><td>{low:.1f} to {high:.1f}</td><td>{n}</td><td>{c:.2f}</td><td>{a:.2f}</td></tr>"
        for low, high, n, c, a in zip(*found.bins, strict=True)
        if n
    )
    return beside(
        reliability_svg(found.bins, f"Reliability diagram of {title}; the table beside it has its numbers."),
        f"<p>{escape(title)}</p><p>accuracy {found.accuracy:.3f}<br>mean confidence {found.confidence:.3f}<br>"
        f"ECE {found.ece:.3f}<br>negative log-likelihood {found.nll:.3f}</p>"
        "<details><summary>The bins as a table</summary><table><thead><tr><th>confidence</th><th>pictures</th>"
        f"<th>mean confidence</th><th>accuracy</th></tr></thead><tbody>{rows}</tbody></table></details>",
    )


def page(temperature: float = 1.0, model: str = data.MODELS[0], name: str = "wild") -> Html:
    """What the explorer shows for the values of its controls."""
    found = calibrated(data.logits(model, name), data.labels(name), temperature)
    return reliability(found, f"{model} on {name} pictures, T = {temperature:.2f}")


def explore(model: str = "resnet-studio-s0", name: str = "wild") -> Explorer:
    """A slider for the temperature, with the reliability diagram of one model on one set."""
    import ipywidgets as w

    data.warm(("wild", "studio"))
    controls = {
        "temperature": w.FloatLogSlider(1.0, base=10, min=-1, max=1, step=0.02, description="T"),
        "model": w.Dropdown(options=data.MODELS, value=model, description="model"),
        "name": w.Dropdown(options=("wild", "studio"), value=name, description="pictures"),
    }
    controls["temperature"].continuous_update = False
    return Explorer(controls, page)
