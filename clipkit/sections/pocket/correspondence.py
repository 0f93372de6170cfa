"""3D correspondence in the zoo: which towers find points again, and whether their recall means anything."""

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.correspondence import (
    ALL,
    EVERYTHING,
    MATCHED,
    OVERALL,
    RANDOM,
    SECTION,
    SETS,
    TRUTH,
    bins_of,
    named,
)
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import from_contrast, kind_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import Numbers, compare, gather, of_kind, of_recipes
from clipkit.stats.contrast import Contrast

CONVOLUTIONAL, TRANSFORMER, HYBRID = ("resnet-wild", "convnext-wild"), "vit-wild", "edgenext-wild"
FILTERED, UNFILTERED = ("resnet-curated", "resnet-scored"), "resnet-uncurated"
KINDS = {"view-pairs": "objects", "scene-pairs": "scenes", "part-pairs": "parts"}
"""What is found again in each set."""


def measured(table: MeasuredTable | None = None) -> MeasuredTable:
    """The zoo's numbers, or `table`; raises MissingData if none of this section are among them."""
    table = zoo_results() if table is None else table
    if not len(table.rows(section=SECTION)):
        raise MissingData("no model's correspondence has been measured", "run clipkit pocket evaluate")
    return table


def recall_of(table: MeasuredTable, dataset: str = EVERYTHING, control: str = "") -> Numbers:
    """The headline of a set for the zero-shot models, or that of one of its controls; fractions."""
    headline = OVERALL if dataset == EVERYTHING else SETS[dataset].headline
    key = {"section": SECTION, "dataset": dataset, "metric": named(headline, control)}
    return of_kind(gather(table, [ALL], **key), "zero_shot")


def convolutional_find_more(table: MeasuredTable | None = None) -> Evidence:
    """D1: recall (pp) of convolutional minus transformer towers, the mean over objects, scenes and parts.

    Each tower on its own grid, as in the paper; the note tells what is left on one grid, and each set by itself.
    """
    table = zoo_results() if table is None else table
    numbers = recall_of(table)
    arms = _arms(numbers)
    found = compare(numbers, *arms)
    said = {KINDS[dataset]: compare(recall_of(table, dataset), *arms) for dataset in SETS} | {
        "on one grid of 6 × 6": compare(recall_of(table, control=MATCHED), *arms)
    }
    note = (
        f"{', '.join(sorted({split_name(m)[0] for m in arms[0]}))} on 6 × 6 cells against {TRANSFORMER} on 12 × 12; "
        + "; ".join(f"{name} {_pp(c)}" for name, c in said.items())
    )
    hybrid = [m for m in numbers.models if split_name(m)[0] == HYBRID]
    if hybrid:
        note += f"; the hybrid {HYBRID} {_pp(compare(numbers, hybrid, arms[1]))}"
    return from_contrast(found, [*arms[0], *arms[1]], note=note)


def curation_helps(table: MeasuredTable | None = None) -> Evidence:
    """D3, the half on correspondence: gain (pp) in recall, filtered captions minus unfiltered."""
    table = zoo_results() if table is None else table
    numbers = recall_of(table)
    filtered, plain = (of_recipes(numbers, r).models for r in (FILTERED, [UNFILTERED]))
    each = {r: compare(numbers, of_recipes(numbers, [r]).models, plain) for r in FILTERED}
    note = "; ".join(f"{r.removeprefix('resnet-')} {_pp(c)}" for r, c in each.items())
    return from_contrast(compare(numbers, filtered, plain), [*filtered, *plain], note=note)


def _arms(numbers: Numbers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    measured = {split_name(m)[0] for m in numbers.models}
    # The ResNet must be there; the ConvNeXt joins it once it has been trained.
    convolutional = [r for r in CONVOLUTIONAL if r in measured] or CONVOLUTIONAL[:1]
    return of_recipes(numbers, convolutional).models, of_recipes(numbers, [TRANSFORMER]).models


def _pp(c: Contrast) -> str:
    return f"{100 * c.effect:+.1f} [{100 * c.low:+.1f}, {100 * c.high:+.1f}] pp"


def contrasts_on(
    dataset: str = EVERYTHING, control: str = "", table: MeasuredTable | None = None
) -> pd.DataFrame:
    """`contrast_frame` of a set's headline, or of the mean of the three. Prompts have no part in it."""
    headline = OVERALL if dataset == EVERYTHING else SETS[dataset].headline
    return contrast_frame(
        zoo_results() if table is None else table,
        section=SECTION,
        dataset=dataset,
        subset=ALL,
        metric=named(headline, control),
    )


def by_bin(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Recipes trained from scratch, by bin of viewpoint change.

    Columns dataset, subset (a bin, or "all"), recipe, value, low, high, random, truth. value: the headline, mean over
    seeds; low, high: over images. random, truth: what features without meaning, and features that know every place,
    reach on the same pairs.
    """
    table, rows = measured(table), []
    for dataset, asked in SETS.items():
        for subset in (ALL, *bins_of(asked)):
            key = {"section": SECTION, "dataset": dataset}
            if not len(table.rows(**key, subset=subset, metric=asked.headline)):
                continue
            found, random, truth = (
                gather(table, [subset], metric=named(asked.headline, c), **key) for c in ("", RANDOM, TRUTH)
            )
            recipes = np.array([split_name(m)[0] for m in found.models])
            for recipe in dict.fromkeys(recipes):
                own = recipes == recipe
                if kind_of(found.models[np.flatnonzero(own)[0]]) == "finetuned":
                    continue
                low, high = np.quantile(found.draws[own, 0].mean(axis=0), [0.025, 0.975])
                values = (n.value[own, 0].mean() for n in (found, random, truth))
                value, chance, known = values
                rows.append((dataset, subset, recipe, value, low, high, chance, known))
    columns = ["dataset", "subset", "recipe", "value", "low", "high", "random", "truth"]
    return pd.DataFrame(rows, columns=columns)


def outside_controls(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Bins in which a model is not surely above random features, or not below the ground truth.

    Columns model, dataset, subset, value, random, truth, above (share of draws in which it beats random features);
    empty if all is as it should be. Surely: in 97.5 % of the draws, in which both are resampled together.
    """
    table, rows = measured(table), []
    for dataset, asked in SETS.items():
        for i in table.rows(section=SECTION, dataset=dataset, metric=asked.headline):
            model, subset, value = table.frame.loc[i, ["model", "subset", "value"]]
            key = {"section": SECTION, "dataset": dataset, "subset": subset}
            random, truth = (
                table.get(model, metric=named(asked.headline, c), **key) for c in (RANDOM, TRUTH)
            )
            above = float((table.draws[i] > random.draws).mean())
            if above < 0.975 or value >= truth.value:
                rows.append((model, dataset, subset, value, random.value, truth.value, above))
    return pd.DataFrame(rows, columns=["model", "dataset", "subset", "value", "random", "truth", "above"])
