"""Figures of the chapter on calibration. All read the zoo's results, unless a table is given."""

import json
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clipkit.errors import MissingData
from clipkit.plots import intervals
from clipkit.plots.factors import height_of, six_factors
from clipkit.plots.style import ACCENT, KIND_COLOURS
from clipkit.pocket.zoo.recipe import split_name
from clipkit.results import Result
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.calibration import ALL, GAP, HELD_OUT, POCKET, RMS, SCALED, SECTION, SHIFTED
from clipkit.sections.measured import Measured, MeasuredTable, to_rows
from clipkit.sections.pocket.calibration import SIZES, numbers
from clipkit.sections.pocket.evidence import SOURCES, kind_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import of_kind, of_recipes

SHOWN = ("wild", "studio", "sketch", "unusual")
_PLACES = {POCKET.known: "known images", SHIFTED: "shifted images"}
_KINDS = {"zero_shot": "zero-shot", "finetuned": "fine-tuned", "baseline": "supervised baseline"}


def reliability(
    models: Sequence[str],
    datasets: Sequence[str] = SHOWN,
    scaled: bool = False,
    table: MeasuredTable | None = None,
) -> Figure:
    """Reliability diagrams, one row a model: accuracy against confidence in 15 bins, dots as large as bins are full.

    scaled: after temperature scaling. Each panel names its set, the plain ECE (pp) and, in brackets, what a
    perfectly calibrated model with these confidences would show by chance.
    """
    table = table or zoo_results()
    size = (1.9 * len(datasets) + 0.6, 2.05 * len(models) + 0.4)
    figure, axes = plt.subplots(
        len(models), len(datasets), figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for row, model in zip(axes, models, strict=True):
        for ax, dataset in zip(row, datasets, strict=True):
            _diagram(ax, dataset, bins(table, model, dataset, SCALED if scaled else ALL))
        row[0].set_ylabel(f"{model}\naccuracy", fontsize="small")
    for ax in axes[-1]:
        ax.set_xlabel("confidence", fontsize="small")
    return figure


def bins(table: MeasuredTable, model: str, dataset: str, subset: str = ALL) -> pd.DataFrame:
    """n, confidence and accuracy of each bin that holds images; raises MissingData where they were not kept."""
    kept = json.loads(table.said.get(model, {}).get("reliability", "{}"))
    try:
        return pd.DataFrame(kept[dataset][subset])
    except KeyError:
        raise MissingData(
            f"no reliability of {model} on {dataset} ({subset})", "run clipkit pocket evaluate"
        ) from None


def ece_and_floor(found: pd.DataFrame) -> tuple[float, float]:
    """Plain ECE of `bins`, and that to expect of a calibrated model: √(2/π) times each bin's binomial deviation.

    >>> ece, floor = ece_and_floor(pd.DataFrame({"n": [100], "confidence": [0.5], "accuracy": [0.7]}))
    >>> round(ece, 3), round(floor, 4)
    (0.2, 0.0399)
    """
    total = found.n.sum()
    by_chance = np.sqrt(2 / np.pi * found.n * found.confidence * (1 - found.confidence))
    return float((found.n * (found.accuracy - found.confidence).abs()).sum() / total), float(
        by_chance.sum() / total
    )


def _diagram(ax: Axes, dataset: str, found: pd.DataFrame) -> None:
    over = found.confidence > found.accuracy
    colours = np.where(over, KIND_COLOURS["finetuned"], ACCENT)
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=1, zorder=0)
    ax.vlines(found.confidence, found.confidence, found.accuracy, color=colours, alpha=0.4, linewidth=1.5)
    ax.scatter(found.confidence, found.accuracy, s=4 + 160 * found.n / found.n.sum(), color=colours)
    ece, floor = ece_and_floor(found)
    ax.set_title(f"{dataset}: {100 * ece:.1f} ({100 * floor:.1f})", fontsize="small")
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")


def known_against_shifted(table: MeasuredTable | None = None) -> Figure:
    """Calibration error on shifted images against that on known ones, before and after temperature scaling."""
    table = table or zoo_results()
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharex=True, sharey=True)
    for ax, subset, title in (
        (axes[0], HELD_OUT, "as they are"),
        (axes[1], SCALED, "after temperature scaling"),
    ):
        x = numbers(table, RMS, [POCKET.known], subset)
        y = numbers(table, RMS, [SHIFTED], ALL if subset == HELD_OUT else SCALED).of(x.models)
        _by_kind(ax, x.models, 100 * x.value[:, 0], 100 * y.value[:, 0])
        ax.axline((0, 0), slope=1, color="0.6", linewidth=1, zorder=0)
        ax.set(title=title, xlabel="on known images (pp)")
    axes[0].set_ylabel("calibration error\non shifted images (pp)")
    axes[0].legend(fontsize="small")
    return figure


