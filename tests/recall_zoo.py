"""Zoos whose accuracy and recall are made up: recall on a line in accuracy, plus what is planted beyond it."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from clipkit.pocket.hard_negatives import KINDS
from clipkit.sections.measure.retrieval import BLIND, PREFERRED
from clipkit.sections.measured import DRAWS, MeasuredTable

WILD = {
    "resnet-wild": 0.72, "resnet-wild-plain": 0.66, "resnet-wild-10": 0.62, "resnet-wild-10-epochs": 0.40,
    "resnet-wild-30": 0.68, "resnet-wild-sigmoid": 0.71, "vit-wild": 0.60, "edgenext-wild": 0.65,
}  # fmt: skip
SOURCES = {"resnet-studio": 0.25, "resnet-mixed": 0.69, "resnet-catalogue": 0.55}
CAPTIONS = {"resnet-uncurated": 0.55, "resnet-curated": 0.63, "resnet-scored": 0.60}
ZOO = {**WILD, **SOURCES, **CAPTIONS}
LEVEL = {"image": 0.0, "text": 0.2}


def as_table(rows, draws):
    columns = ["model", "section", "dataset", "subset", "metric", "prompts", "value", "n"]
    frame = pd.DataFrame(rows, columns=columns).assign(unit="fraction", higher_is_better=True)
    return MeasuredTable(frame, np.array(draws), {})


def zoo(accuracies=ZOO, beyond=None, seeds=(0, 1), noise=0.003, seed=0, unlike=0.0):
    """Recall on a line in accuracy (logit axes, slope 0.9) plus `beyond[recipe]`; `noise` of seeds and of images.

    unlike: how much text recall scatters from recipe to recipe.
    """
    rng = np.random.default_rng(seed)
    rows, draws = [], []
    images = noise * rng.standard_normal((3, DRAWS))
    for recipe, accuracy in accuracies.items():
        off = unlike * rng.standard_normal()
        for s in seeds:
            lucky = accuracy + noise * rng.standard_normal()
            found = [("natural shifts", "wild", "all", "accuracy", "80", lucky)]
            for direction, level in LEVEL.items():
                value = expit(level + 0.9 * logit(accuracy)) + (beyond or {}).get(recipe, 0.0)
                value += noise * rng.standard_normal() + (off if direction == "text" else 0)
                found.append(("retrieval", "retrieval", direction, "recall@1", "", value))
            found.append(
                ("retrieval", "retrieval", "both", "recall@1", "", (found[1][-1] + found[2][-1]) / 2)
            )
            for place, row in enumerate(found):
                rows.append((f"{recipe}-s{s}", *row, 520))
                shared = images[place] if place < 3 else images[1:].mean(axis=0)
                draws.append(row[-1] + shared + noise / 3 * rng.standard_normal(DRAWS))
    return as_table(rows, draws)


def told_apart(
    own, blind=0.5, recipes=("resnet-wild", "vit-wild", "resnet-wild-10"), seeds=(0, 1), noise=0.01
):
    rng = np.random.default_rng(0)
    rows, draws = [], []
    for recipe in (*recipes, "flyp-wild"):
        for s in seeds:
            for kind in KINDS:
                for metric, chance in ((PREFERRED, own.get(kind, 0.5)), (BLIND, blind)):
                    value = chance + noise * rng.standard_normal()
                    rows.append(
                        (f"{recipe}-s{s}", "retrieval", "hard-negatives", kind, metric, "", value, 208)
                    )
                    draws.append(value + 2 * noise * rng.standard_normal(DRAWS))
    return as_table(rows, draws)
