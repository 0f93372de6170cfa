"""Calibration error without what the noise of few samples adds to it, and how much that is."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.calibration import _bin_of, _binned, _unit_interval
from clipkit.metrics.resampled import _blocks


def rms_calibration_error(confidence, correct, bins: int = 15, counts=None) -> float | np.ndarray:
    """Root of the mean squared |accuracy - confidence| of a sample's bin, debiased. **Lower is better.**

    confidence, correct (n,) in [0, 1], as `confidence_and_correct` gives them; the bins are those of
    `expected_calibration_error`. In [0, 1]; never below the ECE of the population, and equal to it where all
    bins are off by the same. counts: None, (n,) or (B, n) whole numbers, such as bootstrap counts; returns a
    float, or (B,) for (B, n). With (B, n) counts, confidence may be (B, n) too: that of each resample.

    The square of a bin's gap is estimated by the mean product of the gaps of two *different* samples, which
    has no bias at all; the square of their mean gap is too large by its own variance. In a resample, copies of
    one sample do not make a pair, so resamples scatter around the estimate itself, not above it. A bin with
    one sample says nothing and counts as calibrated. Where the mean over bins is negative the error is 0: the
    sample looks no worse than a calibrated model's would. For small errors that leaves some bias, upwards.

    Source: Kumar, Liang & Ma 2019 (NeurIPS): the debiased estimator, of bins of equal mass and a
    model whose confidences are the bins' means. Here bins have equal width, and confidences stay as they are.

    >>> rms_calibration_error([0.9, 0.9, 0.9, 0.9], [1, 0, 0, 1]) ** 2  # six pairs: .01, 4 × −.09, .81
    0.0766...
    >>> rms_calibration_error([0.5, 0.5], [1, 0])
    0.0
    """
    own = _unit_interval("confidence", confidence, ndim=max(1, np.ndim(confidence)))
    correct = _unit_interval("correct", correct)
    if own.shape[-1] != len(correct):
        validate.same_length(confidence=own, correct=correct)
    rows = np.ones((1, len(correct)), int) if counts is None else np.atleast_2d(np.asarray(counts))
    if rows.ndim != 2 or rows.shape[1] != len(correct) or own.shape not in (correct.shape, rows.shape):
        raise BadInput(
            f"confidence has shape {own.shape}, counts has shape {np.shape(counts)}",
            f"pass one count for each of the {len(correct)} samples",
        )
    if rows.min() < 0 or not rows.any(axis=1).all():
        raise BadInput("counts are negative or sum to 0", "count how often each sample occurs")
    gap = np.broadcast_to(correct - own, rows.shape)
    which = np.broadcast_to(_bin_of(own, validate.positive_integer("bins", bins)), rows.shape)
    squares = [_mean_squares(gap[b], which[b], rows[b], bins) for b in _blocks(*rows.shape)]
    errors = np.sqrt(np.maximum(np.concatenate(squares), 0))
    return errors if np.ndim(counts) == 2 else float(errors[0])


def calibration_noise_floor(confidence, bins: int = 15) -> float:
    """The ECE to expect of a perfectly calibrated model with these confidences (n,). In [0, 1].

    It is not 0: in each bin accuracy misses confidence by chance. An ECE near its floor shows no
    miscalibration, and two of unequal floors must not be compared. The misses are taken to be normal, which
    makes the floor slightly low where many bins hold one or two samples.
    Source: Bröcker & Smith 2007 (Weather and Forecasting 22) for the idea, of reliability diagrams.

    >>> round(calibration_noise_floor([0.5] * 100), 4)  # √(2/π) · √(.25 / 100)
    0.0399
    """
    confidence = _unit_interval("confidence", confidence)
    which = _bin_of(confidence, validate.positive_integer("bins", bins))
    variance = np.bincount(which, weights=confidence * (1 - confidence))
    return float(np.sqrt(2 / np.pi * variance).sum() / len(confidence))


def _mean_squares(gap: np.ndarray, which: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Of each row the mean over samples of their bin's squared gap; the first three (rows, n)."""
    size, total = _binned(counts, which, bins), _binned(counts * gap, which, bins)
    pairs = size**2 - _binned(np.square(counts, dtype=np.float64), which, bins)
    products = total**2 - _binned((counts * gap) ** 2, which, bins)
    squares = np.divide(products, pairs, out=np.zeros_like(size), where=pairs > 0)
    return (size * squares).sum(axis=1) / size.sum(axis=1)
