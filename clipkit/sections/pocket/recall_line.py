"""Accuracy and recall of the zoo, the line between the two, and how far models lie from it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.pocket.zoo.recipe import read_recipe, split_name
from clipkit.sections import lines
from clipkit.sections.measure import retrieval
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.robustness import gather, ordinary

RECALL = {"section": retrieval.SECTION, "dataset": "retrieval", "metric": "recall@1"}
BOTH = {**RECALL, "subset": "both"}
BEYOND = {**BOTH, "metric": "recall@1 beyond accuracy"}
DIRECTIONS = ("image", "text")
VALUES = ("accuracy", *DIRECTIONS)
LINE_FROM = ("wild", "clean")
"""Source of pictures and captions of the models that the line goes through."""


class RecallTable(NamedTuple):
    """Models with a text tower: what they were made of, and how well they do.

    frame: model, recipe, kind (`kind_of`), source (whose pictures), captions, and fractions accuracy (wild, 80
    templates), image and text (recall@1). draws: the three on resampled images, (3, models, DRAWS). n: images
    behind a recall.
    """

    frame: pd.DataFrame
    draws: np.ndarray
    n: int

    def of(self, rows) -> "RecallTable":
        """The models where `rows`, (models,) bool, is true."""
        rows = np.asarray(rows, bool)
        return RecallTable(self.frame[rows].reset_index(drop=True), self.draws[:, rows], self.n)

    def points(self, axes: str = "logit") -> tuple[np.ndarray, np.ndarray]:
        """Values (3, models) and draws (3, models, DRAWS) on `axes`, kept half an image from the ends."""
        values = self.frame[list(VALUES)].to_numpy().T
        return tuple(lines.to_axes(axes, v, self.n) for v in (values, np.clip(self.draws, 0, 1)))


def recall_table(table: MeasuredTable) -> RecallTable:
    """All models whose recall has been measured, by name; raises MissingData where there is none."""
    recall = gather(table, DIRECTIONS, **RECALL)
    accuracy = ordinary(table).of(recall.models)
    made = [read_recipe(split_name(model)[0]) for model in recall.models]
    frame = pd.DataFrame(
        {
            "model": recall.models,
            "recipe": [recipe.name for recipe in made],
            "kind": [kind_of(model) for model in recall.models],
            "source": [recipe.data.distribution for recipe in made],
            "captions": [recipe.data.captions for recipe in made],
        }
    )
    frame[list(VALUES)] = np.c_[accuracy.value, recall.value]
    draws = np.concatenate([accuracy.draws, recall.draws], axis=1).swapaxes(0, 1)
    return RecallTable(frame, draws, int(table.frame.n.iloc[table.rows(**RECALL)].min()))


def trained_from_scratch(table: MeasuredTable, least: int = 5) -> RecallTable:
    """Those that are not fine-tuned, as on the record track; raises MissingData with fewer than `least` recipes."""
    models = recall_table(table)
    models = models.of(models.frame.kind == "zero_shot")
    recipes = models.frame.recipe.nunique()
    if recipes < least:
        raise MissingData(
            f"recall of {recipes} recipes has been measured, {least} are needed",
            "train and evaluate more of the zoo",
        )
    return models


def wild_lines(table: MeasuredTable, method: str = "huber", axes: str = "logit") -> dict[str, lines.Line]:
    """The line from accuracy to recall (`clipkit.sections.lines.fit`) for each direction.

    It goes through the models trained from scratch on wild pictures and clean captions: what other sources,
    captions or fine-tuning do is for the distance from it to show.
    """
    models = recall_table(table)
    frame = models.frame
    chosen = (frame.kind == "zero_shot") & (frame.source == LINE_FROM[0]) & (frame.captions == LINE_FROM[1])
    if frame.recipe[chosen].nunique() < 3:
        raise MissingData("fewer than three recipes make no line", "train and evaluate more of the zoo")
    chosen = frame[chosen]
    return {d: lines.fit(chosen.accuracy, chosen[d], method, axes, models.n) for d in DIRECTIONS}


def beyond_accuracy(table: MeasuredTable, method: str = "huber", axes: str = "logit") -> MeasuredTable:
    """Recall@1 minus what the line gives for the model's accuracy: a row for each model, key `BEYOND`.

    A fraction, the mean of both directions. The line is taken as known: its own error is in no interval, which
    matters most for models far from those that it goes through.
    """
    models, expected_by = recall_table(table), wild_lines(table, method, axes)
    edge = 1 / (2 * models.n)

    def distance(accuracy, *recalls):
        expected = [line.predict(np.clip(accuracy, edge, 1 - edge)) for line in expected_by.values()]
        return np.mean(recalls, axis=0) - np.mean(expected, axis=0)

    value = distance(*models.frame[list(VALUES)].to_numpy().T)
    frame = pd.DataFrame(
        {"model": models.frame.model, **BEYOND, "value": value, "n": models.n, "prompts": ""}
    )
    return MeasuredTable(frame.assign(unit="fraction", higher_is_better=True), distance(*models.draws), {})
