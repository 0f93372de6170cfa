"""Proportions on the logit axis, on which accuracies under shift are close to linear."""

import numpy as np
from scipy.special import logit

from clipkit.errors import BadInput
from clipkit.metrics import validate


def to_logit(name: str, proportion, n: int | None = None) -> np.ndarray:
    """ln(p / (1 - p)) of proportions of any shape.

    With `n`, the number of images behind each proportion, p is first clipped to [1/(2n), 1 - 1/(2n)], half an
    image from the ends. Raises BadInput for exactly 0 or 1 if `n` is not given.

    >>> to_logit("accuracy", [0.5, 1.0], n=50).round(4)
    array([0.    , 4.5951])
    """
    proportion = validate.proportions(name, proportion).astype(np.float64)
    if n is not None:
        edge = 1 / (2 * validate.positive_integer("n", n))
        proportion = np.clip(proportion, edge, 1 - edge)
    at_end = (proportion == 0) | (proportion == 1)
    if at_end.any():
        raise BadInput(
            f"{name} holds {proportion[at_end].flat[0]:.0f}, whose logit is infinite",
            "pass n, the number of images, to clip to half an image from 0 and 1",
        )
    return logit(proportion)
