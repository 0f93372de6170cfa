"""Is the laboratory in a useful range? Bars set before training, judged on the validation draw."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.sections.pocket import shape_bias_frames
from clipkit.sections.pocket.results import zoo_results
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
    """One row for each bar and base recipe: value (mean over seeds), n of seeds, least, most, met.

    The last rows: the gap between the two recipes in accuracy, and how many pairs of models differ surely in
    shape bias on both backgrounds. table: the validation draw's, unless another is given.
    """
    table = table or zoo_results("validation")
    rows = [row for bar in BARS for row in _judged(table, bar)]
    accuracy = {row["recipe"]: row["value"] for row in rows if row["bar"] == BARS[0].title}
    if len(accuracy) == len(BASE):
        gap = accuracy[BASE[0]] - accuracy[BASE[1]]
        rows.append(_row("accuracy lost by the transformer", "both", gap, 1, -1.0, CLOSE))
    apart = shape_bias_frames.bars(table).apart
    rows.append(_row("pairs surely apart in shape bias", "all", float(len(apart)), 1, 1.0, np.inf))
    return pd.DataFrame(rows)


def _judged(table: MeasuredTable, bar: Bar):
    found = table.frame.iloc[
        table.rows(section=bar.section, dataset=bar.dataset, subset=bar.subset, metric=bar.metric)
    ]
    found = found[found.prompts.isin(DEFAULT_PROMPTS)]
    for recipe in BASE:
        values = found.value[[split_name(model)[0] == recipe for model in found.model]]
        if len(values):
            yield _row(bar.title, recipe, float(values.mean()), len(values), bar.least, bar.most)


def _row(title: str, recipe: str, value: float, seeds: int, least: float, most: float) -> dict:
    met = bool(least <= value <= most)
    return {
        "bar": title,
        "recipe": recipe,
        "value": value,
        "seeds": seeds,
        "least": least,
        "most": most,
        "met": met,
    }
