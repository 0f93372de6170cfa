"""Figures on natural shifts and training data in the pocket laboratory."""

import matplotlib.pyplot as plt
import pandas as pd

from clipkit.plots import intervals
from clipkit.plots.factors import six_factors
from clipkit.plots.natural_shifts import robustness_style
from clipkit.plots.pocket_visual_factors import scatter_planes, two_contrasts
from clipkit.plots.style import KIND_COLOURS
from clipkit.results import Result, row_maker
from clipkit.sections.measure.natural_shifts import ALL, SECTION, SHIFTS
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import natural_shifts, training_data
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import baseline_line


def planes(method: str, table: MeasuredTable | None = None) -> None:
    """Accuracy on each shift against accuracy on the wild set, with the baselines' line."""
    table = zoo_results() if table is None else table
    _, axes = plt.subplots(1, len(SHIFTS), figsize=(2.5 * len(SHIFTS), 3.1))
    lines = [baseline_line(table, SECTION, shift, ALL, method) for shift in SHIFTS]
    scatter_planes(axes, table, natural_shifts.by_shift(table, "accuracy"), lines)
    for ax, shift in zip(axes, SHIFTS, strict=True):
        ax.set(title=shift, xlabel="accuracy, wild (%)")
    axes[0].set_ylabel("accuracy on the shift (%)")


def groups(table: MeasuredTable | None = None) -> None:
    """Effective robustness on each shift by what zero-shot models were trained on, and fine-tuned ones tuned on."""
    frame = natural_shifts.group_frame(table)
    _, axes = plt.subplots(1, len(SHIFTS), figsize=(2.6 * len(SHIFTS), 3.0), sharey=True)
    for ax, shift in zip(axes, SHIFTS, strict=True):
        own = frame[frame["shift"] == shift].set_index("group")
        intervals.dots(own, xlabel="robustness (pp)", colours=own.kind.map(KIND_COLOURS), ax=ax)
        ax.set_title(shift)


def group_table(table: MeasuredTable | None = None):
    """`group_frame` for reading."""
    return robustness_style(natural_shifts.group_frame(table), "group")


def factors(table: MeasuredTable | None = None) -> None:
    """What each single change of the design does to accuracy on the wild set and to robustness on the shifts."""
    two_contrasts(
        training_data.contrasts_on(table),
        natural_shifts.contrasts_on(table),
        ("change in accuracy, wild (pp)", "change in effective robustness (pp)"),
    )


def gains_by_filter(table: MeasuredTable | None = None) -> None:
    """Gain of both filters over none on three axes, with intervals over seeds and images."""
    frame = training_data.gains(table).rename(columns={"effect": "value"})
    names = [f"{r.axis}, {r.filter}" for r in frame.itertuples()]
    intervals.dots(frame.set_axis(names), xlabel="gain over no filter (pp)")


def sizes(table: MeasuredTable | None = None) -> None:
    """What less data, at equal samples seen, does to accuracy on the wild set."""
    frame = training_data.contrasts_on(table)
    six_factors(frame[frame.factor == "training-set size"], xlabel="change in accuracy, wild (pp)", scale=100)


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """The rows behind `groups`."""
    return [
        row_maker(
            section=SECTION,
            track="pocket",
            model=f"{r.group} (mean)",
            dataset=r["shift"],
            subset=ALL,
            metric="effective_robustness",
            unit="pp",
            n=int(r.n_models),
            higher_is_better=True,
            interval_method=f"percentile bootstrap over images, baselines and training runs, {DRAWS} draws",
        )(value=r.value, interval=(r.low, r.high))
        for _, r in natural_shifts.group_frame(table).iterrows()
    ]


def gain_rows(table: MeasuredTable | None = None) -> list[Result]:
    """The rows behind `gains_by_filter`."""
    frame: pd.DataFrame = training_data.gains(table)
    return [
        row_maker(
            section="training data",
            track="pocket",
            model=f"resnet-uncurated, filtered {r['filter']} minus none",
            dataset=r.axis,
            subset=ALL,
            metric="gain",
            unit="pp",
            n=int(r.n_a + r.n_b),
            higher_is_better=True,
            interval_method="Student, over seeds and images",
        )(value=r.effect, interval=(r.low, r.high))
        for _, r in frame.iterrows()
    ]
