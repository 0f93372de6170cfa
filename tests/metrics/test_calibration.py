import imagenet_x.aggregate
import numpy as np
import pytest
import torch
from netcal.metrics import ECE
from scipy.special import softmax
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from clipkit.errors import BadInput
from clipkit.metrics import (
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    confidence_and_correct,
    expected_calibration_error,
    negative_log_likelihood,
    negative_log_likelihood_from_logits,
    reliability_table,
)


def predictions(seed=0, n=600, classes=7):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, classes))
    return softmax(logits, axis=1), rng.integers(0, classes, n)


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("seed", range(3))
def test_ece_equals_three_libraries(seed, bins):
    p, target = predictions(seed)
    found = expected_calibration_error(p, target, bins)
    confidence, correct = confidence_and_correct(p, target)
    assert found == pytest.approx(ECE(bins).measure(p, target), abs=1e-12)
    assert found == pytest.approx(
        imagenet_x.aggregate.estimated_calibration_error(correct, confidence, bins), abs=1e-12
    )
    theirs = multiclass_calibration_error(torch.tensor(p), torch.tensor(target), 7, n_bins=bins)
    assert found == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_proper_scores_equal_sklearn(seed):
    p, target = predictions(seed)
    assert negative_log_likelihood(p, target) == pytest.approx(
        log_loss(target, p, labels=range(7)), rel=1e-12
    )
    theirs = brier_score_loss(target, p, labels=range(7), scale_by_half=False)
    assert brier_score(p, target) == pytest.approx(theirs, rel=1e-12)


def test_nll_from_logits_equals_torch_at_any_temperature():
    rng = np.random.default_rng(0)
    logits, target = rng.normal(0, 20, (300, 9)), rng.integers(0, 9, 300)
    theirs = torch.nn.functional.cross_entropy(torch.tensor(logits) / 1.7, torch.tensor(target))
    assert negative_log_likelihood_from_logits(logits, target, 1.7) == pytest.approx(float(theirs), rel=1e-12)


def test_impossible_target_costs_infinity_without_warning():
    assert negative_log_likelihood([[1.0, 0.0]], [1]) == np.inf


def test_bin_edges_belong_to_the_bin_below():
    """(lo, hi]: 0.2 is the upper edge of the first of five bins; 0 and 1 fall inside."""
    confidence = np.array([0.0, 0.2, np.nextafter(0.2, 1), 0.8, 1.0])
    edges = np.linspace(0, 1, 6)
    p = np.stack([confidence, 1 - confidence], axis=1)[1:]
    table = reliability_table(p, np.zeros(4, int), bins=5)
    assert table.count.tolist() == [0, 0, 0, 3, 1]  # confidences 0.8, just under 0.8, 0.8, 1.0
    np.testing.assert_array_equal(table.low, edges[:-1])
    np.testing.assert_array_equal(table.high, edges[1:])
    one_each = [calibration_error([c], [1], bins=5) for c in confidence]
    assert one_each == pytest.approx(1 - confidence)


def test_confidence_of_exactly_zero_and_one_are_counted():
    assert calibration_error([0.0, 1.0], [1, 0]) == 1.0
    assert calibration_error([0.0, 1.0], [0, 1]) == 0.0


def test_table_gives_back_the_ece_and_all_samples():
    p, target = predictions()
    table = reliability_table(p, target)
    filled = table.count > 0
    gap = np.abs(table.accuracy - table.confidence)[filled]
    assert table.count.sum() == len(target)
    assert (table.count[filled] * gap).sum() / 600 == pytest.approx(
        expected_calibration_error(p, target), abs=1e-12
    )
    assert np.isnan(table.confidence[~filled]).all() and not filled[0], (
        "7 classes: confidence cannot be below 1/7"
    )
    assert ((table.confidence > table.low) & (table.confidence <= table.high))[filled].all()


def test_adaptive_error_is_the_mean_over_equal_groups():
    p, target = predictions(n=600)
    confidence, correct = confidence_and_correct(p, target)
    groups = np.array_split(np.argsort(confidence), 15)
    expected = np.mean([abs(correct[g].mean() - confidence[g].mean()) for g in groups])
    assert adaptive_calibration_error(p, target) == pytest.approx(expected, abs=1e-12)


def test_adaptive_error_with_fewer_samples_than_bins():
    assert adaptive_calibration_error([[0.9, 0.1], [0.6, 0.4]], [0, 1]) == pytest.approx(0.35)


@pytest.mark.parametrize("seed", range(2))
def test_weights_are_counts(seed):
    p, target = predictions(seed, n=80)
    confidence, correct = confidence_and_correct(p, target)
    draws = np.random.default_rng(seed).multinomial(80, np.full(80, 1 / 80), size=6)
    together = calibration_error(confidence, correct, weights=draws)
    one_by_one = [expected_calibration_error(np.repeat(p, d, axis=0), np.repeat(target, d)) for d in draws]
    np.testing.assert_allclose(together, one_by_one, atol=1e-12)
    assert calibration_error(confidence, correct, weights=draws[0]) == pytest.approx(one_by_one[0], abs=1e-12)


def test_known_overconfidence_is_recovered():
    """Confidence c uniform in [0.6, 1], right with chance c - 0.1: the error is 0.1."""
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.6, 1, 50_000)
    correct = rng.random(50_000) < confidence - 0.1
    assert calibration_error(confidence, correct) == pytest.approx(0.1, abs=0.006)
    assert calibration_error(confidence, rng.random(50_000) < confidence) < 0.01


def test_ties_of_the_top_class_count_by_chance():
    confidence, correct = confidence_and_correct([[0.4, 0.4, 0.2]] * 3, [0, 1, 2])
    assert confidence.tolist() == [0.4] * 3 and correct.tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: expected_calibration_error([[0.3, 0.2]], [0]),
            "row 0 of probabilities sums to 0.5, not to 1\n.*softmax",
        ),
        (lambda: brier_score([[3.0, -2.0]], [0]), "negative probability"),
        (lambda: expected_calibration_error([[0.5, 0.5]], [2]), r"target\[0\] is 2, but there are 2 classes"),
        (lambda: expected_calibration_error([[0.5, 0.5]], [0, 1]), "probabilities has 1, target has 2"),
        (lambda: expected_calibration_error([[0.5, 0.5]], [0], bins=0), "bins is 0"),
        (lambda: calibration_error([90.0], [1]), "confidence holds 90, .*\n.*percentages by 100"),
        (
            lambda: calibration_error([0.9], [1], weights=[1.0, 2.0]),
            r"weights has shape \(2,\)\n.*each of the 1 samples",
        ),
        (lambda: calibration_error([0.9], [1], weights=[0.0]), "weights are negative or sum to 0"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()
