"""One factor changed alone: the variance of seeds, and the contrast of two arms."""

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import (
    SeedVariance,
    contrast,
    minimal_detectable_effect,
    pooled_seed_variance,
    random_intercept,
)

STILL = np.zeros((3, 2))  # draws of three models that no image moves
SIGMA = SeedVariance(variance=2.0, df=10, n_recipes=5)


def test_seed_variance_is_the_residual_of_the_random_intercept_model_on_balanced_data():
    rng = np.random.default_rng(0)
    recipes = np.repeat(np.arange(10), 3)
    values = rng.normal(size=10)[recipes] + 0.5 * rng.normal(size=30)
    found = pooled_seed_variance(values, recipes)
    model = random_intercept(values, np.empty((30, 0)), recipes)
    assert not model.boundary
    assert found.variance == pytest.approx(model.residual_sd**2, rel=1e-4)
    assert (found.df, found.n_recipes) == (20, 10)


def test_recipes_without_repeats_change_nothing():
    alone = pooled_seed_variance([1.0, 3.0, 5.0, 9.0], list("aabb"))
    assert alone == SeedVariance(variance=(2 + 8) / 2, df=2, n_recipes=2)
    assert pooled_seed_variance([1.0, 3.0, 5.0, 9.0, 70.0], list("aabbc")) == alone


def test_image_noise_is_the_variance_of_a_mean_of_images_that_seeds_disagree_on():
    rng = np.random.default_rng(1)
    recipes, n = np.repeat(np.arange(4), 3), 300
    common, own = rng.normal(size=(4, n))[recipes], rng.normal(size=(12, n))
    counts = rng.multinomial(n, np.full(n, 1 / n), size=4_000)
    scores = common + 0.5 * own
    found = pooled_seed_variance(scores.mean(axis=1), recipes, draws=scores @ counts.T / n)
    assert found.image_noise == pytest.approx(0.5**2 / n, rel=0.1)


@pytest.mark.parametrize(("recipes", "repeats"), [(2, 3), (5, 2), (7, 4)])
def test_recipes_that_vary_together_hold_no_more_than_one_recipe(recipes, repeats):
    deviations = np.random.default_rng(2).normal(size=repeats)
    values, labels = np.tile(deviations, recipes), np.repeat(np.arange(recipes), repeats)
    seeds = np.tile(np.arange(repeats), recipes)
    found = pooled_seed_variance(values, labels, seeds=seeds)
    assert found.variance == pytest.approx(deviations.var(ddof=1))
    assert found.df == pytest.approx(repeats - 1)


def test_seeds_that_nothing_shares_change_nothing():
    values, recipes = [1.0, 3.0, 5.0, 9.0], list("aabb")
    assert pooled_seed_variance(values, recipes, seeds=range(4)) == pooled_seed_variance(values, recipes)


def test_without_image_noise_it_is_the_t_test_of_two_samples():
    rng = np.random.default_rng(3)
    a, b = rng.normal(1, 1, 3), rng.normal(0, 1, 3)
    found = contrast(a, b, STILL, STILL, pooled_seed_variance([*a, *b], [0, 0, 0, 1, 1, 1]))
    exact = stats.ttest_ind(a, b)
    assert (found.p, found.df) == pytest.approx((exact.pvalue, exact.df))
    assert (found.low, found.high) == pytest.approx(tuple(exact.confidence_interval()))


def test_without_image_noise_paired_arms_give_the_paired_t_test():
    rng = np.random.default_rng(4)
    parent = rng.normal(0, 5, 3)
    child = parent + rng.normal(1, 1, 3)
    found = contrast(
        child, parent, STILL, STILL, pooled_seed_variance(child - parent, [0, 0, 0]), paired=True
    )
    exact = stats.ttest_rel(child, parent)
    assert (found.p, found.df) == pytest.approx((exact.pvalue, exact.df))
    assert (found.low, found.high) == pytest.approx(tuple(exact.confidence_interval()))


