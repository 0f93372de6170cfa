"""Figures of the chapter on 3D correspondence: matches between two views, recall by viewpoint, all six factors."""

from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image

from clipkit.datasets.pairs import Pair
from clipkit.dense import dense
from clipkit.models import load
from clipkit.models.model import Model
from clipkit.plots.chapter import glue_text
from clipkit.plots.factors import height_of, six_factors
from clipkit.plots.pixel_page import LINE, Page, put_grid
from clipkit.plots.pocket_world import draw
from clipkit.plots.style import LIMITS
from clipkit.pocket.dataset import PocketData
from clipkit.pocket.outputs import dense_size
from clipkit.pocket.pairs import pair_at, used
from clipkit.pocket.sets import SETS as POCKET_SETS
from clipkit.pocket.world import render, render_geometry
from clipkit.results import Result
from clipkit.sections.measure.correspondence import ALL, MATCHED, SECTION, SETS, Asked, match
from clipkit.sections.measured import MeasuredTable, section_rows
from clipkit.sections.pocket import correspondence as section
from clipkit.wording import with_limits

RIGHT, WRONG = ("#009e73", "o"), ("#d55e00", "X")
ARCHITECTURES = {
    "resnet-wild": ("ResNet", "#0072b2", "o"),
    "convnext-wild": ("ConvNeXt", "#56b4e9", "s"),
    "edgenext-wild": ("hybrid", "#cc79a7", "D"),
    "vit-wild": ("transformer", "#d55e00", "^"),
}
_FINE, _SCALE = 96, 3  # pixels of the pictures shown, and how large each of them is; models see 48


def matched_points(
    models: tuple[str, ...] = ("resnet-wild-s0", "vit-wild-s0"),
    dataset: str = "view-pairs",
    pair: int = 90,
    shown: int = 12,
) -> None:
    """Two views, and the `shown` most confident matches of each model between them, a row for each model.

    dataset: "view-pairs", "scene-pairs" or "part-pairs"; pair: number of the pair in the test draw. A green disc is
    a match that the headline of the set calls right, a vermilion cross one that it calls wrong.
    """
    images, large, truth = views(dataset, pair, _FINE)
    asked = SETS[dataset]
    side, gap = _SCALE * _FINE, 90
    page = Page(2 * side + gap, len(models) * (side + LINE))
    for k, name in enumerate(models):
        found = match(*dense_maps(load(name), images), truth, asked.kept or shown)
        query, candidate = found.query[:shown], found.candidate[:shown]
        right = match_errors(truth, query, candidate, asked) < asked.thresholds[asked.headline][1]
        top = k * (side + LINE)
        page.words(f"{name}: {right.sum()} of {len(right)} right", side + gap / 2, top + LINE / 2)
        for j, image in enumerate(large):
            put_grid(page, [[image]], _SCALE, at=(j * (side + gap), top + LINE))
        for start, end, good in zip(truth.query[query], truth.candidates[candidate], right, strict=True):
            colour, marker = RIGHT if good else WRONG
            x, y = (
                [side * start[0], side + gap + side * end[0]],
                top + LINE + side * np.array([start[1], end[1]]),
            )
            page.axes.plot(x, y, color="white", linewidth=3)
            page.axes.plot(
                x, y, color=colour, linewidth=1.6, linestyle="-" if good else "--",
                marker=marker, markersize=10, markeredgecolor="white",
            )  # fmt: skip


def views(dataset: str, pair: int, fine: int) -> tuple[np.ndarray, np.ndarray, Pair]:
    """One pair of the test draw: both images as models see them, both `fine` pixels wide, and the truth of it."""
    spec = POCKET_SETS[dataset]
    drawn = draw(dataset, spec.n)
    here = slice(2 * pair, 2 * pair + 2)
    images, large = (render(drawn.scenes[here], size) for size in (spec.size, fine))
    table = pd.DataFrame({"angle": drawn.columns.get("angle", [np.nan] * (2 * pair + 2))[here]})
    geometry = render_geometry(drawn.scenes[here], spec.size)._asdict()
    return images, large, pair_at(PocketData(dataset, "", "", Path(), "", images, table, geometry), 0)


def match_errors(truth: Pair, query: np.ndarray, candidate: np.ndarray, asked: Asked) -> np.ndarray:
    """How far off each match is (matches,), in the unit of the headline's threshold."""
    if asked.thresholds[asked.headline][0] == "place":
        return np.linalg.norm(truth.candidate_place[candidate] - truth.query_place[query], axis=1)
    return truth.scale * np.linalg.norm(truth.candidates[candidate] - truth.target[query], axis=1)


def dense_maps(model: Model, images: np.ndarray) -> np.ndarray:
    """A model's maps (n, h, w, d) of uint8 images (n, size, size, 3), as correspondence is measured on."""
    tower = dense(model, size=dense_size(model.card))
    pixels = torch.stack([tower.preprocess(Image.fromarray(image)) for image in images])
    return tower.encode_image(pixels).float().numpy()


