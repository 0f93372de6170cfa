"""From draws to evidence, and resampled training runs."""

import numpy as np
import pytest
from scipy.stats import norm

from clipkit.errors import BadInput
from clipkit.sections.draws import bias_corrected, evidence_from_draws, run_counts


def evidence(effect, draws, **options):
    return evidence_from_draws(effect, np.asarray(draws, float), n_models=3, n_clusters=2, **options)


def test_percentile_interval_and_two_sided_p():
    found = evidence(50.0, np.arange(1, 102))
    assert (found.low, found.high) == pytest.approx((3.5, 98.5))
    assert found.p == pytest.approx(2 / 102)


def test_p_of_draws_around_zero_is_large_and_never_above_one():
    assert evidence(0.0, [-2, -1, 0, 1, 2]).p == 1.0
    assert evidence(1.0, [-1, 1, 1, 1]).p == pytest.approx(2 * 2 / 5)


def test_basic_interval_mirrors_the_percentiles():
    """A mean distance of pure noise is inflated by resampling; mirrored, its interval reaches zero."""
    found = evidence(1.0, np.linspace(1.0, 3.0, 1001), method="basic")
    assert (found.low, found.high) == (pytest.approx(-0.95), 1.0)
    assert found.p > 0.9


def test_the_interval_holds_the_effect():
    assert evidence(5.0, [1, 2, 3]).high == 5.0


@pytest.mark.parametrize(
    ("options", "message"),
    [({"draws": [1, np.nan]}, "1 of 2 bootstrap draws"), ({"draws": [1, 2], "method": "bca"}, "'bca'")],
)
def test_errors(options, message):
    with pytest.raises(BadInput, match=message):
        evidence(1.0, **options)


def test_models_of_a_run_are_drawn_together_and_totals_are_kept():
    counts = run_counts(["a", "b", "a", "c"], 500, np.random.default_rng(0))
    assert (counts[:, 0] == counts[:, 2]).all()
    assert (counts[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert counts[:, 0].mean() == pytest.approx(1, abs=0.1)


def test_strata_keep_their_number_of_runs():
    counts = run_counts(list("abcde"), 200, np.random.default_rng(0), strata=[0, 0, 0, 1, 1])
    assert (counts[:, :3].sum(axis=1) == 3).all() and (counts[:, 3:].sum(axis=1) == 2).all()


def test_a_bias_corrected_interval_moves_by_twice_the_median_bias():
    """Nine tenths of the draws lie below the effect: its rank, and those of the limits, move up by that much."""
    draws = np.linspace(0.0, 1.0, 1_001)
    plain = evidence(0.9, draws)
    with bias_corrected():
        found = evidence(0.9, draws)
    shift = 2 * norm.ppf(0.9)
    assert (plain.low, plain.high) == pytest.approx((0.025, 0.975))
    assert (found.low, found.high) == pytest.approx(
        tuple(norm.cdf(shift + norm.ppf([0.025, 0.975]))), abs=0.01
    )
    assert evidence(0.9, draws) == plain


@pytest.mark.parametrize("effect", [0.3, 0.7])
def test_its_p_is_that_of_the_level_at_which_it_reaches_zero(effect):
    draws = np.random.default_rng(0).normal(0.5, 0.3, 20_000)
    with bias_corrected():
        found = evidence(effect, draws)
        at = evidence(effect, draws, level=1 - found.p)
    assert at.low == pytest.approx(0, abs=0.01) and 0 < found.p < 1


def test_basic_intervals_and_given_p_stay_as_they_are():
    draws = np.random.default_rng(0).normal(0.5, 0.3, 1_000)
    plain = evidence(0.7, draws, method="basic", p=0.2)
    with bias_corrected():
        assert evidence(0.7, draws, method="basic", p=0.2) == plain
