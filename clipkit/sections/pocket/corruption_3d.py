"""3D corruptions in the zoo: which towers keep most of their accuracy, before and after matching on clean accuracy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.corruption_3d import ALL, CLEAN, FAMILIES, SECTION, SOURCE, WORST
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import from_contrast
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import (
    METRIC,
    Numbers,
    compare,
    gather,
    of_kind,
    of_recipes,
    robustness_table,
)
from clipkit.sections.pocket.visual_factors import FILTERED, UNFILTERED
from clipkit.stats.contrast import Contrast

CONVOLUTIONAL = ("resnet-wild", "convnext-wild")
TRANSFORMER = "vit-wild"
RETAINED = "retained"
REFERENCE = "supervised-resnet-wild-s0"
"""Whose errors count as 100 in the mean corruption error, in AlexNet's place."""
SEVERITIES = tuple(f"severity {s}" for s in range(1, 6))
SHOWN = (*CONVOLUTIONAL, "edgenext-wild", TRANSFORMER, "supervised-resnet-wild", "supervised-vit-wild")


def under_3d(metric: str, subsets: Sequence[str], table: MeasuredTable | None = None) -> Numbers:
    """One metric of all models under 3D corruption: "accuracy", "retained", or effective robustness."""
    table = zoo_results() if table is None else table
    source = robustness(subsets, table) if metric == METRIC else table
    return gather(source, subsets, section=SECTION, dataset="3D", metric=metric)


def robustness(subsets: Sequence[str], table: MeasuredTable | None = None) -> MeasuredTable:
    """Effective robustness (fraction) of every model to 3D corruption: beyond the line of the supervised ones."""
    table = zoo_results() if table is None else table
    return robustness_table(table, SECTION, ["3D"], subsets)


def convolutional_withstand(table: MeasuredTable | None = None) -> Evidence:
    """D2: share of accuracy retained at severity five, convolutional minus transformer towers (pp).

    The note says whether the difference is larger there than at severity one, and what is left of it between
    models of equal clean accuracy: the difference in effective robustness.
    """
    numbers = of_kind(under_3d(RETAINED, SEVERITIES, table), "zero_shot")
    five, growth = (Numbers(numbers.models, *parts) for parts in (
        (numbers.value[:, -1:], numbers.draws[:, -1:]),
        (numbers.value[:, -1:] - numbers.value[:, :1], numbers.draws[:, -1:] - numbers.draws[:, :1]),
    ))  # fmt: skip
    first, second = _arms(numbers)
    note = f"from severity one to five the difference changes by {_points(compare(growth, first, second))}"
    recipes = ", ".join(dict.fromkeys(split_name(m)[0] for m in first))
    note = f"{recipes} against {TRANSFORMER}; {note}; {_matched(table)}"
    return from_contrast(compare(five, first, second), [*first, *second], note=note)


def _matched(table: MeasuredTable | None) -> str:
    try:
        numbers = of_kind(under_3d(METRIC, [WORST], table), "zero_shot")
    except MissingData as error:
        return f"not matched on clean accuracy, since {error.problem}"
    found = compare(numbers, *_arms(numbers))
    verdict = "stays" if found.low > 0 else "turns round" if found.high < 0 else "is not sure"
    return f"at equal clean accuracy an advantage {verdict}: {_points(found)} in effective robustness"


def _points(found: Contrast) -> str:
    return f"{100 * found.effect:+.1f} pp ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def _arms(numbers: Numbers) -> tuple[Sequence[str], Sequence[str]]:
    there = {split_name(m)[0] for m in numbers.models}
    first = of_recipes(numbers, [r for r in CONVOLUTIONAL if r in there] or CONVOLUTIONAL[:1]).models
    return first, of_recipes(numbers, [TRANSFORMER]).models


def filtering_helps(table: MeasuredTable | None = None) -> Evidence:
    """D3: gain (pp) in accuracy retained over all severities, filtered captions (by text, by score) minus none."""
    numbers = of_kind(under_3d(RETAINED, [ALL], table), "zero_shot")
    filtered, plain = (of_recipes(numbers, r).models for r in (FILTERED, [UNFILTERED]))
    each = {r: compare(numbers, of_recipes(numbers, [r]).models, plain) for r in FILTERED}
    accuracy = compare(of_kind(under_3d("accuracy", [ALL], table), "zero_shot"), filtered, plain)
    note = (
        ", ".join(f"{r.removeprefix('resnet-')} {100 * c.effect:+.1f} pp" for r, c in each.items())
        + f"; accuracy under 3D corruption changes by {_points(accuracy)}"
    )
    return from_contrast(compare(numbers, filtered, plain), [*filtered, *plain], note=note)


