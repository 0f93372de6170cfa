"""Nominal 95 % intervals cover the truth about 95 times in 100.

Each column is one simulated data set, so that two thousand bootstraps are one matrix product; the
covered share then has a standard error of 0.5 %. Where theory promises less than nominal coverage (ten
clusters, ECE), `benchmarks/interval_coverage.py` measures it and the docstrings quote it.
"""

import numpy as np
import pytest

from clipkit.stats import bootstrap_mean, paired_difference

DATA_SETS, DRAWS = 2000, 2000


def coverage(interval, truth):
    return np.mean((interval.low <= truth) & (truth <= interval.high))


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize("n", [100, 400])
def test_accuracy(method, n):
    correct = np.random.default_rng(0).random((n, DATA_SETS)) < 0.7
    assert 0.93 <= coverage(bootstrap_mean(correct, method=method, draws=DRAWS), 0.7) <= 0.97


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_mean_of_a_skewed_score(method):
    loss = np.random.default_rng(1).gamma(2.0, size=(200, DATA_SETS))
    assert 0.93 <= coverage(bootstrap_mean(loss, method=method, draws=DRAWS), 2.0) <= 0.97


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_paired_difference_of_correlated_models(method):
    rng = np.random.default_rng(2)
    difficulty = rng.random((300, DATA_SETS))
    # The better model is right on 10 % of the images more, and they share what is hard.
    a = rng.random((300, DATA_SETS)) < 1.0 - 0.8 * difficulty
    b = rng.random((300, DATA_SETS)) < 0.9 - 0.8 * difficulty
    assert 0.93 <= coverage(paired_difference(a, b, method=method, draws=DRAWS), 0.1) <= 0.97


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_fifty_clusters(method):
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(50), np.tile([3, 4, 5, 4], 13)[:50])
    scores = rng.normal(size=(50, DATA_SETS))[clusters] + rng.normal(size=(len(clusters), DATA_SETS))
    assert (
        0.93 <= coverage(bootstrap_mean(scores, clusters=clusters, method=method, draws=DRAWS), 0.0) <= 0.97
    )


def test_ignoring_clusters_covers_far_too_rarely():
    rng = np.random.default_rng(4)
    scores = np.repeat(rng.normal(size=(50, DATA_SETS)), 4, axis=0)
    assert coverage(bootstrap_mean(scores, draws=DRAWS), 0.0) < 0.75
