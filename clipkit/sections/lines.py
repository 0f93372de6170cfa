"""Lines through baselines by any of three estimators, on any of three axes: one place for what others do otherwise."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtr, ndtri

from clipkit.errors import BadInput
from clipkit.metrics import fit_line, resampled_lines, validate
from clipkit.metrics.logit import to_logit
from clipkit.registry import did_you_mean

METHODS = ("huber", "theil-sen", "least-squares")
AXES = ("logit", "probit", "linear")
_BLOCK = 500
"""Resamples at a time; bounds memory."""


class Line(NamedTuple):
    """y = intercept + slope · x on `axes`; floats, or (draws,) arrays for one line each resample.

    x_low, x_high: range of the x fitted, as proportions.
    """

    intercept: float | np.ndarray
    slope: float | np.ndarray
    axes: str
    x_low: float
    x_high: float

    def predict(self, x) -> np.ndarray:
        """The line at proportions `x` (any shape, inside (0, 1)), as proportions.

        Many lines are all read at `x` (k,), or each at its own row of (draws, k): (draws, k).
        """
        intercept, slope = (v[:, None] if np.ndim(v) else v for v in (self.intercept, self.slope))
        return from_axes(self.axes, intercept + slope * to_axes(self.axes, x))


def to_axes(axes: str, proportion, n: int | None = None) -> np.ndarray:
    """Proportions on one of `AXES`; with `n` images behind each, clipped to half an image from 0 and 1 first.

    Source: logit, Taori et al. 2020; probit, Miller et al. 2021. The plotting code of WiSE-FT offers both.

    >>> [float(to_axes(axes, 0.75).round(3)) for axes in AXES]
    [1.099, 0.674, 0.75]
    """
    if axes not in AXES:
        raise BadInput(f"axes {axes!r} are unknown", did_you_mean(axes, AXES))
    if axes == "linear":
        return validate.proportions("proportion", proportion).astype(float)
    on_logit = to_logit("proportion", proportion, n)
    return on_logit if axes == "logit" else ndtri(expit(on_logit))


def from_axes(axes: str, value) -> np.ndarray:
    """The inverse of `to_axes`. A line on linear axes may leave [0, 1]."""
    return {"logit": expit, "probit": ndtr, "linear": np.asarray}[axes](value)


def fit(x, y, method: str = "huber", axes: str = "logit", n: int | None = None) -> Line:
    """The line through baselines (m,); arguments and errors as `clipkit.metrics.fit_line`.

    method: one of `METHODS`, of which "least-squares" is not robust.

    >>> line = fit([0.2, 0.4, 0.6], [0.1, 0.2, 0.3], "least-squares", "linear")
    >>> round(line.slope, 6), line.predict([0.8]).round(6).tolist()
    (0.5, [0.4])
    """
    if method == "least-squares":
        slope, intercept = np.polyfit(*_points(x, y, axes, n), 1)
    else:
        x_as, y_as, n_as = _as_logits(x, y, axes, n)
        found = fit_line(x_as, y_as, method, n_as)
        intercept, slope = found.intercept, found.slope
    return Line(float(intercept), float(slope), axes, float(np.min(x)), float(np.max(x)))


def fit_resampled(x, y, counts, method: str = "huber", axes: str = "logit", n: int | None = None) -> Line:
    """`fit` on each resample: counts (draws, m) says how often each baseline occurs."""
    if method == "huber":
        x_as, y_as, n_as = _as_logits(x, y, axes, n)
        found = resampled_lines(x_as, y_as, counts, n_as)
        intercept, slope = found.intercept, found.slope
    else:
        each = {"theil-sen": _theil_sen, "least-squares": _least_squares}[method]
        points, blocks = _points(x, y, axes, n), _blocks(np.asarray(counts))
        intercept, slope = np.concatenate([each(*points, rows) for rows in blocks], axis=1)
    return Line(intercept, slope, axes, float(np.min(x)), float(np.max(x)))


def share_removed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The share of effective robustness that is gone; zero where there was none to remove.

    before, after: of one shape and unit. 1: all is gone; below 0: there is more than before.

    >>> share_removed(np.array([5.0, 4.0, -1.0]), np.array([1.0, 6.0, -3.0]))
    array([ 0.8, -0.5,  0. ])
    """
    there = before > 0
    return np.where(there, 1 - after / np.where(there, before, 1.0), 0.0)


def _points(x, y, axes: str, n: int | None) -> tuple[np.ndarray, np.ndarray]:
    return to_axes(axes, np.asarray(x, float), n), to_axes(axes, np.asarray(y, float), n)


def _as_logits(x, y, axes: str, n: int | None) -> tuple:
    """x, y and n for estimators that know logits alone: proportions whose logits are the points on `axes`."""
    return (x, y, n) if axes == "logit" else (*(expit(v) for v in _points(x, y, axes, n)), None)


def _blocks(counts: np.ndarray) -> Iterator[np.ndarray]:
    return (counts[start : start + _BLOCK] for start in range(0, len(counts), _BLOCK))


def _least_squares(u, v, counts) -> tuple[np.ndarray, np.ndarray]:
    share = counts / counts.sum(axis=1, keepdims=True)
    u_mean, v_mean = share @ u, share @ v
    slope = (share @ (u * v) - u_mean * v_mean) / (share @ u**2 - u_mean**2)
    return v_mean - slope * u_mean, slope


def _theil_sen(u, v, counts) -> tuple[np.ndarray, np.ndarray]:
    i, j = np.triu_indices(len(u), 1)
    i, j = i[u[i] != u[j]], j[u[i] != u[j]]
    slopes = (v[j] - v[i]) / (u[j] - u[i])
    slope = _medians(np.broadcast_to(slopes, (len(counts), len(slopes))), counts[:, i] * counts[:, j])
    return _medians(v - slope[:, None] * u, counts), slope


def _medians(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Median of each row (draws, k), every value repeated by its count."""
    order = np.argsort(values, axis=1)
    values, up_to = (np.take_along_axis(a, order, axis=1) for a in (values, counts))
    up_to = up_to.cumsum(axis=1)
    size = up_to[:, -1:]
    # The (size + 1) // 2-th and the size // 2 + 1-th value, the same one where the number is odd.
    middle = [(up_to >= rank).argmax(axis=1)[:, None] for rank in ((size + 1) // 2, size // 2 + 1)]
    return np.mean([np.take_along_axis(values, m, axis=1)[:, 0] for m in middle], axis=0)
