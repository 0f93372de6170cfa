"""Reliability diagrams of any recipe on any shift, with what chance would make of a calibrated model."""

import numpy as np
import pandas as pd
from scipy.stats import binom

from clipkit.plots.calibration import bins, ece_and_floor
from clipkit.plots.explorers.shell import Choice, Slider, explorer
from clipkit.plots.ledger import Html
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measure.calibration import ALL, DATASETS, SCALED
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.results import zoo_results

PARTS = {"as it is": ALL, "after temperature scaling": SCALED}


def calibrated_band(found: pd.DataFrame, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Between which accuracies (low, high) a calibrated model's bins all lie with a probability of `level`.

    found: n and mean confidence of each of m bins. A bin's limits are binomial quantiles at (1 − level)/(2m): by
    Bonferroni they hold for all bins together. Confidences that differ within a bin only make its accuracy vary
    less. The idea is Bröcker and Smith's (doi:10.1175/WAF993.1), who resample instead.

    >>> calibrated_band(pd.DataFrame({"n": [100], "confidence": [0.5]}))
    (array([0.4]), array([0.6]))
    """
    tail = (1 - level) / (2 * len(found))
    return tuple(binom.ppf(q, found.n, found.confidence) / found.n.to_numpy() for q in (tail, 1 - tail))


def reliability(
    model: str = "resnet-wild-s0", shift: str = "wild", table: MeasuredTable | None = None
) -> Html:
    """Diagrams of the first seed measured of each recipe, of which that of `model` on `shift` is shown at first.

    Raises UnknownName for a model or set that is not among them, MissingData where bins were not kept.
    """
    table = table or zoo_results()
    first = {split_name(name)[0]: name for name in reversed(list(table.said))}
    models = sorted({*first.values(), model} & set(table.said))
    diagrams = [
        [[_diagram(bins(table, name, dataset, part)) for part in PARTS.values()] for dataset in DATASETS]
        for name in models
    ]
    controls = [
        Choice("model", "Model", models, model),
        Choice("shift", "Images", DATASETS, shift),
        Choice("part", "Confidences", list(PARTS)),
        Slider("bin", "Bin", 15),
    ]
    data = {"models": models, "shifts": DATASETS, "parts": list(PARTS), "diagrams": diagrams}
    return explorer("reliability", "Reliability of any recipe", controls, data)


def _diagram(found: pd.DataFrame) -> dict:
    """Rows of n, and in thousandths confidence, accuracy and band; the plain ECE and that of chance, as fractions."""
    ece, floor = ece_and_floor(found)
    shares = np.column_stack([found.confidence, found.accuracy, *calibrated_band(found)])
    rows = np.column_stack([found.n, np.rint(1000 * shares)]).astype(int)
    return {"bins": rows.tolist(), "ece": round(ece, 4), "floor": round(floor, 4)}
