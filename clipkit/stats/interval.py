"""An estimate with its interval, and the two bootstrap intervals: percentile and BCa."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

Number = float | np.ndarray

# Draws this close to the estimate, relative to the largest draw, are ties: rounding must not order them.
TIE = 1e-12


class Interval(NamedTuple):
    """An estimate and its two-sided interval.

    `value`, `low` and `high` are floats, or arrays of one shape for many estimators at once, in the unit of
    the estimator. `level` is the nominal coverage (0.95). `draws` is the number of bootstrap draws used, 0
    for a formula. `n` counts rows (images), `n_clusters` the independent units among them; they are equal
    where nothing is clustered.

    >>> print(Interval(0.56, 0.512, 0.604, 0.95, "bca", 10_000, 600, 600))
    0.560 [0.512, 0.604]
    """

    value: Number
    low: Number
    high: Number
    level: float
    method: str
    draws: int
    n: int
    n_clusters: int

    def __str__(self) -> str:
        bounds = np.broadcast_arrays(self.value, self.low, self.high)
        return "\n".join(_text(*three) for three in zip(*(np.ravel(b) for b in bounds), strict=True))


def percentile_limits(draws: np.ndarray, level: float = 0.95) -> tuple[Number, Number]:
    """Equal-tailed quantiles of bootstrap draws; first-order accurate, range-preserving.

    draws: (B,) or (B, m), one column per estimator. Returns low and high, each () or (m,).
    Source: Efron & Tibshirani (1993), chapter 13. Quantiles interpolate linearly, as numpy's and scipy's do.

    >>> low, high = percentile_limits(np.arange(101.0), level=0.90)
    >>> round(float(low), 9), round(float(high), 9)
    (5.0, 95.0)
    """
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high


def bca_limits(
    draws: np.ndarray, value: Number, acceleration: Number, level: float = 0.95
) -> tuple[Number, Number]:
    """Bias-corrected and accelerated limits: quantiles of the draws moved for median bias and skewness.

    draws: (B,) or (B, m); value and acceleration: () or (m,). Returns low and high, each () or (m,).
    Source: Efron (1987), doi:10.1080/01621459.1987.10478410; draws equal to the estimate count half, as in
    `scipy.stats.bootstrap`. Unlike scipy, limits stay finite: where all draws lie on one side of the
    estimate, half a draw is put on the other, and where the acceleration would turn the scale around, the
    limit is the most extreme draw.

    >>> low, high = bca_limits(np.arange(101.0), value=50.0, acceleration=0.0, level=0.90)
    >>> round(float(low), 9), round(float(high), 9)
    (5.0, 95.0)
    """
    ordered = np.sort(draws, axis=0)
    count = len(ordered)
    tie = TIE * np.maximum(np.abs(ordered[0]), np.abs(ordered[-1]))
    below = ((ordered < value - tie).mean(axis=0) + (ordered <= value + tie).mean(axis=0)) / 2
    bias = ndtri(np.clip(below, 0.5 / count, 1 - 0.5 / count))
    tail = (1 - level) / 2

    def limit(probability):
        shifted = bias + ndtri(probability)
        room = np.maximum(1 - acceleration * shifted, np.finfo(float).tiny)
        with np.errstate(over="ignore"):
            rank = ndtr(bias + shifted / room) * (count - 1)
        return _at_rank(ordered, rank)

    return limit(tail), limit(1 - tail)


def jackknife_acceleration(jackknife: np.ndarray, strata: np.ndarray | None = None) -> Number:
    """The BCa acceleration: one sixth of the skewness of the leave-one-out estimates, with its sign turned.

    jackknife: (k,) or (k, m), the estimate without unit i in row i; strata: (k,) stratum of each unit where
    strata were resampled separately. Zero where leaving a unit out changes nothing. Returns () or (m,).
    Source: Efron & Tibshirani (1993), equations 14.15 and, for several samples, 15.36.

    >>> float(jackknife_acceleration(np.array([1.0, 2.0, 3.0])))
    0.0
    """
    jackknife = np.asarray(jackknife, dtype=float)
    strata = np.zeros(len(jackknife), int) if strata is None else strata
    cubes = squares = 0.0
    for stratum in np.unique(strata):
        without = jackknife[strata == stratum]
        size = len(without)
        influence = (size - 1) * (without.mean(axis=0) - without)
        cubes = cubes + (influence**3).sum(axis=0) / size**3
        squares = squares + (influence**2).sum(axis=0) / size**2
    still = squares == 0
    return np.where(still, 0.0, cubes / np.where(still, 1.0, 6 * squares**1.5))


def _at_rank(ordered: np.ndarray, rank: Number) -> Number:
    lower = np.floor(rank).astype(int)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    if ordered.ndim == 1:
        start, stop = ordered[lower], ordered[upper]
    else:
        columns = np.arange(ordered.shape[1])
        start, stop = ordered[lower, columns], ordered[upper, columns]
    return start + (rank - lower) * (stop - start)


def _text(value: float, low: float, high: float) -> str:
    width = high - low
    decimals = 3
    if np.isfinite(width) and width > 0:
        # Two significant digits of the width, and never fewer than three decimals.
        decimals = min(max(3, 1 - int(np.floor(np.log10(width)))), 12)
    return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"