def test_images_that_both_arms_find_hard_cancel():
    draws = np.random.default_rng(5).normal(size=(1, 500))
    together = contrast([1.0], [0.0], draws + 1, draws, SIGMA)
    apart = contrast([1.0], [0.0], draws + 1, draws[:, ::-1], SIGMA)
    assert together.se_images == pytest.approx(0, abs=1e-12)
    assert apart.se_images == pytest.approx(np.sqrt(2), rel=0.1)


def test_the_two_variances_add_and_share_their_degrees_of_freedom():
    draws = np.array([[-1.0, 1.0, -1.0, 1.0]])
    found = contrast([5.0], [4.0, 4.0], draws, np.zeros((2, 4)), SIGMA)
    images, seeds = 4 / 3, 2.0 * (1 + 1 / 2)
    assert (found.effect, found.n_a, found.n_b) == (1.0, 1, 2)
    assert (found.se_images**2, found.se_seeds**2) == pytest.approx((images, seeds))
    assert found.se**2 == pytest.approx(images + seeds)
    assert found.df == pytest.approx((images + seeds) ** 2 / (seeds**2 / 10))
    assert found.mde == minimal_detectable_effect(found.se, df=found.df)


def test_image_noise_leaves_the_seed_term_but_never_makes_it_negative():
    part, more = SIGMA._replace(image_noise=0.5), SIGMA._replace(image_noise=3.0)
    assert contrast([1.0], [0.0], STILL[:1], STILL[:1], part).se_seeds ** 2 == pytest.approx(2 * 1.5)
    assert contrast([1.0], [0.0], [[1, 2]], [[1, 1]], more).se_seeds == 0


def test_swapped_arms_swap_signs():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 50)), rng.normal(size=(3, 50))
    there = contrast(a.mean(1), b.mean(1), a, b, SIGMA)
    back = contrast(b.mean(1), a.mean(1), b, a, SIGMA)
    assert (there.effect, there.low, there.high) == pytest.approx((-back.effect, -back.high, -back.low))
    assert (there.p, there.se, there.mde) == pytest.approx((back.p, back.se, back.mde))


def test_where_nothing_varies_there_is_no_interval():
    found = contrast([1.0], [0.0], STILL[:1], STILL[:1], SIGMA._replace(variance=0.0))
    assert (found.effect, found.se) == (1.0, 0.0)
    assert np.isnan([found.low, found.high, found.p, found.mde]).all()


def test_draws_that_leave_a_model_undefined_are_left_out():
    draws = np.random.default_rng(7).normal(size=(1, 40))
    holed = np.c_[draws, np.full((1, 2), np.nan)]
    zeros = np.zeros((1, 42))
    assert contrast([1.0], [0.0], holed, zeros, SIGMA) == contrast([1.0], [0.0], draws, zeros[:, :40], SIGMA)
    with pytest.raises(BadInput, match="not finite on 5 of 45 draws"):
        contrast([1.0], [0.0], np.c_[draws, np.full((1, 5), np.inf)], np.zeros((1, 45)), SIGMA)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([1.0, 2.0], ["a", "b"]), "none of the 2 recipes has two seeds.*\n.*second seed"),
        (([1.0, np.nan], ["a", "a"]), "values is nan at 1"),
        (([[1.0, 2.0]], ["a", "a"]), r"values has shape \(1, 2\)"),
        (([1.0, 2.0], ["a"]), r"recipes has shape \(1,\), the data have 2 rows"),
        (([1.0, 2.0], ["a", "a"], {"draws": [[1.0, 2.0]]}), r"draws has shape \(1, 2\), there are 2 values"),
        (([1.0, 2.0], ["a", "a"], {"seeds": [0]}), r"seeds has shape \(1,\)"),
    ],
)
def test_seed_variance_names_what_is_wrong(arguments, text):
    *positional, named = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(BadInput, match=text):
        pooled_seed_variance(*positional, **named)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"a_values": [1.0]}, r"a_draws has shape \(3, 2\), there are 1 values"),
        ({"b_draws": np.zeros((3, 5))}, "a_draws has 2 draws and b_draws 5"),
        ({"b_values": [1.0], "b_draws": STILL[:1], "paired": True}, "paired arms have 3 and 1 seeds"),
        ({"a_values": [1.0, np.inf, 1.0]}, "a_values is inf at 1"),
        ({"seed_variance": SIGMA._replace(df=0)}, "seed_variance has 0 degrees of freedom"),
        ({"level": 95}, "level is 95"),
    ],
)
def test_contrast_names_what_is_wrong(changes, text):
    right = {"a_values": [1.0, 2.0, 3.0], "b_values": [1.0, 2.0, 3.0], "a_draws": STILL, "b_draws": STILL}
    with pytest.raises(BadInput, match=text):
        contrast(**{**right, "seed_variance": SIGMA, **changes})


