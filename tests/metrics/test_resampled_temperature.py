import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import fit_temperature, softmax
from clipkit.metrics.resampled_temperature import resampled_temperature
from clipkit.stats import shared_counts


@pytest.mark.parametrize("true", [0.6, 2.0])
def test_one_step_agrees_with_fitting_each_resample(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (800, 10))
    target = (softmax(logits, true).cumsum(axis=1) < rng.random((800, 1))).sum(axis=1).clip(max=9)
    counts = shared_counts("wild", 800, 40)
    found = resampled_temperature(counts, logits, target, fit_temperature(logits, target))
    refitted = [fit_temperature(np.repeat(logits, c, axis=0), np.repeat(target, c)) for c in counts]
    assert np.abs(found - refitted).max() < 0.1 * np.std(refitted)
    assert np.std(found) == pytest.approx(np.std(refitted), rel=0.03)


def test_draws_stay_within_the_bounds_of_the_fit():
    logits, target = 3 * np.eye(4), np.arange(4)  # separable: every resample wants T = 0
    drawn = resampled_temperature(shared_counts("wild", 4, 20), logits, target, 0.01)
    np.testing.assert_allclose(drawn, 0.01)


def test_error_texts():
    with pytest.raises(BadInput, match="logits are constant in every row"):
        resampled_temperature([[1]], [[1.0, 1.0]], [0], 1.0)
    with pytest.raises(BadInput, match="logits has 1, target has 2"):
        resampled_temperature([[1]], [[1.0, 0.0]], [0, 1], 1.0)
