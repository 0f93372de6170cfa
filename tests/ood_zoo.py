"""A zoo whose numbers are chosen: every model of the design, with planted AUROC and accuracy."""

from collections.abc import Callable, Collection, Iterator

import numpy as np
import pandas as pd

from clipkit.pocket.zoo.recipe import FinetuneRecipe, shipped_recipes
from clipkit.sections.measure.ood_detection import ALL, AUROC, FPR, POCKET, SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.ood_scores import FAR, NEAR

SEEDS = (0, 1, 2)
ZERO_SHOT = tuple(r.name for r in shipped_recipes() if kind_of(f"{r.name}-s0") == "zero_shot")
COLUMNS = ["model", "section", "dataset", "subset", "metric", "value", "n", "prompts"]


def planted_zoo(
    auroc: Callable[..., float],
    accuracy: Callable[..., float],
    recipes: Collection[str] = (),
    spread: float = 0.004,
) -> MeasuredTable:
    """The numbers of all models, or of some recipes, from auroc(recipe, dataset, subset, score, prompts).

    Each model's luck (standard deviation `spread`) is added to all its numbers, most of it that of its parent.
    """
    rng = np.random.default_rng(0)
    parents = {r.name: r.parent for r in shipped_recipes() if isinstance(r, FinetuneRecipe)}
    of_parent, rows, luck = {}, [], []
    for recipe in (r.name for r in shipped_recipes() if r.role != "reference"):
        for seed in SEEDS if not recipes or recipe in recipes else ():
            shared = of_parent.setdefault((parents.get(recipe, recipe), seed), spread * rng.standard_normal())
            made = [(f"{recipe}-s{seed}", SECTION, *row) for row in _rows(recipe, auroc, accuracy)]
            rows += made
            luck += [shared + spread / 4 * rng.standard_normal()] * len(made)
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(unit="fraction", higher_is_better=True)
    frame["value"] += luck
    images = 0.01 * rng.standard_normal(DRAWS)  # what the images do to all models alike
    noise = 0.002 * rng.standard_normal((len(frame), DRAWS))
    return MeasuredTable(frame, frame.value.to_numpy()[:, None] + images + noise, {})


def _rows(recipe: str, auroc: Callable[..., float], accuracy: Callable[..., float]) -> Iterator[tuple]:
    """(dataset, subset, metric, value, n, prompts) as `measure` gives them."""
    prompted = kind_of(f"{recipe}-s0") == "zero_shot" or recipe.startswith(("flyp", "lora"))
    full, scores = ("80", ("mcm", "msp", "max-logit")) if prompted else ("", ("msp", "max-logit"))
    yield POCKET.known, ALL, "accuracy", accuracy(recipe), 1000, full
    for dataset, subset in [*((d, ALL) for d in (*POCKET.names, FAR, ALL)), (NEAR, "seen"), (NEAR, "unseen")]:
        for score in scores:
            value = auroc(recipe, dataset, subset, score, full)
            yield dataset, subset, f"{AUROC}/{score}", value, 1000, full
        yield dataset, subset, AUROC, auroc(recipe, dataset, subset, scores[0], full), 1000, full
        yield dataset, subset, FPR, 0.8, 1000, full
    for prompts in ("1", "5", "30") if prompted else ():
        for dataset in (NEAR, FAR, ALL):
            yield dataset, ALL, AUROC, auroc(recipe, dataset, ALL, "mcm", prompts), 1000, prompts
