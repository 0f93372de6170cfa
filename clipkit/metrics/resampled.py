"""Metrics under bootstrap counts: the value on each resample of the images, all resamples at once.

`counts` (draws, n), whole numbers, says how often image i occurs in each draw, as
`clipkit.stats.shared_counts` gives it; columns of a subset of images serve as well. Every function returns
(draws,) float64: draw by draw the plain metric of the images repeated by their counts. All raise BadInput
for counts of another shape, negative counts, and a draw that holds no image.
"""

from collections.abc import Iterator

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.calibration import calibration_error

# Entries of one block of draws × images: half a megabyte of float64, which a core's own cache holds. Where
# images are many, a few draws all the same, because each block sorts the scores anew.
_BLOCK = 1 << 16
_LEAST_DRAWS = 16


def resampled_mean(counts, scores) -> np.ndarray:
    """Mean score of each resample: (draws,) for scores (n,), (draws, m) for (n, m). Unit that of the scores.

    counts (draws, n); scores finite, one row per image. Accuracy is the mean of 0/1; the negative
    log-likelihood and the Brier score are the means of what each image adds to them.

    >>> resampled_mean([[1, 1, 1], [2, 0, 1]], [3.0, 0.0, 0.0])
    array([1., 2.])
    """
    scores = validate.array("scores", scores, ndim=2 if np.ndim(scores) == 2 else 1)
    counts, sizes = _checked("counts", counts, len(scores))
    means = _sums(counts, scores.reshape(len(scores), -1)) / sizes[:, None]
    return means if scores.ndim == 2 else means[:, 0]


def resampled_ratio(counts, numerator, denominator) -> np.ndarray:
    """Sum of `numerator` over sum of `denominator` on each resample. (draws,), NaN where the latter is 0.

    counts (draws, n); numerator, denominator (n,), finite. Shape bias is the ratio of "decided for the shape"
    to "decided for either cue", each 0 or 1 for each image.

    >>> resampled_ratio([[1, 1, 1], [0, 2, 1], [0, 0, 3]], [1, 0, 0], [1, 1, 0])
    array([0.5, 0. , nan])
    """
    numerator = validate.array("numerator", numerator, ndim=1)
    denominator = validate.array("denominator", denominator, ndim=1)
    validate.same_length(numerator=numerator, denominator=denominator)
    counts, _ = _checked("counts", counts, len(numerator))
    above, below = _sums(counts, np.stack([numerator, denominator], axis=1)).T
    return np.divide(above, below, out=np.full(len(counts), np.nan), where=below != 0)


def resampled_auroc(id_counts, ood_counts, id_scores, ood_scores) -> np.ndarray:
    """`auroc` on each resample, ties counted half. (draws,) in [0, 1]; **higher is better.**

    id_counts (draws, n), ood_counts (draws, m), id_scores (n,), ood_scores (m,), higher = more ID. ID and OOD
    images are resampled apart, so both keep their number.

    >>> resampled_auroc([[1, 1], [2, 0]], [[1, 1], [1, 1]], [0.9, 0.4], [0.4, 0.1])
    array([0.875, 1.   ])
    """
    id_scores, id_counts, id_sizes = _scored("id", id_scores, id_counts)
    ood_scores, ood_counts, ood_sizes = _scored("ood", ood_scores, ood_counts)
    _same_draws(id_counts, ood_counts)
    wins = np.empty(len(id_counts))
    for rows in _blocks(len(wins), len(id_scores) + len(ood_scores)):
        # Numbers of pairs are whole and far below 2^53, so nothing is rounded.
        below, up_to = (_drawn_below(ood_counts[rows], ood_scores, id_scores, s) for s in ("left", "right"))
        wins[rows] = np.einsum("dn,dn->d", id_counts[rows], below + up_to) / 2
    return wins / (id_sizes * ood_sizes)


def resampled_fpr_at_tpr(id_counts, ood_counts, id_scores, ood_scores, tpr: float = 0.95) -> np.ndarray:
    """`fpr_at_tpr` on each resample, with its thresholds and ties. (draws,) in [0, 1]; **lower is better.**

    Arguments as `resampled_auroc`. The threshold is chosen anew on each resample, among the scores that
    occur in it.

    >>> once, only_the_lowest = [1, 1, 1, 1, 1], [5, 0, 0, 0, 0]
    >>> id_scores, ood_scores = [4, 5, 6, 7, 8], [1, 2, 4, 5]
    >>> resampled_fpr_at_tpr([once, only_the_lowest], [[1, 1, 1, 1]] * 2, id_scores, ood_scores, tpr=0.8)
    array([0.25, 0.5 ])
    """
    if not 0 < tpr <= 1:
        raise BadInput(f"tpr is {tpr}, outside (0, 1]", "pass a fraction such as 0.95")
    id_scores, id_counts, id_sizes = _scored("id", id_scores, id_counts)
    ood_scores, ood_counts, ood_sizes = _scored("ood", ood_scores, ood_counts)
    _same_draws(id_counts, ood_counts)
    levels = np.unique(np.concatenate([id_scores, ood_scores]))
    accepted = np.empty(len(id_counts))
    for rows in _blocks(len(accepted), len(levels)):
        id_size = id_sizes[rows, None]
        id_below = _drawn_below(id_counts[rows], id_scores, levels)
        ood_below = _drawn_below(ood_counts[rows], ood_scores, levels)
        distance = np.abs((id_size - id_below) / id_size - tpr)
        id_up_to = np.concatenate([id_below[:, 1:], id_size], axis=1)
        ood_up_to = np.concatenate([ood_below[:, 1:], ood_sizes[rows, None]], axis=1)
        occurs = (id_up_to > id_below) | (ood_up_to > ood_below)
        distance[~occurs | (id_up_to == 0)] = np.inf
        threshold = np.argmin(distance, axis=1)[:, None]
        accepted[rows] = ood_sizes[rows] - np.take_along_axis(ood_below, threshold, axis=1)[:, 0]
    return accepted / ood_sizes


