"""Is the laboratory in a useful range? Bars set before training, judged on the validation draw."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket import shape_bias_frames
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import gather
from clipkit.sections.pocket.shape_bias_frames import BASE, LEAST_DECIDED


class Bar(NamedTuple):
    """What a base model must reach on one metric, a fraction, to be of use."""

    title: str
    section: str
    dataset: str
    subset: str
    metric: str
    least: float
    most: float = 1.0


BARS = (
    Bar("accuracy, wild: useful and not saturated", "natural shifts", "wild", "all", "accuracy", 0.60, 0.92),
    Bar("text recall@5", "retrieval", "retrieval", "text", "recall@5", 0.60),
    Bar("AUROC, near OOD", "OOD detection", "near-ood", "all", "auroc", 0.65),
    Bar("cue conflict decided, neutral background", "shape bias", "cue-conflict-neutral", "all classes",
        "cue_accuracy", LEAST_DECIDED),
    Bar("cue conflict decided, other background", "shape bias", "cue-conflict-other", "all classes",
        "cue_accuracy", LEAST_DECIDED),
)  # fmt: skip
CLOSE = 0.12
"""How far the transformer's accuracy may lie below the convolutional model's."""


def bars(table: MeasuredTable | None = None) -> pd.DataFrame:
    """One row for each bar and base recipe: bar, recipe, value, low, high, seeds, least, most, met.

    value: mean over seeds; low, high: 95 % bootstrap interval over images. `met` is judged on the value. The last
    rows: what the transformer loses in accuracy, and how many pairs of models differ surely in shape bias on both
    backgrounds, a count without interval. table: the validation draw's, unless another is given.
    """
    table = table or zoo_results("validation")
    rows, accuracies = [], []
    for bar in BARS:
        found = gather(table, [bar.subset], section=bar.section, dataset=bar.dataset, metric=bar.metric)
        for recipe in BASE:
            own = [model for model in found.models if split_name(model)[0] == recipe]
            if not own:
                continue
            numbers = found.of(own)
            value, draws = numbers.value.mean(), numbers.draws[:, 0].mean(axis=0)
            rows.append(_row(bar.title, recipe, value, draws, len(own), bar.least, bar.most))
            if bar is BARS[0]:
                accuracies.append((value, draws))
    if len(accuracies) == len(BASE):
        (first, first_draws), (second, second_draws) = accuracies
        lost = first - second, first_draws - second_draws
        rows.append(_row("accuracy lost by the transformer", "both", *lost, 1, -1.0, CLOSE))
    apart = len(shape_bias_frames.bars(table).apart)
    rows.append(_row("pairs surely apart in shape bias", "all", apart, [np.nan], 1, 1.0, np.inf))
    return pd.DataFrame(rows)


def _row(title: str, recipe: str, value: float, draws, seeds: int, least: float, most: float) -> dict:
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "bar": title,
        "recipe": recipe,
        "value": float(value),
        "low": float(low),
        "high": float(high),
        "seeds": seeds,
        "least": least,
        "most": most,
        "met": bool(least <= value <= most),
    }
