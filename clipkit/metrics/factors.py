"""Accuracy on the images that people marked with a visual factor (pose, background …); error ratio."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate


def factor_accuracy(correct, factors) -> np.ndarray:
    """Mean of `correct` over the images that carry each factor: (F,), in [0, 1]; higher is better.

    correct: (n,) bool, or expected values in [0, 1]; factors: (n, F) bool, several may be set per image.
    A factor that no image carries gets NaN: there is nothing to average, and 0 would read as "always wrong".
    Source: ImageNet-X (Idrissi et al. 2022), `imagenet_x.get_factor_accuracies` with class errors.

    >>> factor_accuracy([True, False, True], [[1, 0, 0], [1, 0, 0], [0, 1, 0]])
    array([0.5, 1. , nan])
    """
    correct = validate.array("correct", validate.proportions("correct", correct), ndim=1)
    factors = validate.array("factors", factors, ndim=2)
    validate.same_length(correct=correct, factors=factors)
    if not np.isin(factors, (0, 1)).all():
        raise BadInput("factors holds values other than 0 and 1", "pass one bool per image and factor")
    count = factors.sum(axis=0)
    right = correct.astype(np.float64) @ factors
    return np.divide(right, count, out=np.full(len(count), np.nan), where=count > 0)


def error_ratio(factor_accuracy, average) -> np.ndarray:
    """How many times the average error a factor's error is: (1 - accuracy_f) / (1 - average).

    factor_accuracy: any shape, in [0, 1], NaN allowed and kept; average: broadcasts against it, the accuracy
    over **all** annotated images (ImageNet-X: prototypes removed), not the mean of the factor accuracies.
    In [0, inf): 1 is as hard as the average, **lower is better**; NaN where the average model makes no error.
    A ratio of errors rewards inaccurate models (its denominator grows), so compare models of like accuracy
    or use `effective_robustness`. Source: ImageNet-X (Idrissi et al. 2022), `imagenet_x.error_ratio`.

    >>> error_ratio([0.5, 0.9], average=0.75)
    array([2. , 0.4])
    """
    factor_accuracy = np.asarray(factor_accuracy, dtype=np.float64)
    known = ~np.isnan(factor_accuracy)
    validate.proportions("factor_accuracy", np.where(known, factor_accuracy, 0.0))
    errors = 1 - factor_accuracy
    average_error = np.broadcast_to(1 - validate.proportions("average", average), errors.shape)
    return np.divide(errors, average_error, out=np.full(errors.shape, np.nan), where=average_error > 0)