def resampled_calibration_error(
    counts, confidence, correct, bins: int = 15, binning: str = "width"
) -> np.ndarray:
    """Calibration error of each resample. (draws,) in [0, 1]; **lower is better.**

    counts (draws, n); confidence, correct (n,) as `confidence_and_correct` gives them. binning: "width" for
    the bins of `expected_calibration_error`, "mass" for those of `adaptive_calibration_error`, whose edges
    are the quantiles of each resample. Resamples scatter around a value above that of the data, since the
    noise within bins grows: see `clipkit.stats.bootstrap` on what that does to intervals.

    >>> resampled_calibration_error([[1, 1], [2, 0]], [0.9, 0.9], [1, 0]).round(6)
    array([0.4, 0.1])
    >>> resampled_calibration_error([[1, 1], [2, 0]], [0.9, 0.6], [1, 0], bins=2, binning="mass").round(6)
    array([0.35, 0.1 ])
    """
    of_draws = {"width": _equal_width_error, "mass": _equal_mass_error}.get(binning)
    if of_draws is None:
        raise BadInput(f"binning is {binning!r}", "pass 'width' or 'mass'")
    calibration_error(confidence, correct, bins)  # raises where these three cannot be right
    confidence, correct = np.asarray(confidence, np.float64), np.asarray(correct, np.float64)
    counts, _ = _checked("counts", counts, len(confidence))
    errors = np.empty(len(counts))
    for rows in _blocks(*counts.shape):
        errors[rows] = of_draws(counts[rows], confidence, correct, bins)
    return errors


def _equal_width_error(counts, confidence, correct, bins) -> np.ndarray:
    return calibration_error(confidence, correct, bins, weights=counts)


def _equal_mass_error(counts, confidence, correct, bins) -> np.ndarray:
    rounded = np.round(confidence, 6)
    order = np.argsort(rounded)
    last_of_level = np.flatnonzero(np.diff(rounded[order], append=np.inf))
    counts = counts.take(order, axis=1)
    up_to = counts.cumsum(axis=1, dtype=np.int64).take(last_of_level, axis=1)
    gap_up_to = (counts * (correct - confidence)[order]).cumsum(axis=1).take(last_of_level, axis=1)
    size = up_to[:, -1:]
    # The i-th bin ends at the level of the ceil(i size / bins)-th smallest confidence drawn. With each draw
    # raised to the end of the one before, all rows form one sorted array; ranks, from 1 on, stay in their row.
    rank = -(-np.arange(1, bins + 1) * size // bins)
    draw = np.arange(len(counts))[:, None]
    raise_by = draw * size.max()
    edge = np.searchsorted((up_to + raise_by).ravel(), rank + raise_by) - draw * up_to.shape[1]
    gaps = np.diff(np.take_along_axis(gap_up_to, edge, axis=1), axis=1, prepend=0)
    return np.abs(gaps).sum(axis=1) / size[:, 0]


def _drawn_below(counts, scores, at, side: str = "left") -> np.ndarray:
    """How many drawn images score below each of `at`, or with side "right" up to it: (draws, len(at))."""
    order = np.argsort(scores)
    up_to = np.zeros((len(counts), len(scores) + 1))
    np.cumsum(counts.take(order, axis=1), axis=1, out=up_to[:, 1:])
    return up_to.take(np.searchsorted(scores[order], at, side), axis=1)


def _sums(counts, values) -> np.ndarray:
    """Sums of the columns of `values` (n, m) on each resample: (draws, m)."""
    sums = np.empty((len(counts), values.shape[1]))
    for rows in _blocks(*counts.shape):
        sums[rows] = counts[rows].astype(np.float64) @ values
    return sums


def _blocks(draws: int, columns: int) -> Iterator[slice]:
    step = max(_LEAST_DRAWS, _BLOCK // columns)
    return (slice(start, start + step) for start in range(0, draws, step))


def _scored(which: str, scores, counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores = validate.array(f"{which}_scores", scores, ndim=1)
    return scores, *_checked(f"{which}_counts", counts, len(scores))


def _same_draws(id_counts, ood_counts) -> None:
    if len(id_counts) != len(ood_counts):
        raise BadInput(
            f"id_counts has {len(id_counts)} draws, ood_counts has {len(ood_counts)}",
            "draw both equally often",
        )


def _checked(name: str, counts, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The counts, and the size of each resample (draws,)."""
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[1] != n or len(counts) == 0:
        raise BadInput(f"{name} has shape {counts.shape}, there are {n} images", f"give (draws, {n})")
    if counts.dtype.kind not in "iu":
        raise BadInput(f"{name} has dtype {counts.dtype}", "give whole numbers, as shared_counts does")
    if counts.min() < 0:
        draw, image = np.argwhere(counts < 0)[0]
        raise BadInput(f"{name}[{draw}, {image}] is {counts[draw, image]}", "count how often an image occurs")
    sizes = counts.sum(axis=1, dtype=np.int64)
    if not sizes.all():
        raise BadInput(
            f"draw {np.argmin(sizes)} of {name} holds no image", "resample a larger subset, or drop that draw"
        )
    return counts, sizes
