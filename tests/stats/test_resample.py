"""The bootstrap of any statistic."""

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import bootstrap, bootstrap_mean


@pytest.fixture
def x():
    return np.random.default_rng(0).gamma(2.0, size=40)


def correlation(x, y):
    return np.corrcoef(x, y)[0, 1]


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize("grouped", [False, True])
def test_mean_is_bootstrap_mean_draw_for_draw(x, method, grouped):
    clusters = np.arange(40) // 3 if grouped else None
    options = {"clusters": clusters, "method": method, "draws": 300, "seed": 4}
    ours, fast = bootstrap(np.mean, x, **options), bootstrap_mean(x, **options)
    np.testing.assert_allclose(ours[:3], fast[:3], rtol=1e-12)
    assert ours[3:] == fast[3:]


def test_median_and_correlation_agree_with_scipy(x):
    y = x + np.random.default_rng(1).normal(size=40)
    options = {"n_resamples": 2000, "method": "BCa", "rng": 1, "paired": True, "vectorized": False}
    for statistic, arrays in ((np.median, (x,)), (correlation, (x, y))):
        ours = bootstrap(statistic, *arrays, method="bca", draws=2000)
        theirs = stats.bootstrap(arrays, statistic, **options)
        # Limits of 2,000 draws have a Monte-Carlo error of up to 0.1 standard errors each.
        np.testing.assert_allclose(
            ours[1:3], theirs.confidence_interval, rtol=0, atol=0.5 * theirs.standard_error
        )


def test_rows_of_all_arrays_stay_together(x):
    found = bootstrap(lambda a, b: np.abs(b - 2 * a).max(), x, 2 * x, draws=50)
    assert found[:3] == (0.0, 0.0, 0.0)


def test_vector_statistic_gives_each_its_own_interval(x):
    both = bootstrap(lambda a: np.array([a.mean(), np.median(a)]), x, draws=200)
    assert both.value.shape == both.low.shape == (2,)
    for j, statistic in enumerate((np.mean, np.median)):
        alone = bootstrap(statistic, x, draws=200)
        np.testing.assert_allclose([both.low[j], both.high[j]], [alone.low, alone.high])


def test_strata_keep_their_sizes(x):
    strata = np.repeat(["id", "ood"], [30, 10])
    found = bootstrap(lambda s: (s == "ood").sum(), strata, strata=strata, draws=100)
    assert found[:3] == (10.0, 10.0, 10.0)


def test_strata_are_resampled_independently_as_scipys_samples(x):
    a, b = x[:25], x[25:] + 1
    strata = np.repeat([0, 1], [25, 15])

    def difference(values, label):
        return values[label == 1].mean() - values[label == 0].mean()

    ours = bootstrap(difference, x + strata, strata, strata=strata, method="bca", draws=4000)
    theirs = stats.bootstrap((b, a), lambda b, a, axis: b.mean(axis) - a.mean(axis), n_resamples=4000, rng=1)
    assert ours.value == pytest.approx(b.mean() - a.mean())
    np.testing.assert_allclose(
        ours[1:3], theirs.confidence_interval, rtol=0, atol=0.3 * theirs.standard_error
    )


def test_whole_clusters_are_drawn_within_strata():
    clusters = np.array([0, 0, 1, 2, 2, 2, 3, 3])
    strata = np.array([0, 0, 0, 1, 1, 1, 1, 1])

    def whole(label):
        sizes = np.bincount(label, minlength=4)
        drawn = sizes / np.array([2, 1, 3, 2])
        return np.array([(drawn == drawn.round()).all(), drawn[:2].sum(), drawn[2:].sum()])

    found = bootstrap(whole, clusters, clusters=clusters, strata=strata, draws=100)
    assert found.low.tolist() == found.high.tolist() == [1.0, 2.0, 2.0]
    assert (found.n, found.n_clusters) == (8, 4)


def test_same_seed_same_interval(x):
    assert bootstrap(np.median, x, draws=50, seed=3) == bootstrap(np.median, x, draws=50, seed=3)
    assert bootstrap(np.median, x, draws=50, seed=3) != bootstrap(np.median, x, draws=50, seed=4)


def test_few_undefined_draws_are_dropped_and_counted():
    x = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
    # Undefined where no 1 is drawn: (2/5)^5 = 1 % of the resamples.
    found = bootstrap(lambda a: 1.0 if a.any() else np.nan, x, draws=2000)
    assert 1960 <= found.draws < 2000
    assert found[:3] == (1.0, 1.0, 1.0)


def test_many_undefined_draws_are_an_error():
    # Undefined where the one 1 is not drawn: (4/5)^5 = 33 % of the resamples.
    with pytest.raises(BadInput, match=r"not finite on 3\d\d of 1000 resamples\n  -> resample within strata"):
        bootstrap(lambda a: 1.0 if a.any() else np.nan, np.eye(5)[0], draws=1000)


@pytest.mark.parametrize(
    ("statistic", "arrays", "options", "text"),
    [
        (np.mean, [], {}, "no array to resample"),
        (np.dot, [[1, 2], [1, 2, 3]], {}, "arrays have 2, 3 rows"),
        (lambda a: np.nan, [[1, 2]], {}, "the statistic of the data themselves is not finite"),
        (lambda a: np.ones((2, 2)), [[1, 2]], {}, r"the statistic has shape \(2, 2\)"),
        (np.unique, [[1, 2, 3]], {}, r"the statistic has shape \(3,\) on the data and \("),
        (np.mean, [[1, 2, 3]], {"strata": [0, 0, 1]}, "stratum 1 has one unit only"),
        (
            np.mean,
            [[1, 2, 3, 4]],
            {"strata": [0, 0, 1, 1], "clusters": [0, 1, 1, 2]},
            "a cluster lies in more than one stratum",
        ),
        (
            lambda a: 1.0 if a.any() else np.nan,
            [np.r_[1.0, np.zeros(9)]],
            {"method": "bca", "draws": 1},
            "not finite",
        ),
    ],
)
def test_errors_name_the_culprit(statistic, arrays, options, text):
    with pytest.raises(BadInput, match=text):
        bootstrap(statistic, *arrays, **{"draws": 50, **options})
