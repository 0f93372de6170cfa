"""Figures and tables of the chapter on natural shifts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.plots.altair_html import EmbeddedChart
from clipkit.plots.plane import explore, scatter_with_line
from clipkit.plots.style import KIND_COLOURS, KIND_NAMES, LIMITS
from clipkit.results import Result, row_maker
from clipkit.sections import natural_shifts as section


def planes(method: str):
    """Accuracy on each shift against ImageNet accuracy, with the baselines' line."""
    table = section.record_models()
    baselines = table[table.kind == "baseline"]
    figure, axes = plt.subplots(1, 4, figsize=(10.4, 3.0))
    for ax, shift in zip(axes, section.SHIFTS, strict=True):
        line = section.line_of(baselines, shift, method)
        scatter_with_line(ax, table.ImageNet, table[shift], table.kind, line)
        ax.set(title=shift, xlabel="ImageNet accuracy (%)")
    axes[0].set_ylabel("accuracy on the shift (%)")
    axes[0].legend(loc="upper left", fontsize="small", handletextpad=0.1)


def explorer() -> EmbeddedChart:
    """Interactive plane: ImageNet accuracy against accuracy on a shift, every model named on hover."""
    table = section.record_models().replace({"kind": KIND_NAMES})
    return explore(
        table,
        x="ImageNet",
        measures=list(section.SHIFTS),
        colour="kind",
        tooltip=["model", "source"],
        name="shift-explorer",
        x_title="accuracy on ImageNet",
        y_title="accuracy on the shift",
        colours={KIND_NAMES[kind]: KIND_COLOURS[kind] for kind in ("baseline", "zero_shot", "finetuned")},
        alt_text=f"Scatter plot of {len(table)} models on the natural shift chosen: zero-shot CLIP models lie above "
        "models trained "
        "on ImageNet of equal accuracy, fine-tuned ones lie between.",
    )


def robustness_summary():
    """Mean effective robustness with intervals: zero-shot and fine-tuned CLIP on each shift."""
    table = summary()
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 2.9), width_ratios=[1, 2.2])
    groups = (["ImageNet-V2"], ["ImageNet-R", "ImageNet-A", "ImageNet-Sketch"])
    for ax, shifts in zip(axes, groups, strict=True):
        for offset, kind in ((-0.1, "zero_shot"), (0.1, "finetuned")):
            part = table[table.kind == kind].set_index("shift").loc[shifts]
            x = np.arange(len(shifts)) + offset
            ax.vlines(
                x, part.low, part.high, color=KIND_COLOURS[kind], linewidth=2.2, alpha=0.55, label=LIMITS
            )
            ax.plot(x, part.value, "o", color=KIND_COLOURS[kind], label=KIND_NAMES[kind])
        ax.axhline(0, color="0.6", linewidth=1, zorder=0)
        ax.set_xticks(range(len(shifts)), shifts)
        ax.set_xlim(-0.5, len(shifts) - 0.5)
    axes[0].set_ylabel("effective robustness (pp)")
    axes[1].legend(loc="upper right")


def summary() -> pd.DataFrame:
    """Mean effective robustness (pp) by shift and kind: value, low, high, n_models, n_runs, share extrapolated."""
    estimate, draws = section.shares_removed(), section.share_draws()
    table = section.record_models()
    made = []
    for i, shift in enumerate(section.SHIFTS):
        for j, kind in enumerate(("zero_shot", "finetuned")):
            models = table[table.kind == kind]
            outside = section.robustness(models, table[table.kind == "baseline"], shift).extrapolated.mean()
            low, high = np.quantile(draws[:, i, j], [0.025, 0.975])
            made.append(
                {
                    "shift": shift,
                    "kind": kind,
                    "value": estimate.loc[shift, kind],
                    "low": low,
                    "high": high,
                    "n_models": len(models),
                    "n_runs": models.run.nunique(),
                    "extrapolated": outside,
                }
            )
    return pd.DataFrame(made)


def summary_table():
    """`summary` for reading."""
    return robustness_style(summary().replace({"kind": KIND_NAMES}), "kind")


def robustness_style(table: pd.DataFrame, models: str):
    """Effective robustness by shift and group of models as a table; `models` is the column that names the group."""
    intervals = [f"{low:+.1f} to {high:+.1f}" for low, high in table[["low", "high"]].to_numpy()]
    columns = {
        "shift": "shift",
        models: "models",
        "value": "effective robustness (pp)",
        "interval": "95 % interval",
        "n_models": "n",
        "n_runs": "training runs",
        "extrapolated": "outside the baselines' range",
    }
    shown = table.assign(interval=intervals)[list(columns)].rename(columns=columns)
    return shown.style.hide().format(
        {"effective robustness (pp)": "{:+.1f}", "outside the baselines' range": "{:.0%}"}
    )


def share_outside() -> str:
    """Share of the zero-shot models whose ImageNet accuracy lies outside the baselines' range."""
    table = summary()
    return f"{table[table.kind == 'zero_shot'].extrapolated.max():.0%}"


def change_by_method() -> str:
    """Largest change (pp) of the mean effective robustness between the Huber and the Theil–Sen line."""
    table = section.record_models()
    baselines = table[table.kind == "baseline"]
    changes = [
        section.robustness(models, baselines, shift, "huber").value.mean()
        - section.robustness(models, baselines, shift, "theil-sen").value.mean()
        for shift in section.SHIFTS
        for models in (table[table.kind == kind] for kind in ("zero_shot", "finetuned"))
    ]
    return f"{100 * max(map(abs, changes)):.1f}"


def rows() -> list[Result]:
    """The rows behind the summary."""
    return [
        row_maker(
            section="natural shifts",
            track="record",
            model=f"{KIND_NAMES[r.kind]} (mean)",
            dataset=r["shift"],
            subset="all",
            metric="effective_robustness",
            unit="pp",
            n=int(r.n_models),
            higher_is_better=True,
            interval_method=f"percentile bootstrap over training runs, {section.DRAWS} draws",
        )(value=r.value, interval=(r.low, r.high))
        for _, r in summary().iterrows()
    ]
