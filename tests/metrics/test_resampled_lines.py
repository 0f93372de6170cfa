"""Lines through many resamples at once are the lines that scikit-learn fits one at a time."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import fit_line, resampled_lines


@pytest.fixture
def models():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 0.75, 60)
    noise = 0.05 * rng.standard_t(2, 60)
    return x, 1 / (1 + np.exp(-(0.9 * np.log(x / (1 - x)) - 0.4 + noise)))


def test_each_resample_gives_the_line_that_fit_line_gives(models):
    x, y = models
    rng = np.random.default_rng(1)
    picks = rng.integers(60, size=(40, 60))
    counts = np.array([np.bincount(p, minlength=60) for p in picks])
    intercepts, slopes = resampled_lines(x, y, counts)
    for pick, intercept, slope in zip(picks, intercepts, slopes, strict=True):
        one = fit_line(x[pick], y[pick])
        assert (intercept, slope) == pytest.approx((one.intercept, one.slope), abs=2e-4)


def test_an_outlier_bends_it_no_more_than_fit_line(models):
    x, y = models
    y = y.copy()
    y[3] = 0.02
    (intercept,), (slope,) = resampled_lines(x, y, np.ones((1, 60)))
    one = fit_line(x, y)
    assert (intercept, slope) == pytest.approx((one.intercept, one.slope), abs=2e-4)


def test_proportions_at_the_end_are_clipped_as_in_fit_line(models):
    x, y = models
    y = y.copy()
    y[0] = 0.0
    (intercept,), (slope,) = resampled_lines(x, y, np.ones((1, 60)), n=500)
    one = fit_line(x, y, n=500)
    assert (intercept, slope) == pytest.approx((one.intercept, one.slope), abs=2e-4)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.ones((2, 59)), r"counts have shape \(2, 59\), there are 60 models"),
        (np.eye(60)[:1] * 60, "fewer than 3 distinct models"),
    ],
)
def test_errors(models, counts, message):
    with pytest.raises(BadInput, match=message):
        resampled_lines(*models, counts)


def test_constant_accuracy_has_no_slope(models):
    with pytest.raises(BadInput, match="x is constant"):
        resampled_lines(np.full(60, 0.6), models[1], np.ones((1, 60)))
