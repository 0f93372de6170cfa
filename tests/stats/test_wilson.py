"""Wilson's interval."""

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import wilson, wilson_published


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (3, 5), (5, 5), (240, 300), (49_999, 50_000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_equals_scipy(successes, n, level):
    found = wilson(successes, n, level)
    theirs = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    np.testing.assert_allclose([found.low, found.high], theirs, atol=1e-12)
    assert (found.value, found.n, found.n_clusters, found.draws) == (successes / n, n, n, 0)


def test_limits_solve_the_score_equation():
    found = wilson(7, 20)
    for limit in (found.low, found.high):
        assert abs(0.35 - limit) / np.sqrt(limit * (1 - limit) / 20) == pytest.approx(stats.norm.ppf(0.975))


def test_arrays_and_one_n_for_all():
    many = wilson([1, 5, 9], 10)
    assert many.low.shape == many.high.shape == (3,)
    for j, successes in enumerate((1, 5, 9)):
        one = wilson(successes, 10)
        assert (many.low[j], many.high[j]) == pytest.approx((one.low, one.high))


def test_failures_mirror_successes():
    assert wilson(3, 20).low == pytest.approx(1 - wilson(17, 20).high)


def test_coverage_summed_over_all_outcomes_is_nominal():
    n, p = 300, 0.8
    successes = np.arange(n + 1)
    found = wilson(successes, n)
    covers = (found.low <= p) & (p <= found.high)
    assert 0.93 < stats.binom.pmf(successes, n, p)[covers].sum() < 0.97


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, 0), (np.nan, 5), ([1, 2], [3, 0])])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(BadInput, match="a proportion needs 0 <= successes <= n and n >= 1"):
        wilson(successes, n)


def test_level_in_percent_is_refused():
    with pytest.raises(BadInput, match="level is 95"):
        wilson(1, 5, level=95)


def test_a_published_share_has_the_interval_of_the_nearest_count():
    shares = np.array([0.6334, 0.0, 1.0, 0.2501])
    found = wilson_published(shares, np.array([50_000, 7_500, 30, 4]))
    counted = wilson([31_670, 0, 30, 1], [50_000, 7_500, 30, 4])
    np.testing.assert_array_equal(found.value, shares)
    np.testing.assert_allclose([found.low, found.high], [counted.low, counted.high], atol=1e-15)


@pytest.mark.parametrize("share", [0.0, 1e-9, 1 - 1e-9, 1.0])
def test_its_interval_holds_a_share_that_rounding_pushed_out(share):
    found = wilson_published(share, 7_500)
    assert found.low <= share <= found.high


@pytest.mark.parametrize("share", [-0.1, 63.3, np.nan])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(BadInput, match="proportion"):
        wilson_published(share, 100)
