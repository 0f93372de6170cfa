"""Figures and tables of the chapter on OOD detection."""

from dataclasses import replace
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.plots import intervals
from clipkit.plots.factors import FACTOR_COLOURS, six_factors
from clipkit.plots.style import KIND_COLOURS, LIMITS, MUTED, SEED
from clipkit.pocket.dataset import PocketData, load
from clipkit.pocket.outputs import PocketOutputs
from clipkit.pocket.sets import set_spec
from clipkit.results import Result
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.ood_detection import ALL, AUROC, FPR, POCKET, SECTION, detection_scores
from clipkit.sections.measured import Measured, MeasuredTable, to_rows
from clipkit.sections.outputs import DEFAULT_PROMPTS, default_prompts
from clipkit.sections.pocket import ood_detection as section
from clipkit.sections.pocket import ood_scores as scores
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.ood_scores import FAR, NEAR, SCORES, SETS, USUAL, metric_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.wording import counted, with_limits

SOURCE_COLOURS = {"wild": "#0072b2", "studio": "#d55e00", "mixed": "#009e73", "catalogue": "#cc79a7"}
SCORE_COLOURS = {"mcm": "#0072b2", "msp": "#d55e00", "max-logit": "#009e73", USUAL: "0.25"}
SCORE_NAMES = {**SCORES, USUAL: "the usual score"}
KINDS = {"zero_shot": "zero-shot", "baseline": "supervised from scratch", "finetuned": "fine-tuned"}
_UNKNOWN_COLOURS = {"known classes": MUTED, "near classes": "#d55e00", "far sets": "#0072b2"}
_PICTURES = {POCKET.known: 416, NEAR: 240, FAR: 60}


def table_of_recipes(dataset: str, metric: str = AUROC) -> pd.DataFrame:
    """Each recipe's mean over seeds on one set (index: recipe): kind, value, low, high (images), n_seeds, seeds."""
    found = scores.numbers(zoo_results(), [dataset], metric)
    names = pd.Series(found.models)
    made = {}
    for recipe, rows in names.groupby(names.str.rpartition("-s")[0]).groups.items():
        low, high = np.quantile(found.draws[rows, 0].mean(axis=0), [0.025, 0.975])
        seeds = found.value[rows, 0]
        made[recipe] = (kind_of(names[rows[0]]), seeds.mean(), low, high, len(seeds), seeds)
    columns = ["kind", "value", "low", "high", "n_seeds", "seeds"]
    frame = pd.DataFrame.from_dict(made, orient="index", columns=columns)
    return frame.sort_values(
        ["kind", "value"], key=lambda c: c.map(list(KINDS).index) if c.name == "kind" else -c
    )


