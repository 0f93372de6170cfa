"""The effect of one factor changed alone, from two arms of models: the spread of seeds and of images in one."""

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats.power import minimal_detectable_effect
from clipkit.stats.resample import MOST_UNDEFINED
from clipkit.stats.units import codes_of


class SeedVariance(NamedTuple):
    """How much one recipe's result varies from seed to seed, in the squared unit of the values.

    `df` are its degrees of freedom. `image_noise` is the part of `variance` that comes from the sample of
    test images (0 where unknown); a contrast's image term holds it already.
    """

    variance: float
    df: float
    n_recipes: int
    image_noise: float = 0.0


class Contrast(NamedTuple):
    """Arm A minus arm B, in the unit of the values; positive where A has the higher ones.

    `low`, `high` and `p` (two-sided) are Student's with `df`; `mde` is the true effect found with a
    probability of 0.8. se² = se_images² + se_seeds². `n_a` and `n_b` count seeds. Where neither images nor
    seeds vary, low, high, p and mde are NaN.
    """

    effect: float
    low: float
    high: float
    p: float
    se: float
    se_images: float
    se_seeds: float
    df: float
    mde: float
    n_a: int
    n_b: int

    def __str__(self) -> str:
        return f"{self.effect:+.3f} [{self.low:+.3f}, {self.high:+.3f}], p = {self.p:.3g}"


def pooled_seed_variance(values, recipes, *, draws=None, seeds=None) -> SeedVariance:
    """Variance between seeds of one recipe: the within-recipe mean square over recipes with repeats.

    values: (n,) one number per model, or per pair of paired arms their difference. recipes: (n,) labels
    (for differences, of the contrast). The variance is taken to be the same in all recipes: one whose seeds
    vary more than the others' gets too narrow an interval, so pool what is plausibly alike, and differences of
    paired arms apart from single models.

    draws: (n, draws) the same numbers on resampled images, the same resamples for all; they tell which part
    of the spread is image noise. seeds: (n,) labels of what models of different recipes share, above all
    the parent of fine-tuned ones. Shared noise does not bias the variance, but there is less to learn it from:
    with `seeds`, df falls from Σ(n_r − 1) to Σ(n_r − 1) / (1 + (R − 1)ρ²) for R recipes with the same seeds,
    ρ being the correlation found between recipes (none if it is negative).

    Raises BadInput where no recipe has two seeds, or shapes do not fit.

    Source: the moment estimate of the residual variance of the random-intercept model, to which
    `random_intercept` agrees on balanced data.

    >>> pooled_seed_variance([70.0, 72.0, 60.0, 63.0, 66.0, 50.0], ["a", "a", "b", "b", "b", "c"])
    SeedVariance(variance=6.666..., df=3.0, n_recipes=2, image_noise=0.0)
    """
    values = _finite(values, "values")
    codes, names = codes_of(recipes, len(values), "recipes")
    counts = np.bincount(codes)
    if counts.max() < 2:
        raise BadInput(
            f"none of the {len(names)} recipes has two seeds: nothing tells how much a seed matters",
            "train one recipe at least with a second seed, or pool with recipes that have one",
        )
    centre = np.eye(len(values)) - (codes[:, None] == codes) / counts[codes]
    plain_df = len(values) - len(names)
    residual = centre @ values
    variance = float(residual @ residual) / plain_df
    df, image_noise = float(plain_df), 0.0
    if seeds is not None and variance > 0:
        df = plain_df / _inflation(residual, centre, codes_of(seeds, len(values), "seeds")[0], variance)
    if draws is not None:
        spread = (centre @ _defined(_draws(draws, len(values), "draws"))).var(axis=1, ddof=1)
        image_noise = float(spread.sum()) / plain_df
    return SeedVariance(variance, df, int((counts > 1).sum()), image_noise)


