"""What fine-tuning does to the distance from the baselines' line, method by method."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.pocket.evidence import DATA, PARENT
from clipkit.sections.pocket.robustness import Numbers
from clipkit.sections.pocket.share import Family, share_avoided
from clipkit.stats.contrast import Contrast

METHODS = ("linear-probe", "lora", "flyp", "cross-entropy")
PERMUTATIONS = 9_999


class SharesRemoved(NamedTuple):
    """Shares of the distance that fine-tuning on one kind of data removes; 1: all of it, 0: none, negative: it grew.

    mean: over the methods. by_method: share, low, high, p for each method (rows) and each data set it was tried
    with. distance: of the parents, pp. p_methods: that all methods remove alike. models: those behind `mean`. data:
    that of mean, p_methods and models.
    """

    mean: Contrast
    by_method: pd.DataFrame
    distance: float
    p_methods: float
    models: tuple[str, ...]
    data: str


def shares_removed(numbers: Numbers, data: str = "wild") -> SharesRemoved:
    """Shares of the mean absolute effective robustness of `numbers`, children against parents, seed by seed.

    Intervals are Fieller's over seeds and images (`share_avoided`), the seed variance pooled over methods.
    p_methods permutes methods within seeds. Raises MissingData where a method on `data` has no model, or
    no two seeds.
    """
    distance = {m: np.append(np.abs(v).mean(), np.abs(d).mean(axis=0))
                for m, v, d in zip(numbers.models, numbers.value, numbers.draws, strict=True)}  # fmt: skip
    families = {
        f"{method}-{tuned_on}": family
        for tuned_on in DATA
        for method in METHODS
        if len((family := _family(distance, f"{method}-{tuned_on}")).harsh)
    }
    judged = [f"{method}-{data}" for method in METHODS]
    seeds = _common_seeds(numbers, judged)
    together = np.mean([[distance[f"{r}-s{s}"] for s in seeds] for r in judged], axis=0)
    parents = np.array([distance[f"{PARENT}-s{s}"] for s in seeds])
    mean = share_avoided({"mean": Family(np.zeros_like(parents), -parents, -together)}, "mean")
    rows = []
    for recipe, family in families.items():
        found = share_avoided(families, recipe)
        method, tuned_on = recipe.rsplit("-", 1)
        rows.append(
            {"recipe": recipe, "method": method, "data": tuned_on, "value": found.effect, "low": found.low,
             "high": found.high, "p": found.p, "distance": -100 * family.gentle[:, 0].mean(), "n": found.n_a}
        )  # fmt: skip
    after = np.array([[distance[f"{r}-s{s}"][0] for r in judged] for s in seeds])
    models = [f"{r}-s{s}" for r in (PARENT, *judged) for s in seeds]
    return SharesRemoved(
        mean,
        pd.DataFrame(rows).set_index("recipe"),
        100 * float(parents[:, 0].mean()),
        _p_alike(after),
        tuple(models),
        data,
    )


def shares_text(shares: SharesRemoved) -> str:
    """`shares` in one sentence, for a note."""
    judged = shares.by_method[shares.by_method.data == shares.data]
    each = ", ".join(f"{r.method} {r.value:.2f}" for r in judged.itertuples())
    return (
        f"the parents lie {shares.distance:.1f} pp off the line; share removed on {shares.data} data: {each}; "
        f"that all methods remove alike has p = {shares.p_methods:.2g}"
    )


def _family(distance: dict[str, np.ndarray], recipe: str) -> Family:
    """Nearness to the line, minus the distance: of the line itself, of the parents and of the children."""
    pairs = [
        (distance[f"{PARENT}-s{split_name(m)[1]}"], after)
        for m, after in sorted(distance.items())
        if split_name(m)[0] == recipe and f"{PARENT}-s{split_name(m)[1]}" in distance
    ]
    if not pairs:
        return Family(*[np.empty((0, 0))] * 3)
    before, after = np.array(pairs).swapaxes(0, 1)
    return Family(np.zeros_like(before), -before, -after)


def _common_seeds(numbers: Numbers, recipes: list[str]) -> list[int]:
    """Seeds that the parent and all recipes have been measured with."""
    by_recipe = {r: {split_name(m)[1] for m in numbers.models if split_name(m)[0] == r} for r in recipes}
    by_recipe[PARENT] = {split_name(m)[1] for m in numbers.models if split_name(m)[0] == PARENT}
    seeds = sorted(set.intersection(*by_recipe.values()))
    if len(seeds) < 2:
        raise MissingData(
            f"{PARENT} and all of {', '.join(recipes)} have {len(seeds)} measured seeds in common",
            "two are needed: train and evaluate them",
        )
    return seeds


def _p_alike(after: np.ndarray) -> float:
    """p of no difference between the columns (methods) of (seeds, methods), permuted within rows."""
    rng, observed = np.random.default_rng(0), after.mean(axis=0).var()
    shuffled = np.array([rng.permuted(after, axis=1).mean(axis=0).var() for _ in range(PERMUTATIONS)])
    return float((1 + (shuffled >= observed * (1 - 1e-12)).sum()) / (1 + PERMUTATIONS))