def auroc_by_recipe(score: str = USUAL):
    """AUROC on near classes and far sets, a row for each recipe: mean over seeds with interval, and each seed."""
    near, far = (table_of_recipes(dataset, metric_of(score)) for dataset in (NEAR, FAR))
    _, axes = plt.subplots(1, 2, figsize=(7.6, 1.3 + 0.2 * len(near)), sharey=True)
    for ax, frame, dataset in zip(axes, (near, far.loc[near.index]), (NEAR, FAR), strict=True):
        intervals.dots(
            frame,
            xlabel=f"AUROC, {SETS[dataset]}",
            colours=frame.kind.map(KIND_COLOURS),
            reference=0.5,
            ax=ax,
        )
        for row, seeds in enumerate(frame.seeds):
            ax.plot(seeds, [row] * len(seeds), "|", color="0.15", markersize=5, zorder=4, label=SEED)
    axes[0].tick_params(axis="y", labelsize="small")
    axes[1].tick_params(axis="y", labelleft=False)
    present = [k for k in KINDS if k in set(near.kind)]
    handles = [plt.Line2D([], [], marker="o", ls="", color=KIND_COLOURS[k], label=KINDS[k]) for k in present]
    axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def fpr_table():
    """FPR@95 by the usual score: of each kind's recipes the lowest, the median and the highest, with intervals."""
    made = {}
    for dataset in (NEAR, FAR):
        frame = table_of_recipes(dataset, FPR)
        for kind, own in frame.groupby("kind", sort=False):
            own = own.sort_values("value")
            places = {"lowest": 0, "median": (len(own) - 1) // 2, "highest": -1}
            for word, place in places.items():
                r = own.iloc[place]
                said = f"{with_limits(100 * r.value, 100 * r.low, 100 * r.high, 0)} ({r.name})"
                made.setdefault(f"{KINDS[kind]}, {word}", {})[SETS[dataset]] = said
    return pd.DataFrame.from_dict(made, orient="index").style


def accuracy_plane():
    """Accuracy on known classes against AUROC: zero-shot models by source, each source with its own line."""
    frame = section.models(zoo_results()).query("kind == 'zero_shot'")
    _, axes = plt.subplots(1, 2, figsize=(7.6, 3.5), sharex=True)
    for ax, dataset in zip(axes, (NEAR, FAR), strict=True):
        for source, colour in SOURCE_COLOURS.items():
            part = frame[frame.source == source]
            label = f"{source} ({counted(part.run.nunique(), 'run')})" if len(part) else None
            ax.plot(
                100 * part.accuracy, part[dataset], "o", color=colour, markersize=5, alpha=0.8, label=label
            )
            if part.recipe.nunique() >= 3:
                slope, intercept = np.polyfit(part.accuracy, part[dataset], 1)
                span = np.array([part.accuracy.min(), part.accuracy.max()])
                ax.plot(100 * span, intercept + slope * span, color=colour, linewidth=1.4)
        ax.axhline(0.5, color="0.6", linewidth=1, zorder=0)
        ax.set(xlabel="accuracy on known classes (%)", title=SETS[dataset])
    axes[0].set_ylabel("AUROC")
    axes[0].legend(fontsize="small", handletextpad=0.1)


def offsets_between_sources(dataset: str = ALL):
    """Dots with intervals: AUROC of one source minus another's at equal accuracy, every pair."""
    frame = section.source_offsets(zoo_results(), dataset)
    names = [f"{r.a} − {r.b}" + ("" if r.overlap else " (no overlap)") for r in frame.itertuples()]
    intervals.dots(frame.set_axis(names), xlabel="offset in AUROC at equal accuracy (pp)")


def factors(dataset: str, score: str):
    """All six factors: what each change does to AUROC."""
    table, metric = zoo_results(), metric_of(score)
    frame = contrast_frame(table, section=SECTION, dataset=dataset, subset=ALL, metric=metric)
    six_factors(frame, xlabel=f"change in AUROC, {SETS[dataset]} (pp)", scale=100)


def scores_by_set():
    """Mean AUROC of the zero-shot recipes by score on each unknown set."""
    frame = scores.score_means(zoo_results())
    order = [*POCKET.names, FAR]
    _, ax = plt.subplots(figsize=(6.6, 3.2))
    for offset, score in zip((-0.22, 0, 0.22), SCORES, strict=True):
        part = frame[frame.score == score].set_index("dataset").loc[order]
        rows = np.arange(len(order)) + offset
        ax.hlines(
            rows, part.low, part.high, color=SCORE_COLOURS[score], linewidth=2.2, alpha=0.55, label=LIMITS
        )
        ax.plot(part.value, rows, "o", color=SCORE_COLOURS[score], markersize=5.5, label=SCORES[score])
    ax.axvline(0.5, color="0.6", linewidth=1, zorder=0)
    ax.set_yticks(range(len(order)), [*POCKET.names, "mean of the far sets"])
    ax.invert_yaxis()
    ax.set_xlabel("mean AUROC of the zero-shot recipes")
    ax.legend(loc="best")


def score_table():
    """How far each score lies from MCM, and how alike the scores rank the recipes."""
    frame, agreement = scores.score_means(zoo_results()), scores.rank_agreement(zoo_results())
    made = {}
    for dataset, name in SETS.items():
        column = {}
        for score in ("msp", "max-logit"):
            r = frame[(frame.dataset == dataset) & (frame.score == score)].iloc[0]
            limits = 100 * r.difference_low, 100 * r.difference_high
            column[f"{SCORES[score]} minus MCM (pp)"] = with_limits(100 * r.difference, *limits, 1, "+")
        for r in agreement[agreement.dataset == dataset].itertuples():
            agreed = with_limits(r.value, r.low, r.high)
            column[f"rank agreement of {SCORES[r.a]} and {SCORES[r.b]}"] = agreed
        made[name] = column
    return pd.DataFrame(made).style


def best_score(dataset: str) -> str:
    """The score with the highest mean AUROC of the zero-shot recipes."""
    frame = scores.score_means(zoo_results()).query("dataset == @dataset")
    return SCORES[frame.score[frame.value.idxmax()]]


def contradictions() -> str:
    """How many clean contrasts surely raise AUROC by one score and surely lower it by another, and which."""
    table = zoo_results()
    found, tried = scores.contradictions(table), scores.effects_by_score(table).id.nunique()
    return f"{len(found)} of {tried}" + (f" ({', '.join(found)})" if found else "")


def finetuning_range() -> str:
    """The largest fall and rise of AUROC by fine-tuning on all sets, by MSP before and after, with intervals."""
    frame = scores.finetuning_by_score(zoo_results(), scores=["msp"]).sort_values("effect")
    ends = (frame.iloc[0], frame.iloc[-1])
    return " to ".join(
        f"{with_limits(*(100 * r[['effect', 'low', 'high']]), 1, '+', ' pp')} ({r.a})" for r in ends
    )


def finetuning_by_score(dataset: str = ALL):
    """What fine-tuning does to AUROC, by the usual score of each kind and by one score before and after."""
    frame = scores.finetuning_by_score(zoo_results(), dataset)
    contrasts = list(dict.fromkeys(frame.id))
    aspect = frame.drop_duplicates("id").set_index("id").aspect.str.removeprefix("none → ")
    _, ax = plt.subplots(figsize=(7.2, 1.3 + 0.34 * len(contrasts)))
    ax.axvline(0, color="0.6", linewidth=1, zorder=0)
    for offset, score in zip((-0.22, 0, 0.22), scores.COMMON, strict=True):
        part = frame[frame.score == score].set_index("id").reindex(contrasts)
        rows = np.arange(len(contrasts)) + offset
        ax.hlines(
            rows,
            100 * part.low,
            100 * part.high,
            color=SCORE_COLOURS[score],
            linewidth=2,
            alpha=0.5,
            label=LIMITS,
        )
        ax.plot(
            100 * part.effect, rows, "o", color=SCORE_COLOURS[score], markersize=4.5, label=SCORE_NAMES[score]
        )
    ax.set_yticks(range(len(contrasts)), aspect[contrasts], fontsize="small")
    ax.set_ylim(len(contrasts) - 0.4, -0.6)
    ax.set_xlabel(f"change in AUROC, {SETS[dataset]} (pp)")
    ax.figure.legend(loc="outside upper center", ncols=3)


def detour():
    """The detour by an intermediate set against the straight way, by what the set held."""
    frame = 100 * section.detour(zoo_results())[["effect", "low", "high"]]
    intervals.dots(
        frame.rename(columns={"effect": "value"}),
        xlabel="AUROC, detour minus straight (pp)",
        colours=FACTOR_COLOURS["fine-tuning"],
    )


class _FirstPictures(PocketOutputs):
    """Outputs on the first pictures of each set, so that a fresh copy of the book need not render all."""

    def data(self, dataset: str) -> PocketData:
        n = _PICTURES[FAR if dataset in POCKET.unknown["far"] else dataset]
        return load(replace(set_spec(dataset, self.split), n=n), progress=False)


def score_histograms(model: str):
    """Distribution of each score of one model on known classes, near classes and far sets (validation draws)."""
    with TemporaryDirectory() as folder:
        outputs = _FirstPictures(model, folder, split="validation")
        prompts = default_prompts(outputs)
        shown = {"known classes": (POCKET.known,), "near classes": (NEAR,), "far sets": POCKET.unknown["far"]}
        found = {k: [detection_scores(outputs, d, prompts) for d in sets] for k, sets in shown.items()}
    names = [score for score in SCORES if score in found["known classes"][0]]
    _, axes = plt.subplots(1, len(names), figsize=(2.7 * len(names), 2.6), squeeze=False)
    for ax, score in zip(axes[0], names, strict=True):
        values = {k: np.concatenate([f[score] for f in each]) for k, each in found.items()}
        edges = np.histogram_bin_edges(np.concatenate(list(values.values())), 24)
        for k, v in values.items():
            density = np.histogram(v, edges, density=True)[0]
            ax.stairs(density, edges, color=_UNKNOWN_COLOURS[k], fill=k == "known classes", label=k, linewidth=1.6,
                      alpha=0.35 if k == "known classes" else 1.0)  # fmt: skip
        ax.set(xlabel=SCORES[score], yticks=[])
        ax.spines["left"].set_visible(False)
    axes[0, 0].set_ylabel("density")
    axes[0, 0].figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(values)
    )


def rows(table: MeasuredTable | None = None) -> list[Result]:
    """AUROC by the usual score and by each ("auroc/mcm"), FPR@95 by the usual one, on every set; and accuracy."""
    table = table or zoo_results()
    chosen = table.frame[
        (table.frame.section == SECTION)
        & table.frame.metric.str.match(f"{AUROC}(/.*)?$|{FPR}$|accuracy$")
        & table.frame.prompts.isin(DEFAULT_PROMPTS)
    ]
    fields = [f for f in Measured._fields if f != "draws"]
    made = []
    for model, part in chosen.groupby("model"):
        measured = [
            Measured(**row, draws=table.draws[i])
            for i, row in zip(part.index, part[fields].to_dict("records"), strict=True)
        ]
        made += to_rows(measured, model, "pocket")
    return made
