"""Effective robustness: accuracy under shift beyond what a model's ordinary accuracy predicts."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import theilslopes
from sklearn.linear_model import HuberRegressor

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.logit import to_logit

METHODS = ("huber", "theil-sen")
EPSILON = 1.35
"""Where Huber's loss turns from quadratic to linear, in units of scale: 95 % efficient for normal residuals."""


class RobustLine(NamedTuple):
    """logit(y) = intercept + slope * logit(x), fitted on baselines.

    x_low, x_high: range of the x fitted, as proportions; residual_sd: root of the residual sum of squares
    over n - 2, and r: Pearson correlation of the points, both on logit axes and neither robust.
    """

    intercept: float
    slope: float
    method: str
    x_low: float
    x_high: float
    residual_sd: float
    r: float

    def predict(self, x) -> np.ndarray:
        """The line at proportions `x` (any shape, inside (0, 1)), as proportions."""
        return expit(self.intercept + self.slope * to_logit("x", x))


class EffectiveRobustness(NamedTuple):
    """value: y - line(x) as a **fraction** (0.02 is two percentage points), higher is better;
    extrapolated: True where x lies outside the baselines' range and the line is no evidence. Both like x.
    """

    value: np.ndarray
    extrapolated: np.ndarray


def fit_line(x, y, method: str = "huber", n: int | None = None) -> RobustLine:
    """Robust line through the baselines' accuracies, on logit axes.

    x: (m,) ordinary accuracy, y: (m,) accuracy under shift, proportions in [0, 1]; at least 3 models.
    n: images behind each proportion; clips both to [1/(2n), 1 - 1/(2n)] (give the smaller of the two sets').
    method: "huber" is Huber's M-estimator with joint scale (scikit-learn's HuberRegressor, epsilon 1.35,
    without its default ridge penalty); "theil-sen" is the median of pairwise slopes (scipy), as a check.
    Fit on baselines only: a line through the models under test hides what is asked.
    Raises BadInput for proportions of exactly 0 or 1 without n, fewer than 3 points, or constant x.
    Source: Taori et al. 2020; Miller et al. 2021 for the axes.

    >>> line = fit_line([0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8])
    >>> round(line.intercept, 6) + 0.0, round(line.slope, 6), line.x_low, line.x_high
    (0.0, 1.0, 0.5, 0.8)
    """
    u, v = points("x", x, n), points("y", y, n)
    validate.same_length(x=u, y=v)
    if len(u) < 3:
        raise BadInput(f"a line through {len(u)} points has no residual", "pass at least 3 baselines")
    if np.ptp(u) == 0:
        raise BadInput("x is constant", "a slope needs baselines of different accuracy")
    if method not in METHODS:
        raise BadInput(f"method {method!r} is unknown", f"use {' or '.join(METHODS)}")
    intercept, slope = _huber(u, v) if method == "huber" else _theil_sen(u, v)
    residuals = v - intercept - slope * u
    sd = np.sqrt(np.sum(residuals**2) / (len(u) - 2))
    r = np.corrcoef(u, v)[0, 1] if np.ptp(v) > 0 else float("nan")
    low, high = np.min(x), np.max(x)
    return RobustLine(intercept, slope, method, float(low), float(high), float(sd), float(r))


def effective_robustness(line: RobustLine, x, y) -> EffectiveRobustness:
    """How far models lie above the baselines' line, in accuracy. Arguments like `RobustLine.predict`.

    rho = y - line(x), in (-1, 1). Models outside the line's x-range are flagged, never dropped.
    Source: Taori et al. 2020, eq. 1.

    >>> line = RobustLine(0.0, 1.0, "huber", x_low=0.5, x_high=0.8, residual_sd=0.0, r=1.0)
    >>> rho = effective_robustness(line, [0.6, 0.9], [0.65, 0.8])
    >>> rho.value.round(3).tolist(), rho.extrapolated.tolist()
    ([0.05, -0.1], [False, True])
    """
    x, y = validate.proportions("x", x), validate.proportions("y", y)
    if x.shape != y.shape:
        raise BadInput(f"x has shape {x.shape}, y has shape {y.shape}", "pass one pair per model")
    return EffectiveRobustness(y - line.predict(x), (x < line.x_low) | (x > line.x_high))


def _huber(u: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    if np.ptp(v) == 0:
        return float(v[0]), 0.0
    # Huber's estimate moves with the axes, so standardising changes nothing but the optimiser's convergence.
    (u_mean, u_sd), (v_mean, v_sd) = (u.mean(), u.std()), (v.mean(), v.std())
    fit = HuberRegressor(epsilon=EPSILON, alpha=0.0, max_iter=1000)
    fit.fit(((u - u_mean) / u_sd)[:, None], (v - v_mean) / v_sd)
    slope = fit.coef_[0] * v_sd / u_sd
    return float(v_mean + fit.intercept_ * v_sd - slope * u_mean), float(slope)


def _theil_sen(u: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    # "joint" takes the median of v - slope u; the default, median(v) - slope median(u), is less robust.
    fit = theilslopes(v, u, method="joint")
    return float(fit.intercept), float(fit.slope)


def points(name: str, values, n: int | None) -> np.ndarray:
    return to_logit(name, validate.array(name, values, ndim=1), n)