def architecture_frame(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Convolutional minus transformer towers (pp) at each severity, in both measures.

    Columns measure ("retained" or "effective_robustness"), severity, value, low, high, p.
    """
    rows = []
    for measure in (RETAINED, METRIC):
        numbers = of_kind(under_3d(measure, SEVERITIES, table), "zero_shot")
        for k, severity in enumerate(SEVERITIES):
            one = Numbers(numbers.models, numbers.value[:, k : k + 1], numbers.draws[:, k : k + 1])
            found = compare(one, *_arms(one))
            points = {"value": 100 * found.effect, "low": 100 * found.low, "high": 100 * found.high}
            rows.append({"measure": measure, "severity": int(severity[-1]), **points, "p": found.p})
    return pd.DataFrame(rows)


def severity_frame(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Accuracy (%) by family, severity (0: clean) and recipe of `SHOWN`: columns value, low, high, n_models.

    Means over seeds, with 95 % bootstrap intervals over pictures.
    """
    table = zoo_results() if table is None else table
    rows = []
    for family in FAMILIES:
        found = table.frame[
            (table.frame.section == SECTION) & (table.frame.dataset == family)
        ].subset.unique()
        points = {0: (SOURCE, CLEAN)} | {int(s[-1]): (family, s) for s in found if s != ALL}
        for severity, (dataset, subset) in sorted(points.items()):
            numbers = gather(table, [subset], section=SECTION, dataset=dataset, metric="accuracy")
            for recipe in SHOWN:
                own = [m for m in numbers.models if split_name(m)[0] == recipe]
                if own:
                    mean = numbers.of(own)
                    low, high = np.quantile(mean.draws[:, 0].mean(axis=0), [0.025, 0.975])
                    rows.append(
                        {"family": family, "severity": severity, "recipe": recipe,
                         "value": 100 * mean.value.mean(), "low": 100 * low, "high": 100 * high,
                         "n_models": len(own)}
                    )  # fmt: skip
    return pd.DataFrame(rows)


def corruption_errors(family: str = "3D", table: MeasuredTable | None = None) -> pd.DataFrame:
    """Mean corruption error of every model, in per cent of the reference's; **lower is better.**

    Errors are summed over severities, divided by those of `REFERENCE`, and averaged over the corruptions of the
    family (Hendrycks and Dietterich 2019). Index model; columns value, low, high (95 %, over pictures, both
    models resampled together), clean (accuracy, %). Raises MissingData without the reference.
    """
    table = zoo_results() if table is None else table
    clean = gather(table, [CLEAN], section=SECTION, dataset=SOURCE, metric="accuracy")
    errors = {}
    for name in FAMILIES[family]:
        dataset = f"{SOURCE}+{name}"
        subsets = table.frame.subset[table.rows(section=SECTION, dataset=dataset)].unique()
        errors[name] = gather(table, subsets, section=SECTION, dataset=dataset, metric="accuracy")
    models = next(iter(errors.values())).models
    if REFERENCE not in models:
        raise MissingData(f"{REFERENCE} has not been measured", "run clipkit pocket evaluate")
    k = models.index(REFERENCE)
    value = np.array([(1 - e.of(models).value).sum(axis=1) for e in errors.values()])
    draws = np.array([(1 - e.of(models).draws).sum(axis=1) for e in errors.values()])
    draws = (draws / draws[:, k : k + 1]).mean(axis=0)
    low, high = 100 * np.quantile(draws, [0.025, 0.975], axis=1)
    columns = {"value": 100 * (value / value[:, k : k + 1]).mean(axis=0), "low": low, "high": high,
               "clean": 100 * clean.of(models).value[:, 0]}  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(models, name="model")).sort_values("value")


def contrasts_on(metric: str, table: MeasuredTable | None = None) -> pd.DataFrame:
    """`contrast_frame` under 3D corruption at severity five: "retained" or effective robustness."""
    table = zoo_results() if table is None else table
    source = robustness([WORST], table) if metric == METRIC else table
    return contrast_frame(source, section=SECTION, dataset="3D", subset=WORST, metric=metric)
