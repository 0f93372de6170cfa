"""Figures and tables of the chapter on visual factors."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.metrics import fit_line
from clipkit.plots import intervals
from clipkit.plots.plane import scatter_with_line
from clipkit.plots.style import ACCENT, MUTED
from clipkit.results import Result, row_maker
from clipkit.sections import visual_factors as section


def label(factor: str) -> str:
    """A factor's name as prose writes it."""
    return factor.replace("_", " ")


def robustness_by_factor():
    """Dots with intervals: effective robustness (pp) of zero-shot CLIP on the ten main factors."""
    table = (
        section.factor_intervals().rename(columns={"effect": "value"}).sort_values("value", ascending=False)
    )
    colours = np.where(table.p_corrected < 0.05, ACCENT, MUTED)
    intervals.dots(
        table.rename(index=label),
        xlabel="effective robustness of zero-shot CLIP (percentage points)",
        colours=colours,
    )


def rows() -> list[Result]:
    """The rows behind `robustness_by_factor`."""
    _, models = section.record_models()
    row = row_maker(
        section="visual factors",
        track="record",
        model="zero-shot CLIP (mean of architectures)",
        dataset="imagenet-x/top",
        metric="effective_robustness",
        unit="pp",
        interval_method=f"percentile bootstrap, {section.DRAWS} draws",
        n=models.run.nunique(),
        higher_is_better=True,
    )
    table = section.factor_intervals()
    return [row(subset=f, value=r.effect, interval=(r.low, r.high)) for f, r in table.iterrows()]


def planes(factors: list[str], annotation: str, method: str):
    """Factor accuracy against overall accuracy, one panel a factor, with the baselines' line."""
    baselines, models = section.record_models(annotation)
    both = pd.concat([baselines, models], ignore_index=True)
    figure, axes = plt.subplots(1, len(factors), figsize=(2.5 * len(factors), 2.9))
    for ax, factor in zip(axes, factors, strict=True):
        line = fit_line(baselines.average.to_numpy(), baselines[factor].to_numpy(), method=method)
        scatter_with_line(ax, both.average, both[factor], both.kind, line)
        ax.set(title=label(factor), xlabel="overall accuracy (%)")
    axes[0].set_ylabel("factor accuracy (%)")
    axes[0].legend(loc="upper left", fontsize="small", handletextpad=0.1)


def factor_table(annotation: str, method: str):
    """Images, correlation with overall accuracy, and effective robustness of each zero-shot model, by factor."""
    baselines, models = section.record_models(annotation)
    counts = section.annotations(annotation)[list(section.FACTORS)].sum()
    robustness = 100 * section.robustness_table(baselines, models, method=method)
    pipelines = {"imagenet_testbed": "testbed", "modelvshuman": "model-vs-human"}
    robustness.index = models.architecture + ", " + models.group.map(pipelines)
    table = robustness.T.round(1)
    table.insert(0, "images", counts)
    table.insert(1, "r of baselines", [baselines[f].corr(baselines.average) for f in table.index])
    return (
        table.rename(index=label)
        .style.format(precision=1)
        .format("{:.3f}", subset="r of baselines")
        .format("{:,.0f}", subset="images")
    )
