"""The fitted temperature on each bootstrap resample, without fitting it anew."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.resampled import resampled_mean
from clipkit.metrics.temperature import softmax


def resampled_temperature(
    counts, logits, target, temperature: float, low: float = 0.01, high: float = 10.0
) -> np.ndarray:
    """`fit_temperature` on each resample, one step from the fit of the data. (draws,) in [low, high].

    counts (draws, n); logits (n, n_classes) and target (n,) as given to `fit_temperature`, and `temperature`
    what it returned. The step goes to the root of the likelihood's derivative in 1/T, expanded to second order;
    it misses the fit of a resample by little against how resamples differ. Raises BadInput where shapes do not fit.
    Source: one-step bootstrap of an M-estimator, Shao & Tu 1995, The Jackknife and Bootstrap.

    >>> logits, target = [[2 * np.log(3), 0.0]] * 4, [0, 0, 0, 1]
    >>> resampled_temperature([[1, 1, 1, 1], [2, 1, 0, 1]], logits, target, 2.0).round(6)
    array([2., 2.])
    """
    logits = validate.array("logits", logits, ndim=2).astype(np.float64)
    target = validate.class_labels("target", target, logits.shape[1])
    validate.same_length(logits=logits, target=target)
    below = logits - logits.max(axis=1, keepdims=True)
    if not below.any():
        raise BadInput("the logits are constant in every row", "no temperature is best: check the model")
    p = softmax(below, temperature)
    expected = (p * below).sum(axis=1)
    slope = expected - below[np.arange(len(target)), target]
    curvature = (p * below**2).sum(axis=1) - expected**2
    skewness = (p * (below - expected[:, None]) ** 3).sum(axis=1)
    first, second, third = resampled_mean(counts, np.stack([slope, curvature, skewness], axis=1)).T
    # The smaller root of first + second·x + third·x²/2; where there is none, the point nearest to one.
    root = np.sqrt(np.maximum(second**2 - 2 * third * first, 0))
    inverse = 1 / temperature - 2 * first / np.maximum(second + root, np.finfo(float).tiny)
    return 1 / np.clip(inverse, 1 / high, 1 / low)
