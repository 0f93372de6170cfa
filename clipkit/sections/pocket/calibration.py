"""Calibration in the zoo: who is calibrated, and what decides over- and under-confidence.

Calibration error is the debiased one (`rms_calibration_error`), shifted sets count by their mean.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.calibration import share_limits
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.calibration import ALL, GAP, POCKET, RMS, SECTION, SHIFTED
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import DATA, SOURCES, from_contrast, largest_pair, run_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import Numbers, compare, gather, of_kind, of_recipes
from clipkit.stats import holm
from clipkit.stats.contrast import Contrast, pooled_seed_variance
from clipkit.wording import p_text

SIZES = {"resnet-wild-10": "10 %", "resnet-wild-30": "30 %", "resnet-wild": "100 %"}
LIKE = 3
"""How many baselines, those nearest in accuracy, a model is compared with."""
KNOWN_AND_SHIFTED = (POCKET.known, SHIFTED)
_MEDIAN_OF_THREE = 0.449
"""Variance of the median of `LIKE` normal values, in units of theirs."""


def numbers(table: MeasuredTable, metric: str, datasets=KNOWN_AND_SHIFTED, subset: str = ALL) -> Numbers:
    """One metric of all models that have it on all of `datasets`, at default prompts."""
    return gather(table, list(datasets), by="dataset", section=SECTION, subset=subset, metric=metric)


def excess_over_baselines(table: MeasuredTable) -> Numbers:
    """Each zero-shot model's error minus the median of the `LIKE` baselines nearest in accuracy (fractions).

    Subsets: known images, shifted ones. The baselines are the same on all resamples. Raises MissingData with fewer
    than `LIKE`.
    """
    error, accuracy = numbers(table, RMS), numbers(table, "accuracy")
    own, baselines = of_kind(error, "zero_shot"), of_kind(error, "baseline")
    if len(baselines.models) < LIKE:
        raise MissingData(
            f"{len(baselines.models)} supervised baselines have been measured, {LIKE} are compared",
            "train and evaluate the supervised-* recipes",
        )
    distance = np.abs(accuracy.of(own.models).value[:, None] - accuracy.of(baselines.models).value[None])
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :LIKE]
    columns = np.arange(len(KNOWN_AND_SHIFTED))
    value = own.value - np.median(baselines.value[nearest, columns], axis=1)
    return Numbers(own.models, value, own.draws - np.median(baselines.draws[nearest, columns], axis=1))


def not_better_calibrated(table: MeasuredTable | None = None) -> Evidence:
    """C1: share of zero-shot recipes whose mean error, on known and shifted images, exceeds that of like baselines.

    A recipe is the mean of its seeds. The interval reaches from the recipes that are surely worse to those that are
    not surely better, after Holm's correction over recipes, and allows for other recipes (Wilson's limits of both
    shares); p is that of the most surely worse. They are tested against other images and other seeds, of the
    baselines too.
    """
    table = table or zoo_results()
    found = excess_over_baselines(table)
    own = of_kind(numbers(table, RMS), "zero_shot").mean()
    recipe = pd.Index([split_name(m)[0] for m in found.models])
    if not recipe.has_duplicates:
        raise MissingData("no recipe has been measured with two seeds", "train a second seed of one at least")
    seeds = pooled_seed_variance(own.value[:, 0], recipe, draws=own.draws[:, 0])
    of_seed = max(seeds.variance - seeds.image_noise, 0.0)
    one, rows = found.mean(), []
    for name in recipe.unique():
        here = recipe == name
        images = one.draws[here, 0].mean(axis=0).var(ddof=1)
        spread = np.sqrt(images + of_seed * (1 / here.sum() + _MEDIAN_OF_THREE))
        value = one.value[here, 0].mean()
        rows.append((value, 2 * stats.norm.sf(abs(value) / spread) if spread > 0 else float(value == 0)))
    value, p = np.array(rows).T
    p = holm(p)
    worse, sure = value > 0, p < 0.05
    known, shifted = (found.value > 0).mean(axis=0)
    note = (
        f"{(worse & sure).sum()} of {len(value)} recipes are surely worse and {(~worse & sure).sum()} surely better "
        f"than the median of the {LIKE} supervised baselines nearest in accuracy; of the models, {known:.0%} are worse "
        f"on known images and {shifted:.0%} on shifted ones; mean excess {100 * value.mean():+.1f} pp"
    )
    low, high = share_limits(worse & sure, worse | ~sure)
    return Evidence(
        float(worse.mean()), low, high, float(min(p[worse], default=1.0)), len(found.models), len(value), note,
    )  # fmt: skip


def source_gaps(table: MeasuredTable, dataset: str = POCKET.known) -> pd.DataFrame:
    """Signed gap (pp) of one training source minus another's: a, b, value, low, high, p, for all pairs measured.

    Over seeds and images; intervals and p hold for all pairs together (Bonferroni). Raises MissingData with fewer
    than two sources.
    """
    found = of_kind(numbers(table, GAP, [dataset]), "zero_shot")
    recipes = [split_name(m)[0] for m in found.models]
    here = [s for s in SOURCES if f"resnet-{s}" in recipes]
    if len(here) < 2:
        raise MissingData(
            "models of fewer than two training sources have been measured", "train and evaluate more"
        )
    pairs, rows = list(combinations(here, 2)), []
    for a, b in pairs:
        arms = (of_recipes(found, [f"resnet-{s}"]).models for s in (a, b))
        c = _of_several(compare(found, *arms), len(pairs))
        rows.append((a, b, 100 * c.effect, 100 * c.low, 100 * c.high, c.p))
    return pd.DataFrame(rows, columns=["a", "b", "value", "low", "high", "p"])


def source_decides(table: MeasuredTable | None = None) -> Evidence:
    """C2: the largest difference in signed gap between two training sources, on the known set."""
    table = table or zoo_results()
    pairs = source_gaps(table)
    largest, first, second, low, high = largest_pair(pairs)
    present = list(dict.fromkeys([*pairs.a, *pairs.b]))
    gaps = of_recipes(numbers(table, GAP, [POCKET.known]), [f"resnet-{s}" for s in present])
    recipe = np.array([split_name(m)[0] for m in gaps.models])
    means = ", ".join(f"{s} {100 * gaps.value[recipe == f'resnet-{s}'].mean():+.1f}" for s in present)
    note = (
        f"for {', '.join(present)} instead of LAION, WIT and others; largest between {first} and {second}, of "
        f"{len(pairs)} pairs tried; mean confidence minus accuracy on known images (pp): {means}"
    )
    if small := _effect(table, "size-10", POCKET.known, GAP):
        note += f"; a tenth of the images changes it by {100 * small.effect:+.1f} pp ({p_text(small.p)})"
    return Evidence(
        abs(largest.value), low, high, largest.p, len(gaps.models), len(set(map(run_of, gaps.models))), note
    )


def finetuning_worsens(table: MeasuredTable | None = None, data: str | None = None) -> Evidence:
    """C4: rise (pp) in calibration error on shifted images by cross-entropy fine-tuning, children against parents.

    The claim says that it *can* rise: the largest rise of those on each kind of data, between the largest of their
    lower and of their upper limits, which hold for all of them together (Bonferroni, as p does); or that on `data`.
    """
    table = table or zoo_results()
    rises = {d: rise for d in ([data] if data else DATA) if (rise := _effect(table, _tuned(d), SHIFTED))}
    if not rises:
        raise MissingData("no fine-tuned model has been measured", "run clipkit pocket evaluate")
    together = [_of_several(rise, len(rises)) for rise in rises.values()]
    on, found = max(zip(rises, together, strict=True), key=lambda item: item[1].effect)
    found = found._replace(low=max(rise.low for rise in together), high=max(rise.high for rise in together))
    known = _needed(table, _tuned(on), POCKET.known)
    note = f"cross-entropy on {on} data; on known images {100 * known.effect:+.1f} pp"
    if len(rises) > 1:
        each = (f"{d} {100 * rise.effect:+.1f} pp ({p_text(rise.p)})" for d, rise in rises.items())
        note += f". It can, and need not: on shifted images {', '.join(each)}"
    return from_contrast(found, _arms(table, _tuned(on)), note=note)


def _tuned(data: str) -> str:
    return f"cross-entropy-{data}"


def fewer_prompts_calibrate(table: MeasuredTable | None = None) -> Evidence:
    """C5: fall (pp) in calibration error on the known set from eighty templates to one, each model with itself."""
    table = table or zoo_results()
    found = _needed(table, "prompts-1", POCKET.known)
    shifted = _needed(table, "prompts-1", SHIFTED)
    gap = _needed(table, "prompts-1", POCKET.known, GAP)
    note = (
        f"on shifted images {-100 * shifted.effect:+.2f} pp ({p_text(shifted.p)}); one template changes mean "
        f"confidence minus accuracy on known images by {100 * gap.effect:+.2f} pp"
    )
    models = of_kind(numbers(table, RMS, [POCKET.known]), "zero_shot").models
    return from_contrast(found, models, scale=-100.0, note=note)


def _of_several(found: Contrast, n: int) -> Contrast:
    """A contrast with the limits and the p that hold for n of them together (Bonferroni)."""
    reach = stats.t.ppf(1 - 0.025 / n, found.df) * found.se
    return found._replace(low=found.effect - reach, high=found.effect + reach, p=min(1.0, n * found.p))


def _effect(table: MeasuredTable, contrast: str, dataset: str, metric: str = RMS) -> Contrast | None:
    """One contrast of the design, None where it cannot be computed."""
    try:
        return _needed(table, contrast, dataset, metric)
    except MissingData:
        return None


def _needed(table: MeasuredTable, contrast: str, dataset: str, metric: str = RMS) -> Contrast:
    key = {"section": SECTION, "dataset": dataset, "subset": ALL, "metric": metric}
    (row,) = contrast_frame(table, **key, specs=[contrasts()[contrast]]).itertuples()
    return Contrast(*(getattr(row, field) for field in Contrast._fields))


def _arms(table: MeasuredTable, contrast: str) -> tuple[str, ...]:
    spec = contrasts()[contrast]
    return of_recipes(numbers(table, RMS, [SHIFTED]), [spec.a, spec.b]).models
