"""Figures and tables of the chapter on shape bias."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.plots import intervals
from clipkit.plots.style import KIND_COLOURS, KIND_NAMES, LIMITS
from clipkit.results import Result, row_maker
from clipkit.sections import shape_bias as section


def table(prompt: str) -> pd.DataFrame:
    """Shape bias and cue accuracy of every model, sorted: kind, prompt, value, low, high, cue_accuracy, n_trials.

    CLIP models appear once, with `prompt`. Intervals are percentile bootstrap over images.
    """
    shape, texture, models = section.record_decisions()
    estimate, draws = section.bias_draws()
    chosen = models.index[(models.kind != "zero_shot") | (models.index.get_level_values("prompt") == prompt)]
    low, high = np.quantile(draws[chosen].to_numpy(), [0.025, 0.975], axis=0)
    cue = (shape + texture)[chosen].mean()
    frame = pd.DataFrame(
        {
            "kind": models.kind[chosen],
            "value": estimate[chosen],
            "low": low,
            "high": high,
            "cue_accuracy": cue,
            "n_trials": shape[chosen].notna().sum(),
        }
    )
    return frame.reset_index().sort_values("value", ascending=False).set_index("model")


def bias_by_model(prompt: str):
    """Dots with intervals, all models on the same images, coloured by kind."""
    frame = table(prompt)
    ax = intervals.dots(
        frame,
        xlabel="shape bias (share of shape among shape and texture decisions)",
        colours=frame.kind.map(KIND_COLOURS),
        reference=0.5,
    )
    ax.set_xlim(0, 1)
    kinds = [k for k in KIND_COLOURS if k in set(frame.kind) and k != "baseline"]
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=KIND_COLOURS[k], label=KIND_NAMES[k])
        for k in kinds
    ]
    ax.legend(handles=handles, loc="upper left")
    ax.tick_params(axis="y", labelsize="small")


def finetuning_pairs():
    """Shape bias before and after fine-tuning, one line a pair, with intervals."""
    frame = table(section.PROMPT)
    figure, ax = plt.subplots(figsize=(5.6, 3.2))
    for place, (parent, child) in enumerate(section.FINETUNED_PAIRS):
        before, after = frame.loc[parent], frame.loc[child]
        for x, row, kind in ((place - 0.15, before, "zero_shot"), (place + 0.15, after, "finetuned")):
            ax.plot(
                [x, x], [row.low, row.high], color=KIND_COLOURS[kind], linewidth=2.2, alpha=0.55, label=LIMITS
            )
            ax.plot(
                x, row.value, "o", color=KIND_COLOURS[kind], label=KIND_NAMES[kind] if place == 0 else None
            )
        ax.plot([place - 0.15, place + 0.15], [before.value, after.value], color="0.6", linewidth=1, zorder=0)
    names = [child.split(".")[1].replace("openai_", "") for _, child in section.FINETUNED_PAIRS]
    sizes = [parent.removesuffix("_openai").replace("_", "-") for parent, _ in section.FINETUNED_PAIRS]
    ax.set_xticks(range(len(names)), [f"{s}\n{n}" for s, n in zip(sizes, names, strict=True)])
    ax.set(ylabel="shape bias", ylim=(0, 0.8))
    ax.axhline(0.5, color="0.6", linewidth=1, zorder=0)
    ax.legend(loc="lower left")


def prompts_by_tower():
    """Shape bias of each CLIP tower under three wordings of the prompt."""
    _, _, models = section.record_decisions()
    estimate, draws = section.bias_draws()
    clip = models.index[models.kind == "zero_shot"]
    figure, ax = plt.subplots(figsize=(6.5, 3.4))
    towers = estimate[clip].groupby("model").mean().sort_values(ascending=False).index
    prompts = clip.get_level_values("prompt").unique()
    for offset, (prompt, marker) in enumerate(zip(prompts, "os^D", strict=False)):
        rows = np.arange(len(towers)) + 0.2 * (offset - 1)
        columns = [(tower, prompt) for tower in towers]
        low, high = np.quantile(draws[columns].to_numpy(), [0.025, 0.975], axis=0)
        ax.hlines(rows, low, high, color=KIND_COLOURS["zero_shot"], alpha=0.4)
        ax.plot(estimate[columns], rows, marker, color=KIND_COLOURS["zero_shot"], markersize=5, label=prompt)
    ax.set_yticks(range(len(towers)), towers)
    ax.invert_yaxis()
    ax.set_xlabel("shape bias")
    ax.legend(title="wording", loc="lower center")


def rows(prompt: str) -> list[Result]:
    """The rows behind `bias_by_model`: shape bias and cue accuracy of every model."""
    made = []
    for model, r in table(prompt).iterrows():
        row = row_maker(
            section="shape bias",
            track="record",
            model=model,
            dataset="cue-conflict",
            subset="all",
            templates_hash=r.prompt,
            n_expected=1_200,
            n_seen=int(r.n_trials),
        )
        method = f"percentile bootstrap over images, {section.DRAWS} draws"
        made.append(
            row(
                metric="shape_bias",
                value=r.value,
                interval=(r.low, r.high),
                interval_method=method,
                n=round(r.cue_accuracy * r.n_trials),
                higher_is_better=None,
            )
        )
        made.append(
            row(
                metric="cue_accuracy",
                value=r.cue_accuracy,
                interval_method="none: see shape_bias",
                n=int(r.n_trials),
                higher_is_better=True,
            )
        )
    return made
