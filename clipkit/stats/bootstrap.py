"""The paired (cluster) bootstrap of means: all models are scored on the same resampled images."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.stats.interval import Interval, bca_limits, jackknife_acceleration, percentile_limits
from clipkit.stats.units import Units, check_options, resampled_units, units_of


def bootstrap_mean(
    scores, *, clusters=None, method: str = "bca", draws: int = 10_000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Mean per-image score of one model or of many, with a bootstrap interval.

    scores: (n,) or (n, m): one row per image, one column per model; any finite unit (0/1 for accuracy).
    clusters: (n,) labels; whole clusters are resampled and the mean is the ratio of summed scores to summed
    sizes, so clusters may differ in size. method: "bca" or "percentile". Rows are resampled together for
    all columns (paired). Returns an `Interval` of floats for (n,), of (m,) arrays for (n, m).
    Raises BadInput for non-finite scores, fewer than two units, or unknown options.

    Source: Efron (1987) for BCa; Davison & Hinkley (1997), section 3.8 for clusters. Agrees with
    `scipy.stats.bootstrap(..., method="BCa")` but for Monte-Carlo error.

    Nominal 95 % intervals cover 93 to 97 % from 100 rows on. Few clusters cover less: in simulation
    (`benchmarks/interval_coverage.py`; normal, 1 to 7 rows a cluster, half the variance shared) bca and
    percentile covered 94.4 and 94.7 % with 50 clusters, 90.8 and 91.9 % with 20, 88.6 and 89.3 % with ten,
    81.6 and 81.7 % with five. Constant scores give an interval of no width: use `wilson` for
    proportions near 0 or 1.

    >>> print(bootstrap_mean([1, 1, 0, 1, 1, 0, 1, 1, 1, 1], method="percentile"))
    0.800 [0.500, 1.000]
    """
    check_options(draws, level, method)
    scores, units = _checked(scores, clusters)
    resampled = bootstrap_draws(scores, clusters=clusters, draws=draws, seed=seed)
    value = scores.mean(axis=0)
    if method == "percentile":
        low, high = percentile_limits(resampled, level)
    else:
        low, high = bca_limits(resampled, value, jackknife_acceleration(_leave_one_out(scores, units)), level)
    if scores.ndim == 1:
        value, low, high = float(value), float(low), float(high)
    return Interval(value, low, high, level, method, draws, len(scores), units.count)


def bootstrap_draws(scores, *, clusters=None, draws: int = 10_000, seed: int = 0) -> np.ndarray:
    """The resampled means behind `bootstrap_mean`: (draws,) for scores (n,), (draws, m) for (n, m).

    Row b holds the means of all models on the b-th resample, so ranks, differences and maxima over models
    follow from the same draws. The same seed gives the same draws, whatever the memory block.

    >>> resampled = bootstrap_draws([[1, 0], [1, 1], [0, 0]], draws=1_000)
    >>> resampled.shape, bool((resampled[:, 0] >= resampled[:, 1]).all())
    ((1000, 2), True)
    """
    check_options(draws)
    scores, units = _checked(scores, clusters)
    totals = _totals(scores, units)
    means = np.empty((draws, totals.shape[1]))
    done = 0
    for drawn in resampled_units(seed, units.count, draws):
        b = len(drawn)
        drawn += np.arange(b)[:, None] * units.count
        counts = np.bincount(drawn.ravel(), minlength=b * units.count).reshape(b, units.count).astype(float)
        size = counts @ units.sizes if clusters is not None else float(units.count)
        means[done : done + b] = (counts @ totals) / np.reshape(size, (-1, 1))
        done += b
    return means if scores.ndim == 2 else means[:, 0]


def paired_difference(
    a, b, *, clusters=None, method: str = "bca", draws: int = 10_000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of a − b over the same images, with a bootstrap interval; positive where a scores higher.

    a, b: (n,) or (n, m), row i of both belonging to image i; a (n,) against b (n, m) compares one model with
    many. Other arguments, errors and source as `bootstrap_mean`.

    >>> paired_difference([1, 1, 0, 1], [0, 1, 0, 0], draws=500).value
    0.5
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if len(a) != len(b):
        raise BadInput(f"a has {len(a)} rows and b has {len(b)}", "pair the scores by image first")
    if a.ndim != b.ndim:
        a, b = (x[:, None] if x.ndim == 1 else x for x in (a, b))
    return bootstrap_mean(a - b, clusters=clusters, method=method, draws=draws, level=level, seed=seed)


def _checked(scores, clusters) -> tuple[np.ndarray, Units]:
    scores = np.asarray(scores, dtype=float)
    if scores.ndim not in (1, 2):
        raise BadInput(f"scores have shape {scores.shape}", "give (images,) or (images, models)")
    if not np.isfinite(scores).all():
        row = int(np.argwhere(~np.isfinite(scores))[0, 0])
        raise BadInput(f"scores are not finite at row {row}", "drop that image for all models, or score it")
    return scores, units_of(len(scores), clusters)


def _totals(scores: np.ndarray, units: Units) -> np.ndarray:
    """Summed scores of each unit, (units, m)."""
    order = np.argsort(units.of_row, kind="stable")
    starts = np.cumsum(units.sizes) - units.sizes
    return np.add.reduceat(scores.reshape(len(scores), -1)[order], starts, axis=0)


def _leave_one_out(scores: np.ndarray, units: Units) -> np.ndarray:
    """The mean without unit i, in row i: (units,) or (units, m)."""
    totals = _totals(scores, units)
    sizes = units.sizes[:, None]
    means = (totals.sum(axis=0) - totals) / (len(scores) - sizes)
    return means if scores.ndim == 2 else means[:, 0]
