"""Calibration: does a confidence of 80 % mean that 80 % are right? Proper scores beside it."""

from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.accuracy import target_in_top_k


class ReliabilityTable(NamedTuple):
    """Per bin (low, high]: count of samples, their mean confidence and accuracy (NaN if it is empty)."""

    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def confidence_and_correct(probabilities, target) -> tuple[np.ndarray, np.ndarray]:
    """Per sample: the largest probability, and whether it belongs to the target. Both (n,) float64.

    probabilities (n, n_classes), target (n,). Where classes tie for the largest probability, "correct" is the
    expected value under random choice, so that the numbering of the classes cannot matter.
    These two arrays are all that resampling needs; see `calibration_error`.

    >>> confidence_and_correct([[0.9, 0.1], [0.5, 0.5]], [0, 1])
    (array([0.9, 0.5]), array([1. , 0.5]))
    """
    probabilities, target = _checked(probabilities, target)
    return probabilities.max(axis=1).astype(np.float64), target_in_top_k(probabilities, target, k=1)


def expected_calibration_error(probabilities, target, bins: int = 15) -> float:
    """Mean over samples of |accuracy - confidence| of their bin, in equal-width bins. **Lower is better.**

    probabilities (n, n_classes), target (n,). In [0, 1]. Bins are (low, high]; a confidence of exactly 1
    falls into the last bin, one of exactly 0 into the first, and all bins count.
    Biased upwards for small n, since noise within a bin adds to the distance: compare at equal n.
    Source: Naeini et al. 2015; Guo et al. 2017, eq. 3, with 15 bins as there.

    >>> expected_calibration_error([[0.9, 0.1], [0.9, 0.1]], [0, 1])
    0.4
    """
    confidence, correct = confidence_and_correct(probabilities, target)
    return float(calibration_error(confidence, correct, bins))