def by_viewpoint(table: MeasuredTable | None = None) -> None:
    """Recall by change of viewpoint, a panel for each set: architectures in colour, the other recipes in grey.

    Bars: 95 % intervals over pairs. Dotted: random features. Dashed: features that know every place, on 6 × 6 cells.
    """
    frame = section.by_bin(table)
    present = [r for r in ARCHITECTURES if r in set(frame.recipe)]
    _, axes = plt.subplots(1, len(SETS), figsize=(9.4, 3.7), sharey=True, width_ratios=[4, 3, 1.3])
    for ax, dataset in zip(axes, SETS, strict=True):
        own = frame[frame.dataset == dataset]
        bins = [s for s in dict.fromkeys(own.subset) if s != ALL] or [ALL]
        at = dict(zip(bins, range(len(bins)), strict=True))
        own = own[own.subset.isin(bins)]
        own = own.assign(x=own.subset.map(at))
        for recipe, values in own.groupby("recipe", sort=False):
            if recipe not in ARCHITECTURES:
                ax.plot(
                    values.x, values.value, color="0.8", linewidth=0.9, marker="." if len(bins) == 1 else ""
                )
        for i, recipe in enumerate(present):
            values, (label, colour, marker) = own[own.recipe == recipe], ARCHITECTURES[recipe]
            x = values.x + 0.07 * (i - (len(present) - 1) / 2)
            ax.vlines(x, values.low, values.high, color=colour, linewidth=2, alpha=0.5, label=LIMITS)
            ax.plot(x, values.value, color=colour, marker=marker, markersize=5.5, linewidth=1.3, label=label)
        least = own.groupby("x", sort=True)[["random", "truth"]].min()
        edges = np.repeat(least.index, 2) + np.tile([-0.4, 0.4], len(least))
        for column, style, label in (("random", ":", "random features"), ("truth", "--", "ground truth")):
            ax.plot(edges, np.repeat(least[column], 2), style, color="0.25", linewidth=1.3, label=label)
        ax.set_xticks(range(len(bins)), bins if bins != [ALL] else ["all pairs"])
        ax.set(
            title=f"{section.KINDS[dataset]}: {SETS[dataset].headline}",
            ylim=(0, 1.02),
            xlim=(-0.5, len(bins) - 0.5),
        )
    axes[0].set_ylabel("recall")
    for ax in axes[:2]:
        ax.set_xlabel("change of viewpoint")
    handles = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(*handles, loc="outside lower center", ncols=len(handles[0]), fontsize="small")


def factors(table: MeasuredTable | None = None) -> None:
    """What each single change of the design does to recall, mean of the sets: each on its own grid, and on one."""
    found = {
        "each on its own grid": section.contrasts_on(table=table),
        "all on 6 × 6 cells": section.contrasts_on(control=MATCHED, table=table),
    }
    height = height_of(max(map(len, found.values())))
    figure, axes = plt.subplots(1, 2, figsize=(9.6, height))
    for ax, (title, frame) in zip(axes, found.items(), strict=True):
        six_factors(frame, xlabel="", scale=100, ax=ax)
        ax.set_title(title)
    axes[1].tick_params(axis="y", labelleft=False)
    figure.supxlabel("change in recall (percentage points)", fontsize="medium")


def controls_text(table: MeasuredTable | None = None) -> str:
    """How many bins of how many models lie where they should, between random features and ground truth."""
    table = section.measured(table)
    total = sum(len(table.rows(section=SECTION, dataset=d, metric=a.headline)) for d, a in SETS.items())
    outside = section.outside_controls(table)
    if outside.empty:
        return f"all {total}"
    where = ", ".join(f"{r.model} ({section.KINDS[r.dataset]}, {r.subset})" for r in outside.itertuples())
    return f"all but {len(outside)} of {total} (those: {where})"


def gain_text(name: str, table: MeasuredTable | None = None) -> str:
    """Effect of a contrast of the design on recall, with its interval, in points."""
    found = section.contrasts_on(table=table).set_index("id")
    if name not in found.index:
        return "not available here"
    effect, low, high = 100 * found.loc[name, ["effect", "low", "high"]].to_numpy(float)
    return with_limits(effect, low, high, 1, "+", " pp")


def glue_numbers() -> None:
    """Glue what the prose quotes: numbers of pairs, whether controls hold, and what curation does."""
    for name, kind in section.KINDS.items():
        glue_text(f"correspondence-{kind}", partial(str, used(name)))
    glue_text("correspondence-controls", controls_text)
    for name in ("curation-text", "curation-score", "architecture-edgenext-from-vit"):
        glue_text(f"correspondence-{name}", partial(gain_text, name))


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """All numbers of the section, model by model."""
    return section_rows(section.measured(table), SECTION)
