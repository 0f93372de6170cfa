"""Figures on shape bias in the pocket laboratory: by recipe, along fine-tuning, loss against data, all six factors."""

from functools import partial

import matplotlib.pyplot as plt
import pandas as pd

from clipkit.claims import Verdict, load
from clipkit.plots import intervals
from clipkit.plots.chapter import glue_text
from clipkit.plots.factors import height_of, six_factors
from clipkit.plots.ledger import effect_text
from clipkit.plots.style import KIND_COLOURS, LIMITS, SEED
from clipkit.pocket.world.sampling import DISTRIBUTIONS
from clipkit.results import Result
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.shape_bias import ALL_CLASSES, BACKGROUNDS, SECTION
from clipkit.sections.measured import MeasuredTable, section_rows
from clipkit.sections.pocket import shape_bias_frames as frames
from clipkit.sections.pocket.evidence import DATA, PARENT
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.shape_bias import drop_by_finetuning, key

_NAMES = {"zero_shot": "CLIP, zero-shot", "baseline": "trained with labels"}
_DATA = {"wild": ("#0072b2", "o"), "studio": ("#d55e00", "s"), "catalogue": ("#009e73", "^")}
_CHANGES = {
    "loss": ("the loss changes, not the data", "#0072b2"),
    "data": ("the data change, not the loss", "#d55e00"),
}


