"""Figures on visual factors in the pocket laboratory: two measures side by side, fine-tuning, all six factors."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clipkit.plots import intervals
from clipkit.plots.factors import height_of, six_factors
from clipkit.plots.plane import scatter_with_line
from clipkit.plots.style import ACCENT, KIND_COLOURS, MUTED
from clipkit.plots.visual_factors import label
from clipkit.results import Result, row_maker
from clipkit.sections.measure.visual_factors import SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import factor_frames as section
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.finetuning import shares_removed
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import METRIC, Numbers, baseline_line, ordinary

KIND_NAMES = {"baseline": "supervised", "zero_shot": "zero-shot CLIP", "finetuned": "fine-tuned CLIP"}
_MEASURES = {
    "drop": "points lost by the factor",
    "robustness": "effective robustness (pp)",
    "spared": "points spared (see caption)",
}


def by_factor(table: MeasuredTable | None = None) -> None:
    """Zero-shot models by factor, the most harmful first: what it takes away, and both comparisons with baselines."""
    frame = section.factor_frame(table).sort_values("drop", ascending=False).rename(index=label)
    _, axes = plt.subplots(1, 3, figsize=(10.2, 4.9), sharey=True)
    for ax, (name, xlabel) in zip(axes, _MEASURES.items(), strict=True):
        shown = frame[[name, f"{name}_low", f"{name}_high"]].set_axis(["value", "low", "high"], axis=1)
        clear = (shown.low > 0) | (shown.high < 0)
        colours = np.where(clear, ACCENT, MUTED)
        intervals.dots(shown, xlabel=xlabel, colours=colours, ax=ax)


def planes(factors: list[str], method: str, table: MeasuredTable | None = None) -> None:
    """Accuracy under a factor against accuracy on the wild set, one panel a factor, with the baselines' line."""
    table = zoo_results() if table is None else table
    _, axes = plt.subplots(1, len(factors), figsize=(2.5 * len(factors), 3.1))
    numbers = section.by_factor(table, "accuracy", factors)
    lines = [baseline_line(table, SECTION, "factors", f, method) for f in factors]
    scatter_planes(axes, table, numbers, lines)
    for ax, factor in zip(axes, factors, strict=True):
        ax.set(title=label(factor), xlabel="accuracy, wild (%)")
    axes[0].set_ylabel("accuracy under the factor (%)")


def scatter_planes(axes: list[Axes], table: MeasuredTable, numbers: Numbers, lines) -> None:
    """`scatter_with_line` of each subset of `numbers` against accuracy on the wild set, with one legend."""
    wild = pd.Series(ordinary(table).of(numbers.models).value[:, 0])
    kinds = pd.Series([kind_of(m) for m in numbers.models])
    for ax, y, line in zip(axes, numbers.value.T, lines, strict=True):
        scatter_with_line(ax, wild, pd.Series(y), kinds, line)
    handles, _ = axes[0].get_legend_handles_labels()
    shown = [KIND_NAMES[k] for k in KIND_COLOURS if k in set(kinds)]
    axes[0].figure.legend(handles, shown, loc="outside lower center", ncols=3, handletextpad=0.1)


def factors(table: MeasuredTable | None = None) -> None:
    """What each single change of the design does to effective robustness and to the drop, mean over the factors."""
    two_contrasts(
        section.contrasts_on(METRIC, table),
        section.contrasts_on("drop", table),
        ("change in effective robustness (pp)", "change in the points lost (pp)"),
    )


def two_contrasts(left: pd.DataFrame, right: pd.DataFrame, xlabels: tuple[str, str]) -> None:
    """Two frames of contrasts with the rows that both have, side by side; fractions, shown in points."""
    both = set(left.id) & set(right.id)
    frames = [f[f.id.isin(both)] for f in (left, right)]
    height = height_of(len(both))
    _, axes = plt.subplots(1, 2, figsize=(10.2, height))
    for ax, frame, xlabel in zip(axes, frames, xlabels, strict=True):
        six_factors(frame, xlabel=xlabel, scale=100, ax=ax)
    axes[1].tick_params(axis="y", labelleft=False)


def finetuning(table: MeasuredTable | None = None) -> None:
    """Share of the parents' distance from the line that each method removes, on each set of data."""
    frame = shares_removed(section.by_factor(table, factors=section.MAIN_FACTORS)).by_method
    names = [f"{r.method}, {r.data} data" for r in frame.itertuples()]
    colours = np.where(frame.p < 0.05, KIND_COLOURS["finetuned"], MUTED)
    ax = intervals.dots(
        frame.set_axis(names), xlabel="share of the distance from the line removed", colours=colours
    )
    # Where the distance is unsure, a limit lies a hundred times farther than anybody wants to see.
    ax.set_xlim(max(-2.5, min(frame.low.min(), 0) - 0.1), min(2.5, max(frame.high.max(), 1) + 0.1))


def language(table: MeasuredTable | None = None) -> None:
    """Contrastive minus supervised training of one tower on the same images: robustness and drop."""
    _, axes = plt.subplots(1, 2, figsize=(8.6, 2.9), sharey=True)
    for ax, metric, xlabel in zip(
        axes, (METRIC, "drop"), ("difference in robustness (pp)", "difference in points lost"), strict=True
    ):
        frame = section.language(metric, table).set_index("aspect")
        shown = 100 * frame[["effect", "low", "high"]].rename(columns={"effect": "value"})
        intervals.dots(shown, xlabel=xlabel, ax=ax)


def agreement_table(table: MeasuredTable | None = None):
    """Rank correlation of effective robustness with both drops, and the factors that they rank otherwise."""
    frame = section.agreement(table)
    shown = pd.DataFrame(
        {
            "rank correlation": frame.value.map("{:+.2f}".format),
            "95 % interval": [f"{a:+.2f} to {b:+.2f}" for a, b in zip(frame.low, frame.high, strict=True)],
            "surely ranked otherwise": frame.otherwise.map(label).replace("", "none"),
        }
    )
    names = {"drop": "points lost, fewest first", "spared": "points spared against the supervised"}
    return shown.rename(index=names).style.set_properties(
        subset="surely ranked otherwise", **{"white-space": "normal"}
    )


def agreement_text() -> str:
    """The rank correlation of effective robustness with the points lost."""
    found = section.agreement().loc["drop"]
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """The rows behind `by_factor`."""
    frame = section.factor_frame(table)
    n = int((zoo_results() if table is None else table).frame.query("dataset == 'factors'").n.min())
    row = row_maker(
        section=SECTION,
        track="pocket",
        model="zero-shot CLIP (mean)",
        dataset="factors",
        unit="pp",
        n=n,
        interval_method=f"percentile bootstrap over images, baselines and training runs, {DRAWS} draws",
    )
    names = {"robustness": METRIC, "drop": "drop", "spared": "drop_spared"}
    return [
        row(
            subset=factor,
            metric=metric,
            value=values[name],
            interval=(values[f"{name}_low"], values[f"{name}_high"]),
            higher_is_better=name != "drop",
        )
        for factor, values in frame.iterrows()
        for name, metric in names.items()
    ]


def worst_factor() -> str:
    """The factor that takes most from zero-shot models, and how much."""
    drop = section.factor_frame()["drop"]
    return f"{label(drop.idxmax())} ({drop.max():.0f} points)"
