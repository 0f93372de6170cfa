"""Figures and tables of the chapter on training data."""

import matplotlib.pyplot as plt
import numpy as np

from clipkit.plots.style import ACCENT, LIMITS
from clipkit.results import Result, row_maker
from clipkit.sections import training_data as section

# Okabe and Ito's palette, one colour and one marker a filter.
FILTERS = {
    "basic": ("#999999", "o"),
    "text": ("#e69f00", "s"),
    "image": ("#56b4e9", "^"),
    "laion": ("#cc79a7", "D"),
    "clip": ("#0072b2", "v"),
    "datacomp": ("#009e73", "P"),
}


def gains_by_filter(axes_shown: list[str]):
    """Gain over the unfiltered pool by scale, one panel an axis, one mark a filter, with sampling intervals."""
    table = section.gains()
    figure, panels = plt.subplots(1, len(axes_shown), figsize=(3.3 * len(axes_shown), 3.3), squeeze=False)
    for ax, axis in zip(panels[0], axes_shown, strict=True):
        for place, (name, (colour, marker)) in enumerate(FILTERS.items()):
            part = table[(table["filter"] == name) & (table.axis == axis)]
            x = part.scale.map(section.SCALES.index) + 0.09 * (place - 2.5)
            ax.vlines(
                x,
                part.gain - 1.96 * part.error,
                part.gain + 1.96 * part.error,
                color=colour,
                alpha=0.6,
                label=LIMITS,
            )
            ax.plot(x, part.gain, marker, color=colour, markersize=5, label=name)
        ax.axhline(0, color="0.6", linewidth=1, zorder=0)
        ax.set_xticks(
            range(len(section.SCALES)),
            [{"s": "small", "m": "medium", "l": "large", "xl": "xlarge"}[s] for s in section.SCALES],
        )
        ax.set(title=axis)
    panels[0][0].set_ylabel("gain over no filter (pp)")
    panels[0][-1].legend(title="filter", fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def size_lines():
    """ImageNet accuracy against training-set size, one line for each architecture and number of samples seen."""
    table = section.size_table()
    figure, ax = plt.subplots(figsize=(5.6, 3.6))
    sizes = np.array([80, 400, 2000])
    styles = {"3B": ":", "13B": "--", "34B": "-"}
    colours = dict(zip(["ViT-B-32", "ViT-B-16", "ViT-L-14"], ["#56b4e9", "#e69f00", ACCENT], strict=True))
    for _, row in table[table.arch.isin(colours)].iterrows():
        values = row[["LAION-80M", "LAION-400M", "LAION-2B"]].astype(float)
        ax.plot(
            sizes,
            values,
            styles[row.samples],
            marker="o",
            markersize=4,
            color=colours[row.arch],
            label=f"{row.arch}, {row.samples} samples",
        )
    ax.set_xscale("log")
    ax.set_xticks(sizes, ["80 M", "400 M", "2 B"])
    ax.minorticks_off()
    ax.set(xlabel="distinct training pairs (LAION)", ylabel="ImageNet accuracy (%)")
    ax.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def rows() -> list[Result]:
    """The rows behind `gains_by_filter`."""
    table = section.gains()
    return [
        row_maker(
            section="training data",
            track="record",
            model=f"CommonPool {r.scale}, {r['filter']} minus none",
            dataset=r.axis,
            subset=f"scale {r.scale}",
            metric="gain",
            unit="pp",
            n=1,
            higher_is_better=True,
            interval_method="normal, sampling of test images alone",
        )(value=r.gain, interval=(r.gain - 1.96 * r.error, r.gain + 1.96 * r.error))
        for _, r in table.iterrows()
    ]


def curation_accuracies():
    """Accuracies (%) behind the gains: scale, filter, the three axes."""
    table = section.curation_table()
    order = {s: i for i, s in enumerate(section.SCALES)}
    table = table.sort_values(["scale", "ImageNet"], key=lambda c: c.map(order) if c.name == "scale" else c)
    return table[["scale", "filter", *section.AXES]].style.hide().format({a: "{:.1f}" for a in section.AXES})