def by_recipe(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> None:
    """Each recipe trained from scratch: mean shape bias over its seeds, filled on the neutral background."""
    frame = frames.by_recipe(table, subset)
    recipes = list(dict.fromkeys(frame.recipe))
    _, ax = plt.subplots(figsize=(6.8, 1.2 + 0.27 * len(recipes)))
    for background, offset in zip(BACKGROUNDS, (-0.15, 0.15), strict=True):
        for r in frame[frame.background == background].itertuples():
            row, colour = recipes.index(r.recipe) + offset, KIND_COLOURS[r.kind]
            ax.plot([r.low, r.high], [row, row], color=colour, linewidth=2, alpha=0.5, label=LIMITS)
            ax.plot(r.value, row, "o", color=colour, markersize=5.5, mfc=_fill(background, colour))
    handles = [_dot(colour=KIND_COLOURS[kind], label=name) for kind, name in _NAMES.items()]
    handles += [_dot(colour="0.3", fill=_fill(b, "0.3"), label=f"{b} background") for b in BACKGROUNDS]
    ax.legend(handles=handles, loc="lower right", fontsize="small")
    ax.axvline(0.5, color="0.6", linewidth=1, zorder=0)
    ax.set_yticks(range(len(recipes)), recipes, fontsize="small")
    ax.set(xlim=(0, 1), ylim=(len(recipes) - 0.4, -0.6), xlabel="shape bias")


def ladder(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> None:
    """Shape bias, cue accuracy and controls from zero-shot to cross-entropy: a curve for each set of data.

    Backgrounds across. Bars are 95 % intervals over seeds and images; faint dots are the seeds.
    """
    frame = frames.ladder(table, subset)
    metrics, steps = list(frames.LADDER_METRICS), list(frames.STEPS)
    figure, axes = plt.subplots(
        len(metrics),
        len(BACKGROUNDS),
        figsize=(7.2, 8.4),
        sharex=True,
        sharey="row",
        height_ratios=[2.6] + [1] * (len(metrics) - 1),
    )
    for row, metric in zip(axes, metrics, strict=True):
        for ax, background in zip(row, BACKGROUNDS, strict=True):
            for offset, (data, (colour, marker)) in zip((-0.15, 0, 0.15), _DATA.items(), strict=True):
                own = frame[
                    (frame.metric == metric) & (frame.background == background) & (frame.data == data)
                ]
                own = own.sort_values("step")
                x = own.step.cat.codes.to_numpy() + offset
                ax.vlines(x, own.low, own.high, color=colour, linewidth=2, alpha=0.5, label=LIMITS)
                ax.plot(
                    x, own.value, marker, linestyle="-", color=colour, markersize=4.5, linewidth=1, label=data
                )
                if metric == metrics[0]:
                    for place, each in zip(x, own.each, strict=True):
                        ax.plot(
                            [place] * len(each), each, ".", color=colour, alpha=0.3, markersize=4, label=SEED
                        )
            ax.grid(axis="y", color="0.94")
        row[0].set_ylabel(metric)
        row[0].set_ylim(bottom=0)
    for ax, background in zip(axes[0], BACKGROUNDS, strict=True):
        ax.set_title(f"{background} background")
    for ax in axes[-1]:
        ax.set_xticks(
            range(len(steps)), steps, rotation=45, ha="right", rotation_mode="anchor", fontsize="small"
        )
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, title="fine-tuned on", loc="outside lower center", ncols=len(_DATA))


def loss_or_data(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> None:
    """Change in shape bias when only the loss of fine-tuning changes, and when only its data do."""
    frame = frames.loss_or_data(table, subset)
    n = frame.id.nunique()
    figure, axes = plt.subplots(1, len(BACKGROUNDS), figsize=(7.6, 1.3 + 0.3 * n), sharex=True, sharey=True)
    for ax, background in zip(axes, BACKGROUNDS, strict=True):
        own = frame[frame.background == background].rename(columns={"effect": "value"}).set_index("aspect")
        intervals.dots(
            own, xlabel="change in shape bias", colours=own.change.map(lambda c: _CHANGES[c][1]), ax=ax
        )
        ax.set_title(f"{background} background")
    handles = [_dot(colour=colour, label=label) for label, colour in _CHANGES.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize="small")


def factors(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> None:
    """What each single change of the design does to shape bias, on both backgrounds."""
    table = table or zoo_results()
    found = [contrast_frame(table, **key(background, subset)) for background in BACKGROUNDS]
    height = height_of(len(found[0]))
    figure, axes = plt.subplots(1, len(BACKGROUNDS), figsize=(9.6, height), sharex=True)
    for ax, frame, background in zip(axes, found, BACKGROUNDS, strict=True):
        six_factors(frame, xlabel="change in shape bias", ax=ax)
        ax.set_title(f"{background} background")
    axes[1].tick_params(axis="y", labelleft=False)


def decided_twice(table: MeasuredTable | None = None) -> pd.DataFrame:
    """The claims' effects under both ways of deciding, with 95 % intervals, as a table."""
    return frames.decided_twice(table).rename_axis("claim")


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """All numbers of the section, model by model."""
    return section_rows(table or zoo_results(), SECTION)


def glue_findings() -> None:
    """Glue what the prose quotes: the drop and the texture of each set of data, what loss and data move, and
    how the base model sees each cue.
    """
    for data in DATA:
        glue_text(f"shape-drop-{data}", partial(_drop, data))
        share = sum(p * d.own_texture for d, p in DISTRIBUTIONS[data].items())
        glue_text(f"shape-own-texture-{data}", partial("{:.0%}".format, share))
    for change in _CHANGES:
        glue_text(f"shape-moved-by-{change}", partial(moved_surely, change))
    for metric, (kind, name) in frames.LADDER_METRICS.items():
        glue_text(f"shape-base-{metric.replace(' ', '-')}", partial(_base, kind, name))


def moved_surely(change: str, table: MeasuredTable | None = None) -> str:
    """How many contrasts of "loss" or "data" move shape bias on both backgrounds, after correction: "2 of 4"."""
    frame = frames.loss_or_data(table)
    own = frame[frame.change == change].assign(sure=lambda f: f.p_holm < 0.05)
    by_contrast = own.groupby("id")
    sure = by_contrast.sure.all() & by_contrast.effect.agg(lambda e: e.gt(0).all() or e.lt(0).all())
    return f"{sure.sum()} of {len(sure)}"


def _drop(data: str) -> str:
    found = drop_by_finetuning(data=data)
    return effect_text(load()["B2"], Verdict("B2", "pocket", "", *found[:3], 0, 0, None, ""))


def _base(kind: str, metric: str) -> str:
    """The base recipe's mean on the neutral and on the other background, such as "53% and 47%"."""
    where = {"section": SECTION, "subset": ALL_CLASSES, "metric": metric}
    found = [
        frames.levels(zoo_results(), [PARENT], dataset=f"{kind}-{background}", **where).value[0]
        for background in BACKGROUNDS
    ]
    return " and ".join(f"{value:.2f}" if metric == "shape_bias" else f"{value:.0%}" for value in found)


def _fill(background: str, colour: str) -> str:
    return colour if background == BACKGROUNDS[0] else "white"


def _dot(*, colour: str, label: str, fill: str | None = None):
    return plt.Line2D([], [], marker="o", linestyle="", color=colour, mfc=fill or colour, label=label)
