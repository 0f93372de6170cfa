"""Whether pocket models tell a caption from one that is almost true, kind by kind."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measure.retrieval import BLIND, PREFERRED, SECTION
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.stats import holm
from clipkit.stats.contrast import Contrast, SeedVariance, contrast, pooled_seed_variance

CHANCE = 0.5


def against_chance(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Caption accuracy of each recipe trained from scratch against a coin, for each kind of swap.

    One row for each kind and recipe: value, low, high (fractions; interval over new seeds and images), p against
    one half, p_holm corrected over the frame; blind, the share of *other* pictures that prefer the true caption;
    seen, seen_low, seen_high, what the right picture adds to that; n_models. The variance between seeds is
    pooled over recipes. Raises MissingData where nothing was measured, or no recipe with two seeds.
    """
    table = zoo_results() if table is None else table
    rows = []
    for kind in KINDS:
        own, blind = (_numbers(table, kind, metric) for metric in (PREFERRED, BLIND))
        coin = _Numbers(own.recipes, np.full_like(own.values, CHANCE), np.full_like(own.draws, CHANCE))
        spread = [_seed_variance(own, other) for other in (coin, blind)]
        for recipe in dict.fromkeys(own.recipes):
            chance, seen = (
                _compare(own, other, recipe, variance)
                for other, variance in zip((coin, blind), spread, strict=True)
            )
            rows.append(
                {
                    "kind": kind,
                    "recipe": recipe,
                    "value": CHANCE + chance.effect,
                    "low": CHANCE + chance.low,
                    "high": CHANCE + chance.high,
                    "p": chance.p,
                    "blind": CHANCE + chance.effect - seen.effect,
                    "seen": seen.effect,
                    "seen_low": seen.low,
                    "seen_high": seen.high,
                    "n_models": chance.n_a,
                }
            )
    frame = pd.DataFrame(rows)
    return frame.assign(p_holm=holm(frame.p.to_numpy()))


class _Numbers(NamedTuple):
    recipes: np.ndarray
    values: np.ndarray
    draws: np.ndarray


def _numbers(table: MeasuredTable, kind: str, metric: str) -> _Numbers:
    rows = table.rows(section=SECTION, dataset="hard-negatives", subset=kind, metric=metric)
    frame = table.frame.iloc[rows].assign(row=rows).sort_values("model")
    rows = frame.row[frame.model.map(kind_of) == "zero_shot"].to_numpy(int)
    recipes = np.array([split_name(model)[0] for model in table.frame.model.iloc[rows]])
    if len(set(recipes)) == len(recipes):
        raise MissingData(
            f"no recipe has captions of kind {kind!r} measured with two seeds",
            "train and evaluate more of the zoo",
        )
    return _Numbers(recipes, table.frame.value.to_numpy()[rows], table.draws[rows])


def _seed_variance(a: _Numbers, b: _Numbers) -> SeedVariance:
    return pooled_seed_variance(a.values - b.values, a.recipes, draws=a.draws - b.draws)


def _compare(a: _Numbers, b: _Numbers, recipe: str, variance: SeedVariance) -> Contrast:
    """Models of one recipe, each with its own partner in `b`."""
    here = a.recipes == recipe
    return contrast(a.values[here], b.values[here], a.draws[here], b.draws[here], variance, paired=True)
