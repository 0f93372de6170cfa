"""A zoo whose numbers are made up: accuracies on lines that were chosen, with the noise of images and of seeds."""

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from clipkit.datasets.imagenet_x import FACTORS
from clipkit.metrics import resampled_mean
from clipkit.sections.measure import natural_shifts
from clipkit.sections.measure.visual_factors import counterfactuals
from clipkit.sections.measured import DRAWS, Measured, MeasuredTable
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats import shared_counts

SEEDS = range(3)
BASELINES = tuple(
    f"supervised-{r}-s0" for r in ("resnet-wild", "resnet-wild-10", "resnet-wild-30", "resnet-mixed", "vit-wild",
                                   "vit-wild-10", "edgenext-wild", "resnet-studio")
)  # fmt: skip
SLOPES = dict(zip(FACTORS, np.linspace(0.8, 1.2, len(FACTORS)), strict=True))
HARDNESS = dict(zip(FACTORS, np.linspace(-1.2, 0.9, len(FACTORS)), strict=True))


@cache
def _counts(dataset: str, n: int) -> np.ndarray:
    return shared_counts(dataset, n, DRAWS)


def _mean(section: str, dataset: str, subset: str, metric: str, right: np.ndarray, prompts: str) -> Measured:
    draws = resampled_mean(_counts(dataset, len(right)), right.astype(float))
    return Measured(section, dataset, subset, metric, float(right.mean()), draws, len(right), prompts)


def named(*recipes: str, seeds: Iterable[int] = SEEDS) -> list[str]:
    return [f"{recipe}-s{seed}" for recipe in recipes for seed in seeds]


def on_the_line(factor: str, wild: float) -> float:
    """What a baseline of this accuracy on the wild set has under a factor, or on a shift of that name."""
    return float(expit(HARDNESS.get(factor, -0.5) + SLOPES.get(factor, 0.9) * logit(wild)))


def planted_zoo(
    models: Iterable[str],
    wild: Callable[[str], float],
    beyond: Callable[[str, str], float] = lambda model, subset: 0.0,
    loss: Callable[[str], float] = lambda prompts: 0.0,
    n_scenes: int = 312,
    n_wild: int = 520,
    agreement: float = 0.6,
    seed: int = 0,
) -> MeasuredTable:
    """The table that `zoo_results` would give.

    wild(model): accuracy on the wild set. beyond(model, subset): how far above the line on a factor or shift,
    a fraction. loss(prompts): what a smaller set of prompts loses everywhere. agreement: correlation between
    models of how hard they find an image; at 1 two equal models give equal answers.
    """
    rng = np.random.default_rng(seed)
    ease: dict[str, np.ndarray] = {}
    models = list(models)
    found: list[tuple[str, Measured]] = []
    for model in models:
        own = np.random.default_rng([seed, models.index(model)])

        def correct(name, n, accuracy, own=own):
            if name not in ease:
                ease[name] = rng.normal(size=n)
            latent = np.sqrt(agreement) * ease[name] + np.sqrt(1 - agreement) * own.normal(size=n)
            return latent < norm.ppf(np.clip(accuracy, 1e-6, 1 - 1e-6))

        chance = wild(model)
        prompts_of = ("",) if kind_of(model) == "baseline" else ("80", "30", "5", "1")
        for prompts in prompts_of:
            lost = loss(prompts)
            answers = {"base": correct("base", n_scenes, 0.95 - lost)}
            for factor in FACTORS:
                accuracy = on_the_line(factor, chance) + beyond(model, factor) - lost
                answers[factor] = correct(factor, n_scenes, accuracy)
            numbers = counterfactuals(
                np.concatenate(list(answers.values())),
                np.repeat(list(answers), n_scenes),
                np.tile(np.arange(n_scenes), len(answers)),
                prompts,
            )
            found += [
                (model, m) for m in numbers if prompts in ("", "80") or m.subset in ("base", "all factors")
            ]
            wanted = natural_shifts.DATASETS if prompts in ("", "80", "1") else (natural_shifts.ORDINARY,)
            for dataset in wanted:
                accuracy = (
                    chance if dataset == "wild" else on_the_line(dataset, chance) + beyond(model, dataset)
                )
                right = correct(dataset, n_wild, accuracy - lost)
                found.append(
                    (
                        model,
                        _mean(
                            natural_shifts.SECTION, dataset, natural_shifts.ALL, "accuracy", right, prompts
                        ),
                    )
                )
            if prompts == "80":
                right = correct("retrieval", n_wild, chance + beyond(model, "retrieval"))
                found.append((model, _mean("retrieval", "retrieval", "both", "recall@1", right, "")))
    frame = pd.DataFrame([{"model": model, **m._asdict()} for model, m in found]).drop(columns="draws")
    return MeasuredTable(frame, np.array([m.draws for _, m in found]), {})