def adaptive_calibration_error(probabilities, target, bins: int = 15) -> float:
    """Like `expected_calibration_error`, with bins of equal mass: edges at the quantiles of confidence.

    Edges are observed values and confidences equal to six decimals share a bin, so that neither the order of
    the samples nor rounding can matter; many ties make fewer, larger bins. In [0, 1]; **lower is better.**
    Source: Nguyen & O'Connor 2015. Nixon et al. 2019 use "adaptive" for a sum over all classes; this one is
    of the top class, to stand beside ECE.

    >>> adaptive_calibration_error([[0.9, 0.1], [0.6, 0.4]], [0, 1], bins=2)
    0.35
    """
    confidence, correct = confidence_and_correct(probabilities, target)
    bins = validate.positive_integer("bins", bins)
    # Integer arithmetic: the i-th edge is the ceil(i n / bins)-th smallest confidence.
    last = -(-np.arange(1, bins) * len(confidence) // bins) - 1
    rounded = np.round(confidence, 6)
    inner = np.sort(rounded)[np.maximum(last, 0)]
    which = np.searchsorted(inner, rounded, side="left")
    return float(np.abs(np.bincount(which, weights=correct - confidence)).sum() / len(confidence))


def calibration_error(confidence, correct, bins: int = 15, weights=None) -> float | np.ndarray:
    """ECE from per-sample confidence (n,) and correctness (n,), both in [0, 1]; optionally weighted.

    weights: None, (n,) or (B, n), not negative, such as the counts of B bootstrap draws; returns a float, or
    (B,) for (B, n). With (B, n) weights, confidence may be (B, n) too: that of each draw. Else bins are the same
    for all draws, which cost one matrix product with an (n, bins) array together.

    >>> calibration_error([0.9, 0.9], [1, 0], weights=[[1, 1], [2, 0]]).round(6)
    array([0.4, 0.1])
    """
    confidence = _unit_interval("confidence", confidence, ndim=max(1, np.ndim(confidence)))
    correct = _unit_interval("correct", correct)
    if confidence.ndim == 1:
        validate.same_length(confidence=confidence, correct=correct)
    bins = validate.positive_integer("bins", bins)
    if weights is None:
        weights = np.ones(len(correct))
    weights = validate.array("weights", weights, ndim=min(max(np.ndim(weights), 1), 2))
    if weights.shape[-1] != len(correct) or confidence.shape not in (correct.shape, weights.shape):
        raise BadInput(
            f"confidence has shape {confidence.shape}, weights has shape {weights.shape}",
            f"pass one weight for each of the {len(correct)} samples",
        )
    total = weights.sum(axis=-1)
    if weights.min() < 0 or not np.all(total > 0):
        raise BadInput("weights are negative or sum to 0", "pass counts or weights, at least one positive")
    which, gap = _bin_of(confidence, bins), correct - confidence
    if confidence.ndim == 2:
        sums = _binned(weights * gap, which, bins)
    else:
        gaps = np.zeros((len(correct), bins))
        gaps[np.arange(len(correct)), which] = gap
        sums = weights @ gaps
    error = np.abs(sums).sum(axis=-1) / total
    return float(error) if error.ndim == 0 else error


def reliability_table(probabilities, target, bins: int = 15) -> ReliabilityTable:
    """What a reliability diagram shows: per bin (low, high] the count, mean confidence and accuracy.

    probabilities (n, n_classes), target (n,); arrays of length `bins`, NaN where a bin is empty.
    ECE is sum(count * |accuracy - confidence|) / sum(count).

    >>> table = reliability_table([[0.9, 0.1], [0.6, 0.4]], [0, 1], bins=2)
    >>> table.count.tolist(), table.confidence.tolist(), table.accuracy.tolist()
    ([0, 2], [nan, 0.75], [nan, 0.5])
    """
    confidence, correct = confidence_and_correct(probabilities, target)
    bins = validate.positive_integer("bins", bins)
    which = _bin_of(confidence, bins)
    count = np.bincount(which, minlength=bins)
    means = [
        np.divide(
            np.bincount(which, weights=values, minlength=bins),
            count,
            out=np.full(bins, np.nan),
            where=count > 0,
        )
        for values in (confidence, correct)
    ]
    edges = np.linspace(0, 1, bins + 1)
    return ReliabilityTable(edges[:-1], edges[1:], count, *means)


def negative_log_likelihood(probabilities, target) -> float:
    """Mean of -ln p(target), in nats. In [0, inf]; **lower is better**; ln(n_classes) is chance.

    probabilities (n, n_classes), target (n,). A target given probability 0 makes it infinite: nothing is
    clipped, unlike `sklearn.metrics.log_loss`. Where a softmax may underflow use
    `negative_log_likelihood_from_logits`.

    >>> round(negative_log_likelihood([[0.5, 0.5], [0.25, 0.75]], [0, 1]), 4)
    0.4904
    """
    probabilities, target = _checked(probabilities, target)
    with np.errstate(divide="ignore"):
        return float(-np.log(_of_target(probabilities, target)).mean())


def brier_score(probabilities, target) -> float:
    """Mean squared distance of the probabilities from the one-hot target, summed over classes.

    probabilities (n, n_classes), target (n,). In [0, 2], as in Brier 1950 (some halve it);
    **lower is better**; 1 - 1/n_classes is chance.

    >>> round(brier_score([[0.8, 0.2], [0.4, 0.6]], [0, 0]), 4)
    0.4
    """
    probabilities, target = _checked(probabilities, target)
    squares = np.einsum("nk,nk->n", probabilities, probabilities, dtype=np.float64)
    return float(np.mean(squares - 2 * _of_target(probabilities, target) + 1))


def _bin_of(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Index of the bin (low, high] of each confidence; 0 goes to the first, rounding above 1 to the last."""
    edges = np.linspace(0, 1, bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)


def _binned(values: np.ndarray, which: np.ndarray, bins: int) -> np.ndarray:
    """Sums of `values` (rows, n) in the bins `which` (rows, n) of each row: (rows, bins)."""
    cells = which + bins * np.arange(len(which))[:, None]
    return np.bincount(cells.ravel(), values.ravel(), bins * len(which)).reshape(len(which), bins)


def _of_target(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    return probabilities[np.arange(len(target)), target].astype(np.float64)


def _checked(probabilities, target) -> tuple[np.ndarray, np.ndarray]:
    probabilities = validate.probabilities("probabilities", probabilities)
    target = validate.class_labels("target", target, probabilities.shape[1])
    validate.same_length(probabilities=probabilities, target=target)
    return probabilities, target


def _unit_interval(name: str, values, ndim: int = 1) -> np.ndarray:
    # A softmax in single precision can exceed 1 by an ulp.
    found = validate.array(name, values, ndim).astype(np.float64)
    over = (found > 1) & (found <= 1 + validate.SUM_TOLERANCE)
    return validate.proportions(name, np.where(over, 1.0, found))
