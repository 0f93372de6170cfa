"""Correlation of two accuracies across models."""

from typing import NamedTuple

import numpy as np
from scipy.stats import pearsonr, spearmanr

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.logit import to_logit


class Correlation(NamedTuple):
    """pearson and spearman in [-1, 1], r2 = pearson squared, n models; NaN if x or y is constant."""

    pearson: float
    spearman: float
    r2: float
    n: int


def correlation(x, y, axes: str = "logit", n_images: int | None = None) -> Correlation:
    """Pearson and Spearman correlation of x (n,) and y (n,).

    axes: "logit" takes proportions to the logit axis first (they must then lie in [0, 1], and strictly inside
    unless `n_images` is given, which clips to half an image from the ends); "linear" takes any numbers.
    Spearman is the same on both, except where clipping makes ties. Raises BadInput for fewer than 3 models.

    >>> correlation([0.2, 0.5, 0.8], [0.1, 0.5, 0.9])
    Correlation(pearson=1.0, spearman=1.0, r2=1.0, n=3)
    """
    x, y = validate.array("x", x, ndim=1), validate.array("y", y, ndim=1)
    validate.same_length(x=x, y=y)
    if len(x) < 3:
        raise BadInput(f"{len(x)} models have no meaningful correlation", "pass at least 3")
    if axes == "logit":
        x, y = to_logit("x", x, n_images), to_logit("y", y, n_images)
    elif axes != "linear":
        raise BadInput(f"axes {axes!r} is unknown", "use logit or linear")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(float("nan"), float("nan"), float("nan"), len(x))
    pearson, spearman = float(pearsonr(x, y).statistic), float(spearmanr(x, y).statistic)
    return Correlation(pearson, spearman, pearson**2, len(x))
