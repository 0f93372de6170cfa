"""The paired (cluster) bootstrap of means."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import bootstrap_draws, bootstrap_mean, paired_difference, units

METHODS = ["bca", "percentile"]


@pytest.fixture
def scores():
    return np.random.default_rng(0).gamma(2.0, size=(60, 4))


@pytest.fixture
def clusters():
    return np.random.default_rng(1).integers(12, size=60)


def test_draws_of_two_images_take_the_three_possible_means_in_their_shares():
    draws = bootstrap_draws([0, 1], draws=20_000)
    values, counts = np.unique(draws, return_counts=True)
    assert values.tolist() == [0.0, 0.5, 1.0]
    # The standard error of a share of 0.5 in 20,000 draws is 0.0035.
    np.testing.assert_allclose(counts / 20_000, [0.25, 0.5, 0.25], atol=0.015)


def test_clustered_draws_follow_the_enumeration_of_all_resamples():
    scores, clusters = np.array([1.0, 0.0, 1.0, 5.0]), np.array([0, 0, 1, 2])
    totals, sizes = np.array([1.0, 1.0, 5.0]), np.array([2, 1, 1])
    chosen = [list(c) for c in product(range(3), repeat=3)]
    exact = np.array([totals[c].sum() / sizes[c].sum() for c in chosen])
    draws = bootstrap_draws(scores, clusters=clusters, draws=40_000)
    assert set(np.round(draws, 9)) == set(np.round(exact, 9))
    assert draws.mean() == pytest.approx(exact.mean(), abs=4 * exact.std() / 200)
    assert draws.std() == pytest.approx(exact.std(), rel=0.02)


@pytest.mark.parametrize(("method", "scipys"), [("bca", "BCa"), ("percentile", "percentile")])
def test_limits_agree_with_scipy(scores, method, scipys):
    ours = bootstrap_mean(scores, method=method, draws=20_000)
    theirs = stats.bootstrap(
        (scores.T,), np.mean, axis=-1, method=scipys, n_resamples=20_000, batch=500, rng=3
    )
    se = theirs.standard_error
    # Limits of 20,000 draws have a Monte-Carlo error of about 0.03 standard errors, here twice.
    np.testing.assert_allclose(ours.low, theirs.confidence_interval.low, rtol=0, atol=0.15 * se.max())
    np.testing.assert_allclose(ours.high, theirs.confidence_interval.high, rtol=0, atol=0.15 * se.max())


def test_interval_carries_its_recipe(scores, clusters):
    found = bootstrap_mean(scores[:, 0], clusters=clusters, method="percentile", draws=50, level=0.9)
    assert (found.level, found.method, found.draws, found.n, found.n_clusters) == (
        0.9,
        "percentile",
        50,
        60,
        12,
    )
    assert all(type(x) is float for x in found[:3])


def test_value_is_the_mean_also_with_clusters_of_unequal_size(scores, clusters):
    np.testing.assert_array_equal(
        bootstrap_mean(scores, clusters=clusters, draws=50).value, scores.mean(axis=0)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grouped", [False, True])
def test_shift_and_scale(scores, clusters, method, grouped):
    options = {"method": method, "draws": 400, "clusters": clusters if grouped else None}
    plain, moved = bootstrap_mean(scores, **options), bootstrap_mean(3 * scores - 7, **options)
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(getattr(moved, name), 3 * getattr(plain, name) - 7, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_mirrored_scores_give_the_mirrored_interval(scores, method):
    plain = bootstrap_mean(scores, method=method, draws=400)
    mirrored = bootstrap_mean(-scores, method=method, draws=400)
    np.testing.assert_allclose(mirrored.low, -plain.high, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_columns_are_paired_and_independent_of_each_other(scores, method):
    together = bootstrap_mean(scores, method=method, draws=300)
    for j in range(scores.shape[1]):
        alone = bootstrap_mean(scores[:, j], method=method, draws=300)
        np.testing.assert_allclose([together.low[j], together.high[j]], [alone.low, alone.high], rtol=1e-12)


def test_all_models_meet_the_same_images(scores):
    a, b, rest = np.split(
        bootstrap_draws(np.c_[scores[:, :1], 2 * scores[:, :1], scores], draws=200), [1, 2], axis=1
    )
    np.testing.assert_allclose(b, 2 * a)
    np.testing.assert_allclose(rest[:, :1], a)


def test_rows_of_labelled_clusters_may_come_in_any_order(scores, clusters):
    order = np.random.default_rng(5).permutation(60)
    plain = bootstrap_draws(scores, clusters=clusters, draws=100)
    np.testing.assert_allclose(bootstrap_draws(scores[order], clusters=clusters[order], draws=100), plain)


def test_rows_in_another_order_move_limits_by_monte_carlo_error_only(scores):
    plain, turned = (bootstrap_mean(s, draws=20_000) for s in (scores, scores[::-1]))
    np.testing.assert_allclose(turned.low, plain.low, rtol=0, atol=0.15 * (plain.high - plain.low).max() / 4)


def test_clusters_of_one_row_are_the_plain_bootstrap(scores):
    plain = bootstrap_mean(scores, draws=300)
    single = bootstrap_mean(scores, clusters=[f"{i:03d}" for i in range(60)], draws=300)
    for ours, theirs in zip(single, plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_duplicated_rows_in_one_cluster_change_nothing(scores):
    plain = bootstrap_mean(scores, draws=300)
    doubled = bootstrap_mean(np.repeat(scores, 2, axis=0), clusters=np.repeat(np.arange(60), 2), draws=300)
    np.testing.assert_allclose(doubled[:3], plain[:3])
    assert (doubled.n, doubled.n_clusters) == (120, 60)


def test_same_seed_same_draws_other_seed_other_draws(scores):
    first, again, other = (bootstrap_draws(scores, draws=50, seed=s) for s in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("block", [1, 61, 1000])
@pytest.mark.parametrize("grouped", [False, True])
def test_memory_blocks_do_not_change_the_draws(scores, clusters, grouped, block, monkeypatch):
    labels = clusters if grouped else None
    binary = scores > 1.5  # sums of 0/1 are exact, so equality is too
    whole = bootstrap_draws(binary, clusters=labels, draws=97)
    monkeypatch.setattr(units, "BLOCK", block)
    np.testing.assert_array_equal(bootstrap_draws(binary, clusters=labels, draws=97), whole)


def test_more_draws_begin_with_the_same_draws(scores):
    np.testing.assert_allclose(bootstrap_draws(scores, draws=300)[:100], bootstrap_draws(scores, draws=100))


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1])
@pytest.mark.parametrize("method", METHODS)
def test_constant_scores_give_an_interval_of_no_width(constant, method):
    found = bootstrap_mean(np.full(30, constant), method=method, draws=200)
    np.testing.assert_allclose(found[:3], constant, rtol=1e-12)


@pytest.mark.parametrize("grouped", [False, True])
def test_paired_difference_is_the_difference_of_paired_draws(scores, clusters, grouped):
    options = {"clusters": clusters if grouped else None, "draws": 500}
    draws = bootstrap_draws(scores, **options)
    found = paired_difference(scores[:, 0], scores[:, 1], method="percentile", **options)
    np.testing.assert_allclose(
        [found.low, found.high], np.quantile(draws[:, 0] - draws[:, 1], [0.025, 0.975])
    )
    assert found.value == pytest.approx(scores[:, 0].mean() - scores[:, 1].mean())


def test_one_model_against_many(scores):
    many = paired_difference(scores[:, 0], scores[:, 1:], draws=100)
    one = paired_difference(scores[:, 0], scores[:, 2], draws=100)
    assert many.value.shape == (3,)
    np.testing.assert_allclose(many.low[1], one.low)


def test_pairing_narrows_the_interval_of_correlated_models():
    rng = np.random.default_rng(0)
    easy = rng.normal(size=500)
    a, b = easy + 0.1 * rng.normal(size=500), easy + 0.1 * rng.normal(size=500)
    paired = paired_difference(a, b, draws=500)
    alone = bootstrap_mean(a, draws=500)
    assert paired.high - paired.low < 0.3 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ([[0.1, np.nan]], {}, "scores are not finite at row 1"),
        ([np.zeros((2, 2, 2))], {}, r"scores have shape \(2, 2, 2\)"),
        ([[1.0]], {}, "1 row cannot be resampled"),
        ([[]], {}, "0 row cannot be resampled"),
        ([[1.0, 0.0]], {"clusters": ["a", "a"]}, "1 cluster cannot be resampled"),
        ([[1.0, 0.0]], {"clusters": ["a"]}, r"clusters has shape \(1,\), the data have 2 rows"),
        ([[1.0, 0.0]], {"clusters": ["a", None]}, "clusters has no label at row 1"),
        (
            [[1.0, 0.0]],
            {"method": "basic"},
            "interval method 'basic' is unknown\n  -> use 'bca' or 'percentile'",
        ),
        ([[1.0, 0.0]], {"level": 95}, "level is 95"),
        ([[1.0, 0.0]], {"draws": 0}, "draws is 0"),
        ([[1.0, 0.0]], {"seed": None}, "seed is None\n  -> give an integer of 0 or more"),
        ([[1.0, 0.0]], {"seed": True}, "seed is True"),
    ],
)
def test_errors_name_the_culprit(arguments, options, text):
    with pytest.raises(BadInput, match=text):
        bootstrap_mean(*arguments, **options)


def test_unpaired_scores_are_refused():
    with pytest.raises(BadInput, match="a has 3 rows and b has 2\n  -> pair the scores by image first"):
        paired_difference([1, 2, 3], [1, 2])
