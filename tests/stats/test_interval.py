"""The two bootstrap intervals, against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from clipkit.stats import Interval, bca_limits, jackknife_acceleration, percentile_limits


def test_text_shows_three_decimals_or_two_digits_of_the_width():
    def text(*three):
        return str(Interval(*three, 0.95, "bca", 1000, 9, 9))

    assert text(0.56, 0.512, 0.604) == "0.560 [0.512, 0.604]"
    assert text(0.0002, 0.0001, 0.00035) == "0.00020 [0.00010, 0.00035]"
    assert text(1.0, 1.0, 1.0) == "1.000 [1.000, 1.000]"
    assert text(0.5, np.nan, np.nan) == "0.500 [nan, nan]"


def test_text_of_many_estimators_has_one_line_each():
    interval = Interval(
        np.array([0.1, 0.2]), np.array([0.0, 0.1]), np.array([0.2, 0.3]), 0.95, "bca", 10, 9, 9
    )
    assert str(interval) == "0.100 [0.000, 0.200]\n0.200 [0.100, 0.300]"


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_percentile_limits_are_numpys_quantiles(level):
    draws = np.random.default_rng(0).normal(size=(501, 3))
    low, high = percentile_limits(draws, level)
    np.testing.assert_array_equal(low, np.percentile(draws, 50 * (1 - level), axis=0))
    np.testing.assert_allclose(high, np.percentile(draws, 50 * (1 + level), axis=0))


def test_bca_without_bias_and_skewness_is_percentile():
    draws = np.linspace(-1, 1, 1001)
    np.testing.assert_allclose(bca_limits(draws, 0.0, 0.0), percentile_limits(draws))


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bca_equals_scipy_on_scipys_own_draws(level):
    x = np.random.default_rng(1).exponential(size=40)
    theirs = stats.bootstrap((x,), np.mean, method="BCa", n_resamples=2000, confidence_level=level, rng=2)
    jackknife = (x.sum() - x) / (len(x) - 1)
    ours = bca_limits(theirs.bootstrap_distribution, x.mean(), jackknife_acceleration(jackknife), level)
    np.testing.assert_allclose(ours, theirs.confidence_interval, rtol=1e-12)


def test_bca_of_two_samples_equals_scipy():
    rng = np.random.default_rng(1)
    x, y = rng.exponential(size=30), rng.exponential(2, size=20)

    def difference(x, y, axis=-1):
        return x.mean(axis=axis) - y.mean(axis=axis)

    theirs = stats.bootstrap((x, y), difference, method="BCa", n_resamples=2000, rng=2)
    without_x = (x.sum() - x) / (len(x) - 1) - y.mean()
    without_y = x.mean() - (y.sum() - y) / (len(y) - 1)
    strata = np.repeat([0, 1], [len(x), len(y)])
    acceleration = jackknife_acceleration(np.concatenate([without_x, without_y]), strata)
    ours = bca_limits(theirs.bootstrap_distribution, difference(x, y), acceleration)
    np.testing.assert_allclose(ours, theirs.confidence_interval, rtol=1e-12)


def test_bca_columns_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    draws, value, acceleration = rng.gamma(2, size=(300, 4)), np.full(4, 1.9), rng.normal(0, 0.05, 4)
    together = np.array(bca_limits(draws, value, acceleration))
    alone = [bca_limits(draws[:, j], value[j], acceleration[j]) for j in range(4)]
    np.testing.assert_array_equal(together, np.transpose(alone))


@pytest.mark.parametrize("value", [-5.0, 5.0])
def test_bca_stays_finite_where_all_draws_lie_on_one_side(value):
    low, high = bca_limits(np.linspace(-1, 1, 100), value, 0.0)
    assert -1 <= low <= high <= 1


@pytest.mark.parametrize("acceleration", [-2.0, 2.0])
def test_bca_keeps_its_order_under_absurd_acceleration(acceleration):
    draws = np.linspace(-1, 1, 100)
    low, high = bca_limits(draws, 0.0, acceleration)
    assert -1 <= low <= high <= 1
    assert 1.0 == (high if acceleration > 0 else -low)


def test_acceleration_by_hand():
    # influences (n-1)(mean - without) are -4, 2, 2: cubes sum to -48, squares to 24.
    assert jackknife_acceleration(np.array([4.0, 1.0, 1.0])) == pytest.approx(
        (-48 / 27) / (6 * (24 / 9) ** 1.5)
    )


def test_acceleration_is_zero_where_nothing_varies():
    assert jackknife_acceleration(np.ones((5, 2))).tolist() == [0.0, 0.0]