def contrast(
    a_values,
    b_values,
    a_draws,
    b_draws,
    seed_variance: SeedVariance,
    paired: bool = False,
    *,
    level: float = 0.95,
) -> Contrast:
    """Mean of arm A minus mean of arm B, for new seeds and new test images of the same kind.

    a_values: (n_a,), b_values: (n_b,), one number per seed; one seed per arm is enough. a_draws: (n_a,
    draws), b_draws: (n_b, draws), the same numbers on resampled images, the same resamples in both arms;
    draws on which a model is not finite are left out, 5 % at most. paired: seed i of A belongs to seed i of B
    (a fine-tuned model and its own parent); `seed_variance` is then that of the differences.

    Images: se_images is the standard deviation over draws of (mean of A − mean of B), so what both arms find
    hard cancels; its degrees of freedom are taken as infinite (test images number hundreds). Seeds:
    σ²(1/n_a + 1/n_b), or σ²/n if paired. Their sum has Satterthwaite's degrees of freedom.

    Nothing counts twice if `seed_variance` was given draws. Seeds are compared on one test set: what its
    images do to all seeds alike is in the image term alone, and what a seed does to all images alike in the
    seed term alone. But that a seed happens to suit just these images (seed × image) shows in both. Its
    variance is seed_variance.image_noise, and leaves the seed term, which stops at 0. Without draws it
    counts twice: then intervals are too wide and p too large, never the reverse. Unpaired arms
    whose seeds rise and fall together (same initial weights, same order of images) err to the same side.

    Raises BadInput for shapes that do not fit, missing values or a level outside (0, 1).

    Source: Welch–Satterthwaite, Satterthwaite (1946), doi:10.2307/3002019, with the image term for known.

    >>> sigma = SeedVariance(variance=2.0, df=10, n_recipes=5)
    >>> found = contrast([75.0, 77.0], [72.0, 74.0], [[74, 76], [77, 77]], [[72, 72], [73, 75]], sigma)
    >>> print(found)
    +3.000 [-0.151, +6.151], p = 0.0599
    >>> found.se_images, round(found.se_seeds**2, 6), found.df
    (0.0, 2.0, 10.0)
    """
    a, b = _finite(a_values, "a_values"), _finite(b_values, "b_values")
    a_draws, b_draws = _draws(a_draws, len(a), "a_draws"), _draws(b_draws, len(b), "b_draws")
    if a_draws.shape[1] != b_draws.shape[1]:
        raise BadInput(
            f"a_draws has {a_draws.shape[1]} draws and b_draws {b_draws.shape[1]}",
            "score both arms on the same resamples",
        )
    if paired and len(a) != len(b):
        raise BadInput(
            f"paired arms have {len(a)} and {len(b)} seeds", "give each model of A its own partner in B"
        )
    if not seed_variance.df > 0:
        raise BadInput(f"seed_variance has {seed_variance.df} degrees of freedom", "use pooled_seed_variance")
    if not 0 < level < 1:
        raise BadInput(f"level is {level!r}", "give the coverage as a fraction, such as 0.95")

    effect = float(a.mean() - b.mean())
    both = _defined(np.concatenate([a_draws, b_draws]))
    image_variance = float((both[: len(a)].mean(axis=0) - both[len(a) :].mean(axis=0)).var(ddof=1))
    share = 1 / len(a) if paired else 1 / len(a) + 1 / len(b)
    beyond_images = share * max(seed_variance.variance - seed_variance.image_noise, 0.0)
    variance = image_variance + beyond_images
    # What is uncertain is σ² as estimated, also where image noise has been taken off it.
    uncertain = (share * seed_variance.variance) ** 2 / seed_variance.df
    df = variance**2 / uncertain if uncertain else math.inf
    se = math.sqrt(variance)
    if se > 0:
        reach = float(stats.t.ppf((1 + level) / 2, df)) * se
        p = float(2 * stats.t.sf(abs(effect) / se, df))
        mde = minimal_detectable_effect(se, level, df=df)
    else:
        reach = p = mde = math.nan
    return Contrast(
        effect,
        effect - reach,
        effect + reach,
        p,
        se,
        math.sqrt(image_variance),
        math.sqrt(beyond_images),
        df,
        mde,
        len(a),
        len(b),
    )


def _inflation(residual: np.ndarray, centre: np.ndarray, seeds: np.ndarray, variance: float) -> float:
    """Factor by which noise shared by models of one seed lowers the degrees of freedom; at least 1."""
    df = np.trace(centre)
    sums = np.bincount(seeds, weights=residual)
    # Pairs of residuals, the second moment of those that share a seed: under correlation ρ between recipes
    # the sum of products expects ρσ² × overlap, and Var(σ²) grows by ρ² × overlap / df.
    same = seeds[:, None] == seeds
    shared = centre @ same
    overlap = float((shared * shared.T).sum() - df)
    if overlap <= 0:
        return 1.0
    rho = np.clip((sums @ sums - residual @ residual) / (overlap * variance), 0, 1)
    return float(1 + rho**2 * overlap / df)


def _finite(values, name: str) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values):
        raise BadInput(f"{name} has shape {values.shape}", "give one number per seed, (n,)")
    if not np.isfinite(values).all():
        raise BadInput(
            f"{name} is {values[~np.isfinite(values)][0]} at {int(np.argmin(np.isfinite(values)))}",
            "leave out that model",
        )
    return values


def _draws(draws, n: int, name: str) -> np.ndarray:
    draws = np.asarray(draws, dtype=float)
    if draws.ndim != 2 or len(draws) != n or draws.shape[1] < 2:
        raise BadInput(
            f"{name} has shape {draws.shape}, there are {n} values",
            f"give (n, draws) with n = {n}, draws ≥ 2",
        )
    return draws


def _defined(draws: np.ndarray) -> np.ndarray:
    """The columns of (n, draws) on which every model's number is finite."""
    finite = np.isfinite(draws).all(axis=0)
    if finite.mean() < 1 - MOST_UNDEFINED:
        raise BadInput(
            f"a model's result is not finite on {(~finite).sum()} of {len(finite)} draws",
            "use a metric or subset that is defined on most resamples",
        )
    return draws[:, finite]
