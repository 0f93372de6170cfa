"""Calibration errors and detection rates by conventions other than ours, on bootstrap counts.

counts (draws, n) as in `clipkit.metrics.resampled`; every function returns (draws,).
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from clipkit.metrics import calibration_error, resampled_calibration_error
from clipkit.metrics.resampled import resampled_fpr_at_tpr

_Error = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""confidence (n,), correct (n,), counts (draws, n) → (draws,)."""


def from_below(confidence, correct, counts) -> np.ndarray:
    """ECE of each resample with 15 bins [low, high) in the place of (low, high]; the last holds 1.

    >>> confidence, correct, once = [0.2, 0.18], [1, 0], [[1, 1]]  # 0.2 is the edge 3/15
    >>> from_below(confidence, correct, once), calibration_error(confidence, correct, 15, once)
    (array([0.49]), array([0.31]))
    """
    # Seen from above, with 1 − confidence, the bins are (low, high] again.
    return calibration_error(1 - np.asarray(confidence), 1 - np.asarray(correct), 15, counts)


def _ece(confidence, correct, counts, bins: int) -> np.ndarray:
    return calibration_error(confidence, correct, bins, counts)


def _equal_mass(confidence, correct, counts) -> np.ndarray:
    return resampled_calibration_error(counts, confidence, correct, binning="mass")


ERRORS: dict[str, _Error] = {
    **{f"ece-{bins}": partial(_ece, bins=bins) for bins in (10, 15, 20, 100)},
    "ece-from-below": from_below,
    "ece-equal-mass": _equal_mass,
}


def rejected_at_least(id_counts, ood_counts, id_scores, ood_scores, tpr: float = 0.95) -> np.ndarray:
    """Share of OOD rejected at the highest threshold that accepts at least `tpr` of ID. (draws,); higher is better.

    Counts and scores as in `clipkit.metrics.resampled`; a score at the threshold is accepted.

    >>> once = np.ones((1, 5), int)
    >>> rejected_at_least(once, once, np.array([4, 5, 6, 7, 8]), np.array([1, 2, 3, 4, 5]), tpr=0.8)
    array([0.8])
    """
    order = np.argsort(-id_scores)
    up_to = id_counts[:, order].cumsum(axis=1)
    enough = up_to >= tpr * up_to[:, -1:] - 1e-9
    threshold = id_scores[order][enough.argmax(axis=1)]
    rejected = ood_counts * (ood_scores < threshold[:, None])
    return rejected.sum(axis=1) / ood_counts.sum(axis=1)


def rejected_closest(id_counts, ood_counts, id_scores, ood_scores) -> np.ndarray:
    """One minus `clipkit.metrics.fpr_at_tpr` of each resample."""
    return 1 - resampled_fpr_at_tpr(id_counts, ood_counts, id_scores, ood_scores)


def kept_at_detection(id_counts, ood_counts, id_scores, ood_scores) -> np.ndarray:
    """Share of ID kept where at least 95 % of OOD are detected: `rejected_at_least` with OOD as the positive class."""
    return rejected_at_least(ood_counts, id_counts, -ood_scores, -id_scores)


DETECTION = {
    "fpr-closest": rejected_closest,
    "fpr-at-least": rejected_at_least,
    "fpr-ood-positive": kept_at_detection,
}
