"""Figures on retrieval in the pocket laboratory: accuracy and recall, all six factors, and near-true captions."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from clipkit.plots.chapter import glue_text
from clipkit.plots.factors import height_of, six_factors
from clipkit.plots.plane import TICKS
from clipkit.plots.style import ACCENT, LIMITS, MUTED
from clipkit.pocket.cards import n_images
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.sets import set_spec
from clipkit.results import Result
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.retrieval import DATASETS, SECTION
from clipkit.sections.measured import MeasuredTable, section_rows
from clipkit.sections.pocket import retrieval as section
from clipkit.sections.pocket import word_order
from clipkit.sections.pocket.recall_line import (
    BEYOND,
    BOTH,
    DIRECTIONS,
    beyond_accuracy,
    recall_table,
    wild_lines,
)
from clipkit.sections.pocket.results import zoo_results
from clipkit.wording import number, signed

SOURCE_COLOURS = {"wild": "#0072b2", "studio": "#d55e00", "mixed": "#009e73", "catalogue": "#cc79a7"}


def accuracy_and_recall(table: MeasuredTable | None = None) -> None:
    """Recall@1 against accuracy on logit axes, a panel a direction, with the line of the wild models.

    A dot is a model trained from scratch, in the colour of its pictures; open if its captions are not clean.
    """
    table = table or zoo_results()
    frame, lines = recall_table(table).frame.query("kind == 'zero_shot'"), wild_lines(table)
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.5), sharey=True)
    for ax, direction in zip(axes, DIRECTIONS, strict=True):
        for source, colour in SOURCE_COLOURS.items():
            for r in frame[frame.source == source].to_dict("records"):
                fill = colour if r["captions"] == "clean" else "white"
                ax.plot(r["accuracy"], r[direction], "o", color=colour, mfc=fill, markersize=5.5, alpha=0.85)
        line = lines[direction]
        x = np.linspace(line.x_low, line.x_high, 60)
        ax.plot(x, line.predict(x), color="0.25", linewidth=1.3, zorder=1)
        ax.set(
            xscale="logit",
            yscale="logit",
            xlabel="accuracy on wild images (%)",
            title=f"{direction} retrieval",
        )
        for axis, values in ((ax.xaxis, frame.accuracy), (ax.yaxis, frame[list(DIRECTIONS)].to_numpy())):
            axis.set_ticks([t for t in TICKS if np.min(values) * 0.9 <= t <= np.max(values) * 1.1])
            axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g}"))
            axis.set_minor_formatter(NullFormatter())
            axis.set_ticks([], minor=True)
    axes[0].set_ylabel("recall@1 (%)")
    present = [s for s in SOURCE_COLOURS if s in set(frame.source)]
    handles = [_dot(SOURCE_COLOURS[s], SOURCE_COLOURS[s], f"{s} pictures") for s in present]
    if (frame.captions != "clean").any():
        handles.append(_dot("0.3", "white", "captions of a crawl, filtered or not"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")


def factors(table: MeasuredTable | None = None) -> None:
    """What each single change of the design does to recall@1: in all, and beyond what accuracy predicts."""
    table = table or zoo_results()
    found = {
        "in all": contrast_frame(table, **BOTH),
        "beyond accuracy": contrast_frame(beyond_accuracy(table), **BEYOND),
    }
    height = height_of(max(map(len, found.values())))
    figure, axes = plt.subplots(1, 2, figsize=(9.6, height))
    for ax, (title, frame) in zip(axes, found.items(), strict=True):
        six_factors(frame, xlabel="", scale=100, ax=ax)
        ax.set_title(title)
    axes[1].tick_params(axis="y", labelleft=False)
    figure.supxlabel("change in recall@1 (percentage points)", fontsize="medium")


def told_apart(table: MeasuredTable | None = None) -> None:
    """Share of images whose true caption beats its false twin, by recipe, a panel for each kind of swap.

    Blue if above one half after Holm's correction over all dots; a stroke marks what other pictures say.
    """
    frame = word_order.against_chance(table)
    recipes = list(dict.fromkeys(frame.recipe))
    height = 1.2 + 0.25 * len(recipes)
    figure, axes = plt.subplots(1, len(KINDS), figsize=(9.2, height), sharey=True, sharex=True)
    for ax, kind in zip(axes, KINDS, strict=True):
        ax.axvline(50, color="0.6", linewidth=1, zorder=0)
        for r in frame[frame.kind == kind].itertuples():
            row, colour = recipes.index(r.recipe), ACCENT if r.p_holm < 0.05 and r.value > 0.5 else MUTED
            ax.plot(
                [100 * r.low, 100 * r.high], [row, row], color=colour, linewidth=2.2, alpha=0.55, label=LIMITS
            )
            ax.plot(100 * r.value, row, "o", color=colour, markersize=5.5)
            ax.plot(100 * r.blind, row, "|", color="0.2", markersize=8)
        ax.set(title=f"{kind} swapped")
        ax.grid(axis="x", color="0.94")
    axes[0].set_yticks(range(len(recipes)), recipes, fontsize="small")
    axes[0].set_ylim(len(recipes) - 0.4, -0.6)
    figure.supxlabel("true caption preferred (%)", fontsize="medium")


def surely_told_apart(kind: str, table: MeasuredTable | None = None) -> str:
    """How many recipes tell a kind of swap better than a coin, after correction: "3 of 18"."""
    frame = word_order.against_chance(table).query("kind == @kind")
    return f"{int(((frame.p_holm < 0.05) & (frame.value > word_order.CHANCE)).sum())} of {len(frame)}"


def base_tells_apart(kind: str, table: MeasuredTable | None = None) -> str:
    """Caption accuracy of the base recipe on a kind of swap, with its interval, in per cent."""
    found = word_order.against_chance(table).query("kind == @kind and recipe == 'resnet-wild'")
    if found.empty:
        return "not available here"
    value, low, high = 100 * found[["value", "low", "high"]].to_numpy()[0]
    return f"{value:.0f} % [{low:.0f}, {high:.0f}]"


def filter_gain(name: str, table: MeasuredTable | None = None) -> str:
    """What a filter of captions ("curation-text", "curation-score") does to recall@1, with its interval, in pp."""
    found = section.recall_gains_by_filter(table).set_index("id")
    if name not in found.index:
        return "not available here"
    effect, low, high = 100 * found.loc[name, ["effect", "low", "high"]].to_numpy(float)
    return f"{signed(effect, 1)} pp [{number(low, 1)}, {number(high, 1)}]"


def glue_numbers() -> None:
    """Glue how large the sets are, what is told apart, and what filters do, for prose to quote."""
    for name in DATASETS:
        glue_text(f"pocket-{name}-images", partial(str, n_images(set_spec(name))))
    for kind in KINDS:
        glue_text(f"base-{kind}", partial(base_tells_apart, kind))
        glue_text(f"told-{kind}", partial(surely_told_apart, kind))
    for name in section.FILTERS:
        glue_text(f"recall-{name}", partial(filter_gain, name))


def offsets(table: MeasuredTable | None = None):
    """Distance of each source from the line, against the ResNet on wild pictures, in percentage points."""
    frame = section.source_offsets(table)
    columns = {
        "value": "distance (pp)",
        "low": "from",
        "high": "to",
        "n_models": "models",
        "accuracy": "accuracy",
    }
    shown = frame.rename(columns=columns | {"extrapolated": "outside the line's range"})
    return shown.style.format(precision=1).format("{:.0%}", subset="accuracy")


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """All numbers of the section, model by model."""
    return section_rows(table or zoo_results(), SECTION)


def _dot(colour: str, fill: str, label: str):
    return plt.Line2D([], [], marker="o", linestyle="", color=colour, mfc=fill, label=label)