def against_accuracy(table: MeasuredTable | None = None) -> Figure:
    """Calibration error on shifted images against accuracy on them, before and after scaling."""
    table = table or zoo_results()
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharex=True, sharey=True)
    for ax, subset, title in ((axes[0], ALL, "as they are"), (axes[1], SCALED, "after temperature scaling")):
        error = numbers(table, RMS, [SHIFTED], subset)
        accuracy = numbers(table, "accuracy", [SHIFTED]).of(error.models)
        _by_kind(ax, error.models, 100 * accuracy.value[:, 0], 100 * error.value[:, 0])
        ax.set(title=title, xlabel="accuracy on shifted images (%)")
    axes[0].set_ylabel("calibration error\non shifted images (pp)")
    axes[0].legend(fontsize="small")
    return figure


def _by_kind(ax: Axes, models: Sequence[str], x: np.ndarray, y: np.ndarray) -> None:
    kinds = np.array([kind_of(m) for m in models])
    for kind, name in _KINDS.items():
        here = kinds == kind
        ax.plot(x[here], y[here], "o", color=KIND_COLOURS[kind], markersize=5, alpha=0.8, label=name)
    ax.grid(color="0.94")


def gap_by_source_and_size(dataset: str = POCKET.known, table: MeasuredTable | None = None) -> Axes:
    """Mean confidence minus accuracy (pp) of each seed, by training source and then by training-set size.

    Bars: 95 % percentile bootstrap over images.
    """
    found = numbers(table or zoo_results(), GAP, [dataset])
    labels = {f"resnet-{s}": s for s in SOURCES} | {
        recipe: f"wild, {share}" for recipe, share in SIZES.items() if recipe != "resnet-wild"
    }
    measured = {split_name(m)[0] for m in found.models}
    here = of_recipes(found, [r for r in labels if r in measured])
    low, high = 100 * np.quantile(here.draws[:, 0], [0.025, 0.975], axis=1)
    frame = pd.DataFrame({"value": 100 * here.value[:, 0], "low": low, "high": high})
    recipes = [split_name(m)[0] for m in here.models]
    frame.index = [
        f"{labels[r]} (seed {split_name(m)[1]})" for r, m in zip(recipes, here.models, strict=True)
    ]
    colours = np.where(frame.value > 0, KIND_COLOURS["finetuned"], ACCENT)
    return intervals.dots(
        frame, xlabel=f"confidence minus accuracy on {_PLACES.get(dataset, dataset)} (pp)", colours=colours
    )


def factors(metric: str = RMS, table: MeasuredTable | None = None) -> Figure:
    """What each single change of the design does to one metric, on known and on shifted images."""
    table = table or zoo_results()
    found = [
        contrast_frame(table, section=SECTION, dataset=dataset, subset=ALL, metric=metric)
        for dataset in _PLACES
    ]
    height = height_of(len(found[0]))
    figure, axes = plt.subplots(1, len(found), figsize=(9.6, height), sharex=True)
    name = "calibration error" if metric == RMS else "confidence minus accuracy"
    for ax, frame, place in zip(axes, found, _PLACES.values(), strict=True):
        six_factors(frame, xlabel=f"change in {name} (pp)", scale=100, ax=ax)
        ax.set_title(place)
    axes[1].tick_params(axis="y", labelleft=False)
    return figure


def floor_of(model: str, dataset: str = POCKET.known) -> str:
    """The ECE (pp) that chance alone would give this model on a set, were it calibrated."""
    return f"{100 * ece_and_floor(bins(zoo_results(), model, dataset))[1]:.1f} pp"


def temperatures() -> str:
    """Smallest and largest temperature fitted to a zero-shot model."""
    found = numbers(zoo_results(), "temperature", [POCKET.known], HELD_OUT)
    value = of_kind(found, "zero_shot").value
    return f"{value.min():.2f} to {value.max():.2f}"


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """All numbers of the section, model by model."""
    table = table or zoo_results()
    fields = [f for f in Measured._fields if f != "draws"]
    made = []
    for model in table.frame.model[table.rows(section=SECTION)].unique():
        own = table.rows(section=SECTION, model=model)
        records = table.frame.loc[own, fields].to_dict("records")
        made += to_rows(
            [Measured(**r, draws=table.draws[i]) for r, i in zip(records, own, strict=True)], model, "pocket"
        )
    return made
