"""Shared bootstrap counts: the same everywhere, independent between data sets, with the bootstrap's moments."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipkit.errors import BadInput
from clipkit.metrics import resampled_mean
from clipkit.stats import bootstrap_draws, shared_counts, shared_draws


def test_bytes_are_pinned():
    counts = shared_counts("wild", 8, draws=5)
    assert counts.dtype == np.int16
    assert (
        sha256(counts.astype("<i2").tobytes()).hexdigest()
        == "39490994373bfba5e69603635b81a91a9a6d0c7f8a4d400f6fe93d249403efcc"
    )
    pairs = shared_counts("wild", 8, draws=5, clusters=list("aabbccdd"))
    assert (
        sha256(pairs.astype("<i2").tobytes()).hexdigest()
        == "01adb02959c896204e893b4946de14fef8d6c2dc7fb50b591405943f889e6adc"
    )


@given(st.text(min_size=1), st.integers(2, 30), st.integers(1, 20))
def test_rows_hold_n_images_and_come_again(name, n, draws):
    counts = shared_counts(name, n, draws)
    assert counts.shape == (draws, n) and counts.min() >= 0
    assert (counts.sum(axis=1) == n).all()
    np.testing.assert_array_equal(counts, shared_counts(name, n, draws))
    np.testing.assert_array_equal(counts[:1], shared_counts(name, n, 1))


@given(st.lists(st.integers(0, 5), min_size=2, max_size=20).filter(lambda labels: len(set(labels)) > 1))
def test_clusters_are_drawn_whole(labels):
    counts = shared_counts("pairs", len(labels), 20, clusters=labels)
    distinct, first, of_row, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    of_cluster = counts[:, first]
    np.testing.assert_array_equal(counts, of_cluster[:, of_row])
    assert (of_cluster.sum(axis=1) == len(distinct)).all()
    np.testing.assert_array_equal(counts.sum(axis=1), of_cluster @ sizes)


def test_clusters_of_one_image_are_images():
    np.testing.assert_array_equal(
        shared_counts("wild", 9, 20, clusters=range(9)), shared_counts("wild", 9, 20)
    )


def test_the_memory_block_moves_no_count(monkeypatch):
    expected = shared_counts("wild", 30, 50)
    for block in (1, 100, 10_000):
        monkeypatch.setattr(shared_draws, "BLOCK", block)
        np.testing.assert_array_equal(shared_counts("wild", 30, 50), expected)


@pytest.mark.parametrize("other", ["studio", "Wild", "wild "])
def test_other_names_are_independent(other):
    a, b = shared_counts("wild", 100), shared_counts(other, 100)
    # 100,000 pairs: the standard error of the correlation is 0.003.
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.01


def test_moments_are_those_of_a_multinomial():
    counts = shared_counts("wild", 50, 20_000).astype(float)
    covariance = np.cov(counts, rowvar=False)
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(np.diag(covariance), 1 - 1 / 50, atol=0.05)
    np.testing.assert_allclose(covariance[~np.eye(50, dtype=bool)], -1 / 50, atol=0.04)


@pytest.mark.parametrize("clusters", [None, np.arange(200) % 40])
def test_means_scatter_as_those_of_the_seeded_bootstrap(clusters):
    scores = np.random.default_rng(0).normal(size=200) + np.arange(200) % 40 / 20
    ours = resampled_mean(shared_counts("wild", 200, 10_000, clusters), scores)
    theirs = bootstrap_draws(scores, clusters=clusters, draws=10_000)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * theirs.std() / 100)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("", 4), "name is ''\n  -> give the data set's name"),
        ((7, 4), "name is 7"),
        (("wild", 1), "1 row cannot be resampled"),
        (("wild", 4, 0), "draws is 0"),
        (("wild", 4, 10, [0, 0, 1]), r"clusters has shape \(3,\), the data have 4 rows"),
        (("wild", 4, 10, ["a"] * 4), "1 cluster cannot be resampled"),
        (("wild", 2, 10, ["a", None]), "clusters has no label at row 1"),
    ],
)
def test_errors_name_the_culprit(arguments, text):
    with pytest.raises(BadInput, match=text):
        shared_counts(*arguments)
