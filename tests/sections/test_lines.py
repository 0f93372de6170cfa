"""Lines by every estimator on every axis, one at a time and for many resamples at once."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from clipkit.errors import BadInput
from clipkit.metrics import fit_line
from clipkit.sections import lines

X = np.linspace(0.30, 0.78, 25)
NOISE = np.random.default_rng(0).normal(0, 0.02, len(X))
BACK = {"logit": expit, "probit": norm.cdf, "linear": np.asarray}


@pytest.mark.parametrize("axes", lines.AXES)
@pytest.mark.parametrize("method", lines.METHODS)
def test_points_on_a_line_give_that_line(method, axes):
    y = BACK[axes](0.1 + 0.8 * lines.to_axes(axes, X))
    line = lines.fit(X, y, method, axes)
    assert (line.intercept, line.slope) == pytest.approx((0.1, 0.8), abs=1e-6)
    assert line.predict(0.5) == pytest.approx(BACK[axes](0.1 + 0.8 * lines.to_axes(axes, 0.5)), abs=1e-6)
    assert (line.x_low, line.x_high) == (0.30, 0.78)


def test_the_estimators_by_hand():
    x, y = [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.8]
    # Slopes of pairs: 1, 1, 1, 7/3, 3, 5; their median is 5/3, that of y − 5/3·x is −0.1.
    assert lines.fit(x, y, "theil-sen", "linear")[:2] == pytest.approx((-0.1, 5 / 3))
    assert lines.fit(x, y, "least-squares", "linear")[:2] == pytest.approx((-0.2, 2.2))


def test_huber_on_logit_axes_is_the_line_used_elsewhere():
    y = X - 0.1 + NOISE
    assert lines.fit(X, y)[:2] == fit_line(X, y)[:2]


@pytest.mark.parametrize("axes", lines.AXES)
@pytest.mark.parametrize("method", lines.METHODS)
def test_a_resample_is_the_line_through_the_models_repeated(method, axes):
    y = X - 0.1 + NOISE
    counts = np.random.default_rng(1).multinomial(25, np.ones(25) / 25, size=20)
    many = lines.fit_resampled(X, y, counts, method, axes)
    for drawn, intercept, slope in zip(counts, many.intercept, many.slope, strict=True):
        one = lines.fit(np.repeat(X, drawn), np.repeat(y, drawn), method, axes)
        assert (intercept, slope) == pytest.approx((one.intercept, one.slope), abs=2e-5)
    assert many.predict([0.4, 0.6]).shape == (20, 2)


def test_accuracies_of_nought_and_one_need_the_number_of_images():
    with pytest.raises(BadInput, match="infinite"):
        lines.fit([0.5, 0.6, 1.0], [0.4, 0.5, 0.6], axes="probit")
    assert lines.to_axes("probit", 1.0, n=50) == pytest.approx(norm.ppf(0.99))


def test_unknown_axes_name_the_near_miss():
    with pytest.raises(BadInput, match="probbit"):
        lines.to_axes("probbit", 0.5)
