"""Move the threshold that lets pictures in, and see whom it lets in."""

from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput, UnknownName
from clipkit.metrics import auroc, max_logit, mcm
from clipkit.plots.markup import Html
from clipkit.registry import did_you_mean
from clipkit.workshop import data
from clipkit.workshop.diagrams import histograms_svg
from clipkit.workshop.explorer import Explorer
from clipkit.workshop.pictures import beside

SCORES = {"MCM": mcm, "largest cosine": max_logit}
OUTSIDE = ("near-ood", "far-textures")


class Gate(NamedTuple):
    """Shares in [0, 1] of known and of foreign pictures that score at least the threshold, and the AUROC."""

    tpr: float
    fpr: float
    auroc: float


def scores(model: str, name: str, score: str = "MCM") -> np.ndarray:
    """The score of each picture of a set, higher where it looks more like a known class; (n,)."""
    if score not in SCORES:
        raise UnknownName(f"unknown score {score!r}", did_you_mean(score, SCORES))
    return SCORES[score](data.cosines(model, name))


def gate(known: np.ndarray, foreign: np.ndarray, threshold: float) -> Gate:
    """Who passes a threshold: scores (n,) of known and (m,) of foreign pictures. Raises BadInput for NaN.

    >>> gate(np.array([0.9, 0.6]), np.array([0.7, 0.1]), 0.65)
    Gate(tpr=0.5, fpr=0.5, auroc=0.75)
    """
    if not np.isfinite(threshold):
        raise BadInput(f"A threshold of {threshold} cannot be.", "Choose a finite number.")
    return Gate(
        float(np.mean(known >= threshold)), float(np.mean(foreign >= threshold)), auroc(known, foreign)
    )


def page(
    share: float = 95.0, foreign: str = OUTSIDE[0], score: str = "MCM", model: str = data.MODELS[0]
) -> Html:
    """What the explorer shows: `share` per cent of the known *validation* pictures reach the threshold.

    Who is let in is told of the test pictures, as in use, where nobody can ask them beforehand.
    """
    if not 0 <= share <= 100:
        raise BadInput(f"{share:g} per cent of the pictures cannot be.", "Choose a number from 0 to 100.")
    inside, outside = scores(model, "wild", score), scores(model, foreign, score)
    held_out = scores(model, "wild/validation", score)
    threshold = float(np.quantile(held_out, 1 - share / 100, method="lower"))
    found = gate(inside, outside, threshold)
    return beside(
        histograms_svg(
            inside,
            outside,
            threshold,
            score,
            f"Histograms of {score}: known pictures filled, {foreign} outlined; a dashed line at {threshold:.4f}.",
        ),
        "<table><thead><tr><th>pictures</th><th>let in</th></tr></thead><tbody>"
        f"<tr><td>known (TPR)</td><td>{found.tpr:.1%}</td></tr>"
        f"<tr><td>{foreign} (FPR)</td><td>{found.fpr:.1%}</td></tr></tbody></table>"
        f"<p>Threshold {threshold:.4f} (dashed), chosen on validation pictures. AUROC {found.auroc:.3f}: the chance "
        "that a known picture scores above a foreign one.</p>",
    )


def explore(model: str = data.MODELS[0]) -> Explorer:
    """A slider for the share of known pictures let in, with the share of foreign ones that come along."""
    import ipywidgets as w

    data.warm(("wild", "wild/validation", *OUTSIDE))
    controls = {
        "share": w.FloatSlider(95, min=0, max=100, step=1, description="let in (%)", continuous_update=False),
        "foreign": w.Dropdown(options=OUTSIDE, description="foreign"),
        "score": w.Dropdown(options=list(SCORES), description="score"),
        "model": w.Dropdown(options=data.MODELS, value=model, description="model"),
    }
    return Explorer(controls, page)
