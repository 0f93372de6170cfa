"""The sign-flip permutation test."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import paired_permutation_test


def by_enumeration(difference, clusters):
    totals = np.array([difference[clusters == c].sum() for c in np.unique(clusters)])
    flipped = [abs(np.dot(signs, totals)) for signs in product((-1, 1), repeat=len(totals))]
    return np.mean(np.array(flipped) >= abs(totals.sum()) - 1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("grouped", [False, True])
def test_exact_p_is_the_enumeration(seed, grouped):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.4, 1, 10), rng.normal(size=10)
    clusters = rng.integers(6, size=10) if grouped else np.arange(10)
    found = paired_permutation_test(a, b, clusters=clusters if grouped else None)
    assert found.p == pytest.approx(by_enumeration(a - b, clusters))
    assert found.effect == pytest.approx((a - b).mean())
    assert (found.n, found.n_clusters) == (10, len(np.unique(clusters)))
    assert found.method == "sign-flip permutation, exact"


def test_exact_p_equals_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, 12), rng.normal(size=12)
    theirs = stats.permutation_test(
        (a, b), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert paired_permutation_test(a, b).p == pytest.approx(theirs.pvalue)


def test_binary_scores_give_the_sign_test():
    a = np.r_[np.ones(9), np.zeros(3), np.ones(50)]
    b = np.r_[np.zeros(9), np.ones(3), np.ones(50)]
    assert paired_permutation_test(a, b).p == pytest.approx(stats.binomtest(9, 12).pvalue)


@pytest.mark.parametrize("binary", [False, True])
def test_drawn_p_is_the_exact_p_within_monte_carlo_error(binary):
    rng = np.random.default_rng(2)
    if binary:
        a, b = np.r_[np.ones(30), np.zeros(18)], np.r_[np.zeros(30), np.ones(18)]
        exact = stats.binomtest(30, 48).pvalue
    else:
        a, b = rng.normal(0.4, 1, 16), rng.normal(size=16)
        exact = by_enumeration(a - b, np.arange(16))
    found = paired_permutation_test(a, b, draws=20_000)
    assert found.method == "sign-flip permutation, 20000 draws"
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000) + 1 / 20_000)


def test_p_is_never_zero():
    assert paired_permutation_test(np.ones(100), np.zeros(100), draws=999).p == 1 / 1000


def test_equal_scores_give_one():
    assert paired_permutation_test(np.ones(50), np.ones(50)).p == 1.0


def test_swapping_turns_the_effect_and_keeps_p():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.2, 1, 60), rng.normal(size=60)
    one, other = paired_permutation_test(a, b), paired_permutation_test(b, a)
    assert (one.effect, one.p) == (-other.effect, other.p)


def test_shift_of_both_scale_and_row_order_change_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.integers(5, size=60), rng.integers(5, size=60)
    order = rng.permutation(60)
    p = paired_permutation_test(a, b).p
    assert (
        p == paired_permutation_test(a + 7, b + 7).p == paired_permutation_test(a[order] * 4, b[order] * 4).p
    )


def test_same_seed_same_p_whatever_the_number_of_images():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.1, 1, 300), rng.normal(size=300)
    first, again, other = (paired_permutation_test(a, b, draws=500, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.p != other.p


@pytest.mark.parametrize("kind", ["continuous", "binary", "clustered"])
def test_without_an_effect_one_test_in_twenty_rejects(kind):
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(1000):
        a, b, clusters = rng.normal(size=(2, 60)), None, None
        if kind == "binary":
            a = a > 0
        elif kind == "clustered":
            clusters = np.arange(60) // 3
            a = a + np.repeat(rng.normal(size=(2, 20)), 3, axis=1)
        a, b = a
        rejected += paired_permutation_test(a, b, clusters=clusters, draws=399).p <= 0.05
    # Of 1,000 tests 50 ± 7 reject; discrete scores (30 pairs that differ) reject less often, never more.
    assert (20 if kind == "binary" else 30) <= rejected <= 70


def test_errors_name_the_culprit():
    with pytest.raises(BadInput, match=r"a has shape \(3,\) and b has shape \(2,\)"):
        paired_permutation_test([1, 2, 3], [1, 2])
    with pytest.raises(BadInput, match="not finite at row 1"):
        paired_permutation_test([1, np.nan, 3], [1, 2, 3])
    with pytest.raises(BadInput, match="seed is 0.5"):
        paired_permutation_test(np.arange(20.0), np.arange(20.0) ** 2, seed=0.5)
