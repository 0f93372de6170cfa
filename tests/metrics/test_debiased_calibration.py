import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import calibration_error
from clipkit.metrics.debiased_calibration import calibration_noise_floor, rms_calibration_error
from clipkit.stats import shared_counts


def test_it_is_the_mean_product_over_pairs_of_different_samples():
    confidence, correct = np.array([0.9, 0.92, 0.91, 0.3, 0.31, 0.55]), np.array([1, 0, 0, 1, 1, 0])
    gap = correct - confidence
    high = np.mean([gap[0] * gap[1], gap[0] * gap[2], gap[1] * gap[2]])
    low = gap[3] * gap[4]  # the sample alone in its bin says nothing
    assert rms_calibration_error(confidence, correct) == pytest.approx(np.sqrt((3 * high + 2 * low) / 6))


@pytest.mark.parametrize("off", [0.0, 0.1])
def test_the_square_is_unbiased_where_ece_is_not(off):
    """Groups of 20 at one confidence each, right with a chance lower by `off`."""
    rng = np.random.default_rng(0)
    confidence = np.repeat([0.45, 0.62, 0.78, 0.92], 20)
    samples = rng.random((4000, 80)) < confidence - off
    gaps = (samples - confidence).reshape(-1, 4, 20)
    squares = (gaps.sum(2) ** 2 - (gaps**2).sum(2)).mean(1) / (20 * 19)
    assert squares.mean() == pytest.approx(off**2, abs=4 * squares.std() / np.sqrt(4000))
    found = [rms_calibration_error(confidence, s) for s in samples[:200]]
    np.testing.assert_allclose(found, np.sqrt(np.maximum(squares[:200], 0)), atol=1e-12)
    ece = np.mean([calibration_error(confidence, s) for s in samples[:500]])
    assert ece > off + 0.01


def test_resamples_scatter_around_the_estimate_and_copies_make_no_pair():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.2, 1, 400)
    correct = (rng.random(400) < confidence - 0.15).astype(float)
    counts = shared_counts("wild", 400, 2000)
    squares = rms_calibration_error(confidence, correct, counts=counts) ** 2
    value = rms_calibration_error(confidence, correct) ** 2
    assert squares.mean() == pytest.approx(value, abs=4 * squares.std() / np.sqrt(2000))
    assert rms_calibration_error([0.9, 0.3], [0, 1], counts=[2, 2]) == 0.0
    one = rms_calibration_error(confidence, correct, counts=np.ones(400, int))
    assert one == pytest.approx(rms_calibration_error(confidence, correct))


def test_each_resample_may_have_its_own_confidences():
    rng = np.random.default_rng(4)
    counts, confidence = shared_counts("wild", 50, 30), rng.uniform(size=(30, 50))
    correct = rng.integers(0, 2, 50)
    for error, rows in ((rms_calibration_error, "counts"), (calibration_error, "weights")):
        together = error(confidence, correct, **{rows: counts})
        one_by_one = [error(c, correct, **{rows: n}) for c, n in zip(confidence, counts, strict=True)]
        np.testing.assert_allclose(together, one_by_one, atol=1e-12)
        with pytest.raises(BadInput, match=r"confidence has shape \(29, 50\)"):
            error(confidence[1:], correct, **{rows: counts})


def test_a_bin_that_is_off_by_the_same_everywhere_gives_ece_without_noise():
    confidence, correct = np.full(1000, 0.9), np.arange(1000) < 700
    assert rms_calibration_error(confidence, correct) == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("n", [300, 1664])
def test_floor_is_the_mean_ece_of_a_calibrated_model(n):
    rng = np.random.default_rng(2)
    confidence = rng.beta(4, 2, n)
    simulated = [calibration_error(confidence, rng.random(n) < confidence) for _ in range(400)]
    assert calibration_noise_floor(confidence) == pytest.approx(np.mean(simulated), rel=0.05)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rms_calibration_error([90.0], [1]), "confidence holds 90"),
        (lambda: rms_calibration_error([0.9], [1, 0]), "confidence has 1, correct has 2"),
        (lambda: rms_calibration_error([0.9], [1], counts=[[1, 1]]), r"counts has shape \(1, 2\)"),
        (lambda: rms_calibration_error([0.9], [1], counts=[0]), "counts are negative or sum to 0"),
        (lambda: rms_calibration_error([0.9], [1], bins=0), "bins is 0"),
        (lambda: calibration_noise_floor([1.2]), "confidence holds 1.2"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()
