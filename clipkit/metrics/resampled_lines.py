"""Huber lines through thousands of resamples of one set of baselines at once."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.logit import to_logit
from clipkit.metrics.robustness import EPSILON, points

TOLERANCE = 1e-9
MAX_ITERATIONS = 500


class ResampledLines(NamedTuple):
    """logit(y) = intercept + slope * logit(x), one line for each resample; both (draws,)."""

    intercept: np.ndarray
    slope: np.ndarray

    def predict(self, x) -> np.ndarray:
        """All lines at proportions `x`, (k,) for all alike or (draws, k) each its own; (draws, k) proportions."""
        return expit(self.intercept[:, None] + self.slope[:, None] * to_logit("x", x))


def resampled_lines(x, y, counts, n: int | None = None) -> ResampledLines:
    """Intercept and slope, on logit axes, of the Huber line through each resample of the models.

    x, y: (m,) proportions as in `fit_line`; n likewise. counts: (draws, m), how often each model occurs in
    each resample, such as bootstrap counts. All lines solve the problem that
    `fit_line(method="huber")` solves one at a time, line and scale together (Huber & Ronchetti 2009, section
    7.7), by alternating between weighted least squares and the scale that the residuals imply.
    Raises BadInput for counts of another shape, a resample with fewer than 3 distinct models or with constant
    x, and if a line does not settle.

    >>> intercepts, slopes = resampled_lines([0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8], [[1, 1, 1, 1], [2, 0, 1, 1]])
    >>> slopes.round(6).tolist()
    [1.0, 1.0]
    """
    u, v = points("x", x, n), points("y", y, n)
    validate.same_length(x=u, y=v)
    counts = np.asarray(counts, float)
    if counts.ndim != 2 or counts.shape[1] != len(u):
        raise BadInput(f"counts have shape {counts.shape}, there are {len(u)} models", "give (draws, models)")
    if ((counts > 0).sum(axis=1) < 3).any():
        raise BadInput("a resample holds fewer than 3 distinct models", "use more baselines")
    weights = np.ones_like(counts)
    previous = None
    for _ in range(MAX_ITERATIONS):
        intercept, slope = _least_squares(u, v, counts * weights)
        residual = np.abs(v - intercept[:, None] - slope[:, None] * u)
        scale = _scale(residual, counts, weights)
        settled = previous is not None and np.max(np.abs(np.stack([intercept, slope]) - previous)) < TOLERANCE
        if settled:
            return ResampledLines(intercept, slope)
        previous = np.stack([intercept, slope])
        # A perfect line has no residuals to weigh.
        bound = EPSILON * np.maximum(scale, np.finfo(float).tiny)[:, None]
        weights = np.minimum(1.0, bound / np.maximum(residual, bound))
    raise BadInput(
        f"a line did not settle in {MAX_ITERATIONS} steps",
        "look at the baselines: x or y may be nearly constant",
    )


def _least_squares(u, v, weights) -> tuple[np.ndarray, np.ndarray]:
    total = weights.sum(axis=1)
    u_mean, v_mean = weights @ u / total, weights @ v / total
    variance = weights @ u**2 / total - u_mean**2
    if (variance <= 1e-12 * (1 + u_mean**2)).any():
        raise BadInput("x is constant in a resample", "use baselines of different accuracy")
    slope = (weights @ (u * v) / total - u_mean * v_mean) / variance
    return v_mean - slope * u_mean, slope


def _scale(residual, counts, weights) -> np.ndarray:
    """The scale at which squared residuals, those beyond the bound counted as epsilon², average one."""
    inside = weights >= 1.0
    left = (counts * ~inside).sum(axis=1) * EPSILON**2
    return np.sqrt((counts * inside * residual**2).sum(axis=1) / np.maximum(counts.sum(axis=1) - left, 1.0))
