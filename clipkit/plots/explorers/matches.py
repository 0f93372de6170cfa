"""Matches: points of one view, where they are in the other, and where two models find them."""

from collections.abc import Mapping

import numpy as np

from clipkit.models import load
from clipkit.plots.correspondence import dense_maps, match_errors, views
from clipkit.plots.explorers.shell import Choice, Slider, explorer, picture_uri
from clipkit.plots.ledger import Html
from clipkit.sections.measure.correspondence import SETS, match
from clipkit.sections.pocket.correspondence import KINDS

POINTS = 40
"""At most so many points of a pair are shown, evenly spread over those that are asked for."""
PAIRS = {"view-pairs": 90, "scene-pairs": 90, "part-pairs": 90}
"""Set → the pair of its test draw that is shown, unless another is asked for."""
RULES = {
    "view-pairs": ("units of the world", "Right: less than {} units of the world off."),
    "scene-pairs": ("pixels", "Right: less than {} of 48 pixels off."),
    "part-pairs": (
        "sides of the object",
        "Right: less than {} of the longer side of the object’s bounding box off.",
    ),
}
"""Set → the unit of errors, and what counts as right."""
_FINE = 144  # pixels of the pictures shown; models see 48


def matches(pairs: Mapping[str, int], models: tuple[str, str] = ("resnet-wild-s0", "vit-wild-s0")) -> Html:
    """One pair of views of each set, and matches by two models; `pairs` (set → number) are shown instead of `PAIRS`.

    Every point is matched here; for the score of a set only the surest count, and the others are marked.
    """
    shown = [pair_data(dataset, pair, models) for dataset, pair in (PAIRS | dict(pairs)).items()]
    controls = [Choice("pair", "Views", [pair["name"] for pair in shown]), Slider("point", "Point", POINTS)]
    return explorer("matches", "Points in two views", controls, {"models": list(models), "pairs": shown})


def pair_data(dataset: str, pair: int, models: tuple[str, str]) -> dict:
    """What is shown of one pair: both pictures, and for each point its places in thousandths of a picture's side.

    A point has its place in the first view (at) and in the second (truth), and for each model where it is found (at),
    how far off (error), whether that is right, and whether it is among the model's surest (kept).
    """
    images, large, truth = views(dataset, pair, _FINE)
    asked, (unit, rule) = SETS[dataset], RULES[dataset]
    threshold = asked.thresholds[asked.headline][1]
    chosen = np.unique(np.linspace(0, len(truth.query) - 1, POINTS).astype(int))
    found = []
    for name in models:
        maps = dense_maps(load(name), images)
        every, surest = match(*maps, truth), match(*maps, truth, asked.kept)
        errors = match_errors(truth, every.query, every.candidate, asked)
        found.append(
            [
                {
                    "at": _thousandths(truth.candidates[every.candidate[i]]),
                    "error": round(float(errors[i]), 3),
                    "right": bool(errors[i] < threshold),
                    "kept": bool(i in surest.query),
                }
                for i in chosen
            ]
        )
    return {
        "name": KINDS[dataset],
        "unit": unit,
        "rule": rule.format(threshold),
        "views": [picture_uri(image) for image in large],
        "points": [
            {
                "at": _thousandths(truth.query[i]),
                "truth": _thousandths(truth.target[i]),
                "found": list(of_models),
            }
            for i, of_models in zip(chosen, zip(*found, strict=True), strict=True)
        ],
    }


def _thousandths(point: np.ndarray) -> list[int]:
    return np.rint(1000 * point).astype(int).tolist()
