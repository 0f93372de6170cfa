"""From numbers of the zoo to the ledger's evidence: which models are independent, and how sure an effect is."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.stats import norm

from clipkit.evidence import Evidence
from clipkit.pocket.zoo.recipe import FinetuneRecipe, read_recipe, split_name
from clipkit.sections.draws import evidence_from_draws
from clipkit.stats.contrast import Contrast


@cache
def kind_of(model: str) -> str:
    """ "zero_shot", "baseline" (supervised from scratch) or "finetuned", as the model's recipe says.

    >>> kind_of("resnet-wild-s0"), kind_of("supervised-vit-wild-s0"), kind_of("flyp-studio-s1")
    ('zero_shot', 'baseline', 'finetuned')
    """
    recipe = read_recipe(split_name(model)[0])
    if isinstance(recipe, FinetuneRecipe):
        return "finetuned"
    return "baseline" if recipe.objective == "supervised" else "zero_shot"


@cache
def run_of(model: str) -> str:
    """The training run from scratch that a model goes back to: models that share one are one cluster.

    >>> run_of("wise-catalogue-s1"), run_of("vit-wild-s2")
    ('resnet-wild-s1', 'vit-wild-s2')
    """
    name, seed = split_name(model)
    recipe = read_recipe(name)
    return run_of(f"{recipe.parent}-s{seed}") if isinstance(recipe, FinetuneRecipe) else model


def from_draws(
    effect: float, draws, models: Sequence[str], *, note: str = "", method: str = "percentile", p=None
) -> Evidence:
    """`evidence_from_draws` with p from the normal distribution, unless given: `DRAWS` draws cannot show a small one.

    effect and draws (DRAWS,) in the claim's unit. models: those that enter.
    """
    if p is None:
        spread = np.std(draws, ddof=1)
        p = float(2 * norm.sf(abs(effect) / spread)) if spread > 0 else 1.0
    return evidence_from_draws(effect, draws, method=method, p=p, note=note, **_behind(models))


def from_contrast(
    found: Contrast, models: Sequence[str], *, scale: float = 100.0, note: str = ""
) -> Evidence:
    """A contrast as evidence, times `scale`; a negative one turns it round (B minus A)."""
    low, high = sorted((scale * found.low, scale * found.high))
    return Evidence(scale * found.effect, low, high, found.p, note=note, **_behind(models))


def _behind(models: Sequence[str]) -> dict[str, int]:
    return {"n_models": len(set(models)), "n_clusters": len({run_of(m) for m in models})}
