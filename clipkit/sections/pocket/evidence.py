"""From numbers of the zoo to the ledger's evidence: which models are independent, and how sure an effect is."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.pocket.zoo.recipe import FinetuneRecipe, read_recipe, split_name
from clipkit.sections.draws import evidence_from_draws, p_of_limits
from clipkit.stats.contrast import Contrast

PARENT = "resnet-wild"
"""What every fine-tuned model of the zoo starts from."""
DATA = ("wild", "studio", "catalogue")
"""What it is fine-tuned on."""
SOURCES = ("wild", "studio", "mixed", "catalogue")
"""Training distributions, each of a recipe resnet-SOURCE that differs in nothing else."""


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
    """`evidence_from_draws`, but p, unless given, is `p_of_limits`.

    effect and draws (DRAWS,) in the claim's unit. models: those that enter.
    """
    found = evidence_from_draws(effect, draws, method=method, p=p, note=note, **_behind(models))
    if p is not None:
        return found
    return found._replace(p=p_of_limits(found.effect, found.low, found.high))


def from_contrast(
    found: Contrast, models: Sequence[str], *, scale: float = 100.0, note: str = ""
) -> Evidence:
    """A contrast as evidence, times `scale`; a negative one turns it round (B minus A)."""
    low, high = sorted((float(scale * found.low), float(scale * found.high)))
    return Evidence(float(scale * found.effect), low, high, float(found.p), note=note, **_behind(models))


def largest_pair(pairs: pd.DataFrame) -> tuple[pd.Series, str, str, float, float]:
    """The widest of differences a − b (columns a, b, value, low, high), turned so that it is positive.

    Its row, which has the higher and which the lower value, and the limits of the turned difference.

    >>> pairs = pd.DataFrame([("x", "y", -2.0, -3.0, -1.0)], columns=["a", "b", "value", "low", "high"])
    >>> largest_pair(pairs)[1:]
    ('y', 'x', 1.0, 3.0)
    """
    largest = pairs.loc[pairs.value.abs().idxmax()]
    sign = np.sign(largest.value) or 1.0
    first, second = (largest.a, largest.b) if sign > 0 else (largest.b, largest.a)
    low, high = sorted((float(sign * largest.low), float(sign * largest.high)))
    return largest, first, second, low, high


def _behind(models: Sequence[str]) -> dict[str, int]:
    return {"n_models": len(set(models)), "n_clusters": len({run_of(m) for m in models})}
