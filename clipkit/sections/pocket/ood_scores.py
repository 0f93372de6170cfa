"""Which score detects best in the zoo, and whether it decides which model looks best."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from clipkit.errors import MissingData
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import read_recipe, split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.draws import run_counts
from clipkit.sections.measure.ood_detection import ALL, AUROC, POCKET, SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket.robustness import Numbers, gather, of_kind

NEAR, FAR = "near-ood", "far"
SETS = {NEAR: "near classes", FAR: "far sets", ALL: "all sets"}
SCORES = {"mcm": "MCM", "msp": "MSP", "max-logit": "max logit"}
USUAL = "usual"
"""MCM for models with prompts, MSP for those with a head."""
COMMON = (USUAL, "msp", "max-logit")
"""What every model can be judged by."""


def numbers(table: MeasuredTable, datasets: Sequence[str], metric: str = AUROC, subset: str = ALL) -> Numbers:
    """One metric of every model on several sets."""
    return gather(table, datasets, by="dataset", section=SECTION, subset=subset, metric=metric)


def metric_of(score: str) -> str:
    """The name under which a score's AUROC is measured.

    >>> metric_of("usual"), metric_of("msp")
    ('auroc', 'auroc/msp')
    """
    return AUROC if score == USUAL else f"{AUROC}/{score}"


def score_means(table: MeasuredTable) -> pd.DataFrame:
    """Mean AUROC of the zero-shot recipes by score, on each unknown set and on `SETS`.

    Columns: dataset, score, value, low, high, and against MCM difference, difference_low, difference_high;
    fractions. Intervals are percentile bootstrap over images and recipes together.
    """
    rows = [*POCKET.names, FAR, ALL]
    by_score = _of_recipes(table, rows)
    recipes = len(next(iter(by_score.values()))[0])
    weights = run_counts(range(recipes), DRAWS, np.random.default_rng(0)) / recipes
    drawn = {score: np.einsum("br,rsb->sb", weights, draws) for score, (_, draws) in by_score.items()}
    mean = {score: value.mean(axis=0) for score, (value, _) in by_score.items()}
    made = []
    for score in SCORES:
        low, high = np.quantile(drawn[score], [0.025, 0.975], axis=1)
        less, more = np.quantile(drawn[score] - drawn["mcm"], [0.025, 0.975], axis=1)
        made.append(
            pd.DataFrame(
                {
                    "dataset": rows,
                    "score": score,
                    "value": mean[score],
                    "low": low,
                    "high": high,
                    "difference": mean[score] - mean["mcm"],
                    "difference_low": less,
                    "difference_high": more,
                }
            )
        )
    return pd.concat(made, ignore_index=True)


def rank_agreement(table: MeasuredTable) -> pd.DataFrame:
    """Spearman correlation of the zero-shot recipes' AUROC by two scores: dataset, a, b, value, low, high, n.

    1: the scores rank the recipes alike. The interval is over images, for these recipes; resampled images
    shuffle recipes that are nearly equal, so it may lie below the value. Raises MissingData below four recipes.
    """
    rows = list(SETS)
    by_score = _of_recipes(table, rows)
    n = len(by_score["mcm"][0])
    if n < 4:
        raise MissingData(f"{n} zero-shot recipes have no ranking worth the name", "train and evaluate more")
    ranks = {k: (_ranks(value[:, :, None])[..., 0], _ranks(draws)) for k, (value, draws) in by_score.items()}
    made = []
    for a, b in combinations(SCORES, 2):
        value, draws = (_pearson(x, y) for x, y in zip(ranks[a], ranks[b], strict=True))
        low, high = np.quantile(draws, [0.025, 0.975], axis=-1)
        made.append(
            pd.DataFrame({"dataset": rows, "a": a, "b": b, "value": value, "low": low, "high": high, "n": n})
        )
    return pd.concat(made, ignore_index=True)


def best_by_score(table: MeasuredTable) -> pd.DataFrame:
    """The zero-shot recipe of the highest mean AUROC, by score (index) and set (columns)."""
    names = list(dict.fromkeys(split_name(m)[0] for m in _zero_shot(table, list(SETS), AUROC).models))
    by_score = _of_recipes(table, list(SETS))
    best = {score: [names[i] for i in value.argmax(axis=0)] for score, (value, _) in by_score.items()}
    return pd.DataFrame(best, index=list(SETS)).T


def effects_by_score(table: MeasuredTable, dataset: str = ALL) -> pd.DataFrame:
    """Each clean contrast of recipes by the usual score, MSP and max logit: a frame of `contrast_frame` with `score`.

    By the usual score a zero-shot model is judged by MCM and a model with a head by MSP: between the two, the
    score changes together with the model.
    """
    specs = [c for c in contrasts().values() if c.clean and c.kind == "recipes"]
    return _by_score(table, specs, dataset, COMMON)


def finetuning_by_score(
    table: MeasuredTable, dataset: str = ALL, scores: Sequence[str] = COMMON
) -> pd.DataFrame:
    """`effects_by_score` of the fine-tuned models against their own parents."""
    tuned = [c for c in contrasts().values() if c.factor == "fine-tuning"]
    return _by_score(table, [c for c in tuned if read_recipe(c.a).parent == c.b], dataset, scores)


def contradictions(table: MeasuredTable, dataset: str = ALL) -> list[str]:
    """Ids of the clean contrasts that surely raise AUROC by one score and surely lower it by another.

    Surely: the 95 % interval excludes zero; not corrected, since one looks for conflicts here.
    """
    frame = effects_by_score(table, dataset)
    up, down = (set(frame.id[beyond]) for beyond in (frame.low > 0, frame.high < 0))
    return sorted(up & down)


def _by_score(table: MeasuredTable, specs: list, dataset: str, scores: Sequence[str]) -> pd.DataFrame:
    return pd.concat(
        [
            contrast_frame(
                table, section=SECTION, dataset=dataset, subset=ALL, metric=metric_of(score), specs=specs
            ).assign(score=score)
            for score in scores
        ],
        ignore_index=True,
    )


def _zero_shot(table: MeasuredTable, datasets: list[str], metric: str) -> Numbers:
    return of_kind(numbers(table, datasets, metric), "zero_shot")


def _of_recipes(table: MeasuredTable, datasets: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Score → means over the seeds of each zero-shot recipe: (recipes, sets), and draws (recipes, sets, DRAWS)."""
    found = {}
    for score in SCORES:
        chosen = _zero_shot(table, datasets, metric_of(score))
        recipe = pd.factorize(pd.Series([split_name(m)[0] for m in chosen.models]))[0]
        share = (recipe == np.arange(recipe.max() + 1)[:, None]).astype(float)
        share /= share.sum(axis=1, keepdims=True)
        found[score] = share @ chosen.value, np.einsum("rm,msb->rsb", share, chosen.draws)
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    return rankdata(values, axis=0)


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Along the first axis."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return (x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
