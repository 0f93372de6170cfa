"""Figures and tables of the chapter on 3D corruptions."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.plots.pixel_page import LINE, Page, extent, put_grid
from clipkit.plots.pocket_visual_factors import two_contrasts
from clipkit.plots.style import ACCENT, LIMITS, MUTED
from clipkit.pocket.corrupted import severities_of
from clipkit.pocket.sets import set_spec
from clipkit.pocket.world import render
from clipkit.pocket.zoo.recipe import split_name
from clipkit.records.robustbench import corruptions_3d
from clipkit.results import Result, row_maker
from clipkit.sections.measure.corruption_3d import FAMILIES, SECTION, SOURCE, WORST
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import corruption_3d as section
from clipkit.sections.pocket.robustness import METRIC, of_kind

_COLOURS = dict(zip(section.SHOWN, (ACCENT, "#56b4e9", "#009e73", "#d55e00", MUTED, "#b8860b"), strict=True))
_NAMES = {
    "resnet-wild": "CLIP, ResNet",
    "convnext-wild": "CLIP, ConvNeXt",
    "edgenext-wild": "CLIP, hybrid",
    "vit-wild": "CLIP, transformer",
    "supervised-resnet-wild": "supervised ResNet",
    "supervised-vit-wild": "supervised transformer",
}
_RECORD = {
    "AlexNet": ("AlexNet", MUTED, ":"),
    "Standard_R50": ("ResNet-50", ACCENT, "-"),
    "Hendrycks2020AugMix": ("ResNet-50, AugMix", ACCENT, "--"),
    "Erichson2022NoisyMix_new": ("ResNet-50, NoisyMix", ACCENT, ":"),
    "Tian2022Deeper_DeiT-S": ("DeiT-S", "#d55e00", "--"),
    "Tian2022Deeper_DeiT-B": ("DeiT-B", "#d55e00", "-"),
}


def sheet(index: int = 5, scale: int = 2) -> None:
    """One picture of the wild test set under every corruption: 3D ones at severities 1 to 5, others at 3 and 5."""
    three, two = ({name: _corrupted(name, index) for name in names} for names in FAMILIES.values())
    spec = set_spec(SOURCE)
    clean = render([spec.draw(spec.seed, index + 1, spec.size).scenes[index]], spec.size, spec.samples)[0]
    upper = [[clean, *images] for images in three.values()]
    lower = [list(images) for images in zip(*two.values(), strict=True)]
    margin = 190
    width, height = extent(upper, scale, margin, columns=True)
    wide, low = extent(lower, scale, margin, columns=True)
    page = Page(max(width, wide), height + low + LINE // 2)
    put_grid(page, upper, scale, list(map(_label, three)), ["clean", "1", "2", "3", "4", "5"], margin=margin)
    names = [_label(name).replace(" ", "\n").replace("gaussian", "Gaussian") for name in two]
    rows = ["severity 3", "severity 5"]
    put_grid(page, lower, scale, rows, names, margin=margin, at=(0, height + LINE // 2), fontsize=12)


def _corrupted(name: str, index: int) -> np.ndarray:
    spec, levels = set_spec(f"{SOURCE}+{name}"), len(severities_of(name))
    images = spec.draw(spec.seed, levels * (index + 1), spec.size).images
    return images.reshape(levels, index + 1, *images.shape[1:])[:, index]


def by_severity(table: MeasuredTable | None = None) -> None:
    """Accuracy of base recipes by severity, mean over the corruptions of each family."""
    frame = section.severity_frame(table)
    _, axes = plt.subplots(1, 2, figsize=(9.2, 3.6), sharey=True, width_ratios=[1.3, 1])
    for ax, (family, part) in zip(axes, frame.groupby("family", sort=False), strict=True):
        for recipe, own in part.groupby("recipe", sort=False):
            style = {"color": _COLOURS[recipe], "linestyle": "--" if recipe.startswith("supervised") else "-"}
            ax.plot(own.severity, own.value, marker="o", markersize=4, label=_NAMES[recipe], **style)
            ax.fill_between(own.severity, own.low, own.high, color=style["color"], alpha=0.12, linewidth=0)
        ax.set(
            title=f"{family} corruptions", xlabel="severity (0: clean)", xticks=sorted(part.severity.unique())
        )
        ax.grid(axis="y", color="0.92")
    axes[0].set(ylabel="accuracy (%)", ylim=(0, None))
    axes[0].legend(loc="lower left", fontsize="small")


def architecture(table: MeasuredTable | None = None) -> None:
    """Convolutional minus transformer towers by severity: share retained, and effective robustness."""
    frame = section.architecture_frame(table)
    _, axes = plt.subplots(1, 2, figsize=(8.6, 2.9))
    titles = {section.RETAINED: "share of accuracy retained", METRIC: "at equal clean accuracy"}
    for ax, (measure, own) in zip(axes, frame.groupby("measure", sort=False), strict=True):
        clear = (own.low > 0) | (own.high < 0)
        for r, sure in zip(own.itertuples(), clear, strict=True):
            colour = ACCENT if sure else MUTED
            ax.plot([r.severity] * 2, [r.low, r.high], color=colour, linewidth=2.2, alpha=0.55, label=LIMITS)
            ax.plot(r.severity, r.value, "o", color=colour, markersize=5.5)
        ax.axhline(0, color="0.6", linewidth=1, zorder=0)
        ax.set(title=titles[measure], xlabel="severity", xticks=own.severity)
        ax.grid(axis="y", color="0.92")
    axes[0].set_ylabel("convolutional − transformer (pp)")


def factors(table: MeasuredTable | None = None) -> None:
    """What each single change of the design does at severity five: share retained, and effective robustness."""
    two_contrasts(
        section.contrasts_on(section.RETAINED, table),
        section.contrasts_on(METRIC, table),
        ("change in the share retained (pp)", "change in effective robustness (pp)"),
    )


def error_table(table: MeasuredTable | None = None):
    """Mean corruption error of base recipes in both families, lowest under 3D corruption first."""
    shown = []
    for family in FAMILIES:
        frame = section.corruption_errors(family, table)
        text = [f"{r.value:.0f} ({r.low:.0f} to {r.high:.0f})" for r in frame.itertuples()]
        shown.append(pd.Series(text, frame.index, name=f"mean corruption error, {family}"))
    clean = frame.clean.map("{:.1f}".format).rename("clean accuracy (%)")
    found = pd.concat([clean, *shown], axis=1).loc[section.corruption_errors("3D", table).index]
    seen = found[[split_name(m)[0] in section.SHOWN for m in found.index]]
    return seen.rename_axis(None).style.set_caption(f"In per cent of the errors of {section.REFERENCE}")


def record() -> None:
    """Published accuracy of supervised classifiers on the six depth corruptions of ImageNet-3DCC, by severity."""
    frame = corruptions_3d()
    mean = frame[frame.corruption.isin(FAMILIES["3D"])].groupby(["model", "severity"]).top1.mean().unstack()
    _, ax = plt.subplots(figsize=(6.4, 3.4))
    for model, (name, colour, line) in _RECORD.items():
        ax.plot(
            mean.columns,
            100 * mean.loc[model],
            color=colour,
            linestyle=line,
            marker="o",
            markersize=4,
            label=name,
        )
    ax.set(xlabel="severity", ylabel="accuracy (%)", xticks=mean.columns, ylim=(0, None))
    ax.grid(axis="y", color="0.92")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")


def kept_text() -> str:
    """Mean share of accuracy that zero-shot models retain at severity five of the 3D corruptions."""
    numbers = of_kind(section.under_3d(section.RETAINED, [WORST]), "zero_shot")
    return f"{numbers.value.mean():.0%}"


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """The rows behind `by_severity`."""
    return [
        row_maker(
            section=SECTION,
            track="pocket",
            model=f"{r.recipe} (mean)",
            dataset=r.family,
            subset=f"severity {r.severity}" if r.severity else "clean",
            metric="accuracy",
            n=int(r.n_models),
            higher_is_better=True,
            interval_method=f"percentile bootstrap over pictures, {DRAWS} draws",
        )(value=r.value / 100, interval=(r.low / 100, r.high / 100))
        for r in section.severity_frame(table).itertuples()
    ]


def _label(name: str) -> str:
    return name.replace("_3d", "").replace("_", " ")