RECIPE = np.repeat(np.arange(10), [3, 3, 2, 2, 2, 2, 2, 1, 1, 1])
ARMS = {"3 and 3 seeds": (0, 1), "3 and 1": (0, 7), "2 and 2": (2, 3), "1 and 1": (7, 8)}
N, DATA_SETS = 400, 800


def right_or_wrong(rng, means):
    """Right or wrong, (models, N): the image, recipe × image, the seed and seed × image decide; truth (10,)."""
    image, by_recipe = 0.8 * rng.normal(size=N), 0.5 * rng.normal(size=(10, N))
    seed, by_seed = 0.06 * rng.normal(size=(len(RECIPE), 1)), 0.6 * rng.normal(size=(len(RECIPE), N))
    right = (means + by_recipe.T).T[RECIPE] + image + seed + by_seed > 0
    return right, stats.norm.cdf(means / np.sqrt(0.8**2 + 0.5**2 + 0.06**2 + 0.6**2))


@pytest.mark.slow
@pytest.mark.parametrize("equal", [False, True], ids=["unequal", "null"])
def test_coverage_and_p_with_random_seeds_and_images(equal):
    # Of 800 data sets a share near 0.95 has a standard error of 0.8 %, one near 0.5 of 1.8 %.
    counts = np.random.default_rng(8).multinomial(N, np.full(N, 1 / N), size=300) / N
    covered, double, p = [], [], []
    for data_set in range(DATA_SETS):
        rng = np.random.default_rng(data_set)
        right, truth = right_or_wrong(rng, np.full(10, 0.4) if equal else rng.uniform(0, 0.9, size=10))
        values, draws = right.mean(axis=1), right @ counts.T
        sigma = pooled_seed_variance(values, RECIPE, draws=draws)
        for shares, noise in ((covered, sigma), (double, sigma._replace(image_noise=0.0))):
            found = [
                contrast(*(x[RECIPE == r] for x in (values, draws) for r in pair), noise)
                for pair in ARMS.values()
            ]
            effects = [truth[a] - truth[b] for a, b in ARMS.values()]
            shares.append([c.low <= e <= c.high for c, e in zip(found, effects, strict=True)])
            if noise is sigma:
                p.append([c.p for c in found])
    for arms, share in zip(ARMS, np.mean(covered, axis=0), strict=True):
        assert 0.93 <= share <= 0.97, arms
    # Counting seed × image twice can only widen; here by enough to see.
    assert (np.sum(double, axis=0) >= np.sum(covered, axis=0)).all() and np.mean(double) > 0.965
    if equal:
        for threshold, tolerance in ((0.05, 0.02), (0.25, 0.05), (0.5, 0.06), (0.75, 0.05)):
            np.testing.assert_allclose(np.mean(np.array(p) < threshold, axis=0), threshold, atol=tolerance)


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.8, 1.0])
def test_coverage_of_paired_arms_whose_parents_are_the_same_in_fifteen_contrasts(shared):
    # Of 1,000 data sets the covered share has a standard error of 0.7 %.
    labels, seeds = np.repeat(np.arange(15), 3), np.tile(np.arange(3), 15)
    covered = []
    for data_set in range(1_000):
        rng = np.random.default_rng(data_set)
        own, common = rng.normal(size=45), rng.normal(size=3)[seeds]
        values = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
        sigma = pooled_seed_variance(values, labels, seeds=seeds)
        found = contrast(values[:3], np.zeros(3), STILL, STILL, sigma, paired=True)
        covered.append(found.low <= 0 <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.97
