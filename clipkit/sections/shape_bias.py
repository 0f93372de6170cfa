"""Shape bias (cue conflict): whether a model decides by shape or by texture when the two disagree."""

from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import permutation_test

from clipkit import zoo
from clipkit.evidence import Evidence
from clipkit.records import shape_trials
from clipkit.sections.draws import evidence_from_draws
from clipkit.stats import bootstrap_draws

DRAWS = 10_000
PROMPT = "a photo of a CLS."
FINETUNED_PAIRS = (
    ("ViT-L-14/openai", "vit_large_patch14_clip_224.openai_ft_in1k"),
    ("ViT-L-14/openai", "vit_large_patch14_clip_224.openai_ft_in12k_in1k"),
    ("ViT-L-14-336/openai", "vit_large_patch14_clip_336.openai_ft_in12k_in1k"),
)
TOWER_OF_LLAVA = "ViT-L-14-336/openai"
ONE_RUN = {"tv_resnet50": "resnet50"}
"""The public records evaluate torchvision's ResNet-50 twice, under two names."""


class Trials(NamedTuple):
    """Which trials count: those whose cues agree, and those decided for neither cue."""

    agreeing: bool = False
    undecided: bool = False


OURS = Trials()


@cache
def record_decisions(agreeing: bool = False) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Decisions of people and public models on the 1,200 conflict images; if `agreeing`, on all 1,280.

    Returns (by_shape, by_texture, models): two frames of 0 and 1, images × (model, prompt), and one row a
    column with kind and run (the training-run cluster). Networks that were not trained on ImageNet's
    photographs (Stylized-ImageNet, Open Images) are left out.
    """
    trials = shape_trials.load()
    trials = trials[(agreeing | ~trials.agrees) & (trials.training == "")]
    models = trials.groupby(["model", "source", "prompt"], sort=False).kind.first().reset_index()
    twice = models.duplicated(["model", "prompt"])
    models["label"] = models.model.where(~twice, models.model + " (timm)")
    runs = zoo.zero_shot().set_index("model").run
    models["run"] = models.label.map(runs).fillna(models.label.replace(ONE_RUN))
    trials = trials.merge(models[["model", "source", "prompt", "label"]], on=["model", "source", "prompt"])
    models = (
        models.drop(columns="model")
        .rename(columns={"label": "model"})
        .set_index(["model", "prompt"])[["kind", "run"]]
    )

    def wide(hits: pd.Series) -> pd.DataFrame:
        table = trials.assign(hit=hits.fillna(False).astype(float))
        return table.pivot(index="image", columns=["label", "prompt"], values="hit")[
            models.index
        ].rename_axis(columns=models.index.names)

    return wide(trials.decision == trials["shape"]), wide(trials.decision == trials.texture), models


@cache
def bias_draws(seed: int = 0, counted: Trials = OURS) -> tuple[pd.Series, pd.DataFrame]:
    """Shape bias of every (model, prompt): estimate, and draws in which all models see the same resampled images.

    A trial whose cues agree, where it counts, is a decision for both. Where those decided for neither count, it is
    the share of all trials that is decided for the shape.
    """
    shape, texture, _ = record_decisions(counted.agreeing)
    stacked = np.hstack([shape.to_numpy(), texture.to_numpy()])
    hits = bootstrap_draws(stacked, draws=DRAWS, seed=seed)
    by_shape, by_texture = np.split(hits, 2, axis=1)
    if counted.undecided:
        return shape.mean(), pd.DataFrame(by_shape, columns=shape.columns)
    estimate = shape.mean() / (shape.mean() + texture.mean())
    return estimate, pd.DataFrame(by_shape / (by_shape + by_texture), columns=shape.columns)


def clip_against_baselines(counted: Trials = OURS) -> Evidence:
    """B1: mean shape bias of zero-shot CLIP minus that of ImageNet-trained models; each training run counted once."""
    _, _, models = record_decisions()
    estimate, draws = bias_draws(counted=counted)
    chosen = {
        "zero_shot": models.index[
            (models.kind == "zero_shot") & (models.index.get_level_values("prompt") == PROMPT)
        ],
        "supervised": models.index[models.kind == "supervised"],
    }
    rng = np.random.default_rng(1)
    means, group_draws = {}, {}
    for kind, columns in chosen.items():
        clusters = models.run[columns].to_numpy()
        means[kind] = estimate[columns].groupby(clusters).mean()
        per_cluster = draws[columns].T.groupby(clusters).mean().T.to_numpy()
        picks = rng.integers(per_cluster.shape[1], size=per_cluster.shape)
        group_draws[kind] = np.take_along_axis(per_cluster, picks, axis=1).mean(axis=1)
    clip, baselines = means["zero_shot"], means["supervised"]
    test = permutation_test(
        (clip.to_numpy(), baselines.to_numpy()),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        n_resamples=DRAWS,
        vectorized=True,
        rng=1,
    )
    low = ", ".join(f"{name} {clip[name]:.2f}" for name in clip.index[clip < baselines.max()])
    note = f"but not for every model: {low} lie among the ImageNet-trained models, of which the highest has "
    note = note + f"{baselines.max():.2f}" if low else ""
    return evidence_from_draws(
        clip.mean() - baselines.mean(),
        group_draws["zero_shot"] - group_draws["supervised"],
        n_models=sum(map(len, chosen.values())),
        n_clusters=len(clip) + len(baselines),
        p=float(test.pvalue),
        note=note,
    )


def drop_by_finetuning(counted: Trials = OURS) -> Evidence:
    """B2: mean drop in shape bias from a zero-shot tower to its ImageNet-fine-tuned children, same images."""
    estimate, draws = bias_draws(counted=counted)
    pairs = [((parent, PROMPT), _only_prompt(child)) for parent, child in FINETUNED_PAIRS]
    drops = [estimate[a] - estimate[b] for a, b in pairs]
    note = (
        f"{len(pairs)} pairs with drops of {min(drops):.2f} to {max(drops):.2f}, all from one training run "
        "(ViT-L/14 on WIT); the interval covers images only. Zero-shot decisions are among 16 names, fine-tuned ones "
        "among 1,000 classes mapped to 16"
    )
    return evidence_from_draws(
        float(np.mean(drops)),
        sum(draws[a] - draws[b] for a, b in pairs) / len(pairs),
        n_models=len({m for p in pairs for m in p}),
        n_clusters=1,
        note=note,
    )


def llava_against_its_tower(counted: Trials = OURS) -> Evidence:
    """B4: mean shape bias of the LLaVA models minus that of the CLIP tower they share."""
    _, _, models = record_decisions()
    estimate, draws = bias_draws(counted=counted)
    names = models.index.get_level_values("model")
    llava = models.index[(models.kind == "lmm") & names.str.startswith("llava_1_")]
    tower = (TOWER_OF_LLAVA, PROMPT)
    gaps = estimate[llava] - estimate[tower]
    note = f"{len(llava)} LLaVA models on one tower, differences from {gaps.min():+.2f} to {gaps.max():+.2f}"
    return evidence_from_draws(
        gaps.mean(),
        draws[llava].mean(axis=1) - draws[tower],
        n_models=len(llava) + 1,
        n_clusters=1,
        note=note,
    )


def spread_over_prompts(counted: Trials = OURS) -> Evidence:
    """B5: largest mean change in shape bias between two of three wordings; interval and p hold for all three pairs."""
    _, _, models = record_decisions()
    estimate, draws = bias_draws(counted=counted)
    prompts = models.index[models.kind == "zero_shot"].get_level_values("prompt").unique()
    clip = models[models.kind == "zero_shot"]
    tests = []
    for a, b in combinations(prompts, 2):
        change, drawn = (
            x.xs(a, level="prompt", axis=ax).mean(axis=ax) - x.xs(b, level="prompt", axis=ax).mean(axis=ax)
            for x, ax in ((estimate, 0), (draws, 1))
        )
        sign = np.sign(change) or 1.0
        test = evidence_from_draws(
            sign * change,
            sign * drawn,
            n_models=len(clip) // len(prompts),
            n_clusters=clip.run.nunique(),
            level=1 - 0.05 / 3,
        )
        first, second = (a, b) if sign > 0 else (b, a)
        tests.append(
            test._replace(
                p=min(1.0, 3 * test.p), note=f"largest between {first!r} and {second!r}; three wordings tried"
            )
        )
    return max(tests)


def _only_prompt(model: str) -> tuple[str, str]:
    _, _, models = record_decisions()
    (index,) = models.index[models.index.get_level_values("model") == model]
    return index
