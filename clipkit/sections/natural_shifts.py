"""Natural shifts: effective robustness of zero-shot and fine-tuned CLIP on ImageNet-V2, -R, -A and -Sketch."""

from functools import cache

import numpy as np
import pandas as pd

from clipkit import zoo
from clipkit.evidence import Evidence
from clipkit.memo import remember
from clipkit.metrics import effective_robustness
from clipkit.metrics.robustness import EffectiveRobustness
from clipkit.records import openclip, timm_results
from clipkit.sections import lines
from clipkit.sections.draws import evidence_from_draws, run_counts

SHIFTS = {
    "ImageNet-V2": ("imagenet-v2", "ImageNet v2"),
    "ImageNet-R": ("imagenet-r", "ImageNet-R"),
    "ImageNet-A": ("imagenet-a", "ImageNet-A"),
    "ImageNet-Sketch": ("imagenet-sketch", "ImageNet Sketch"),
}
"""Each shift's name in timm's and in open_clip's results."""
N_IMAGES = {
    "ImageNet": 50_000,
    "ImageNet-V2": 10_000,
    "ImageNet-R": 30_000,
    "ImageNet-A": 7_500,
    "ImageNet-Sketch": 50_889,
}
DRAWS = 10_000
ALL, PARENTS, INSIDE = "all", "parents", "inside"
"""Which CLIP models E3 compares: all; the fine-tuned with the zero-shot ones of their own training runs; those whose
accuracy on ImageNet lies within the baselines'."""


@cache
def record_models() -> pd.DataFrame:
    """Accuracy (fractions) of baselines, fine-tuned and zero-shot CLIP on ImageNet and the four shifts.

    Columns: model, kind, source, run, ImageNet, and one column for each of `SHIFTS`; NaN where none is
    published: ImageNet-A was made of images that defeat ResNet-50, which timm does not score on it.
    """
    sets = {"ImageNet": ("imagenet", "ImageNet 1k"), **SHIFTS}
    baselines = zoo.baselines().assign(kind="baseline", source=lambda t: t.group)
    finetuned = zoo.finetuned().query("has_1000_classes").assign(kind="finetuned")
    classifiers = pd.concat([baselines, finetuned])[["model", "kind", "source", "run", "input_size"]]
    for name, (theirs, _) in sets.items():
        published = timm_results.load(theirs)[["model", "img_size", "top1"]]
        published = published.rename(columns={"img_size": "input_size", "top1": name})
        classifiers = classifiers.merge(published, on=["model", "input_size"], how="left")
    clip = openclip.results().query("pool == 'core'").assign(kind="zero_shot")
    clip = clip.rename(columns={theirs: name for name, (_, theirs) in sets.items()})
    columns = ["model", "kind", "source", "run", *sets]
    return pd.concat([clip[columns], classifiers[columns]], ignore_index=True)


def compared_models(which: str = ALL) -> pd.DataFrame:
    """`record_models` with the CLIP models that one of `ALL`, `PARENTS` and `INSIDE` compares, and all baselines."""
    table = record_models()
    baseline, finetuned = table.kind == "baseline", table.kind == "finetuned"
    if which == PARENTS:
        return table[baseline | finetuned | table.run.isin(set(table.run[finetuned]))]
    if which == INSIDE:
        return table[table.ImageNet.between(table.ImageNet[baseline].min(), table.ImageNet[baseline].max())]
    return table


def line_of(baselines: pd.DataFrame, shift: str, method: str = "huber", axes: str = "logit") -> lines.Line:
    """The line through the baselines that have an accuracy on `shift`."""
    known = baselines.dropna(subset=[shift])
    return lines.fit(known.ImageNet.to_numpy(), known[shift].to_numpy(), method, axes, N_IMAGES[shift])


def robustness(
    models: pd.DataFrame, baselines: pd.DataFrame, shift: str, method: str = "huber", axes: str = "logit"
) -> EffectiveRobustness:
    """Effective robustness (fractions) and extrapolation flags of `models` on `shift`."""
    return effective_robustness(
        line_of(baselines, shift, method, axes), models.ImageNet.to_numpy(), models[shift].to_numpy()
    )


def shares_removed(method: str = "huber", axes: str = "logit", which: str = ALL) -> pd.DataFrame:
    """By shift: mean effective robustness (pp) of zero-shot and fine-tuned models, and the share removed."""
    table = compared_models(which)
    baselines = table[table.kind == "baseline"]
    rows = {
        shift: {
            kind: 100 * robustness(table[table.kind == kind], baselines, shift, method, axes).value.mean()
            for kind in ("zero_shot", "finetuned")
        }
        for shift in SHIFTS
    }
    return pd.DataFrame(rows).T.assign(share=lambda t: 1 - t.finetuned / t.zero_shot)


@remember
def share_draws(
    draws: int = DRAWS, seed: int = 0, method: str = "huber", axes: str = "logit", which: str = ALL
) -> np.ndarray:
    """Bootstrap draws of `shares_removed`, shape (draws, shifts, 3).

    Training runs are resampled, a parent always together with its children: those of baselines, those with a fine-tuned
    model, and all others, each within its own kind.
    """
    table, rng = compared_models(which), np.random.default_rng(seed)
    baseline = (table.kind == "baseline").to_numpy()
    tuned = table.run.isin(set(table.run[table.kind == "finetuned"]))
    strata = np.where(baseline, "baseline", np.where(tuned, "fine-tuned", "zero-shot alone"))
    counts = run_counts(table.run, draws, rng, strata=strata)
    drawn = np.empty((draws, len(SHIFTS), 3))
    for place, shift in enumerate(SHIFTS):
        known = baseline & table[shift].notna().to_numpy()
        fitted = table[known]
        drawn_lines = lines.fit_resampled(
            fitted.ImageNet.to_numpy(),
            fitted[shift].to_numpy(),
            counts[:, known],
            method,
            axes,
            N_IMAGES[shift],
        )
        for number, kind in enumerate(("zero_shot", "finetuned")):
            chosen = (table.kind == kind).to_numpy()
            x, y = table.ImageNet.to_numpy()[chosen], table[shift].to_numpy()[chosen]
            distance = y - drawn_lines.predict(x)
            drawn[:, place, number] = (
                100 * (distance * counts[:, chosen]).sum(axis=1) / counts[:, chosen].sum(axis=1)
            )
    drawn[:, :, 2] = 1 - drawn[:, :, 1] / drawn[:, :, 0]
    return drawn


def finetuning_removes_robustness(
    method: str = "huber", axes: str = "logit", draws: int = DRAWS, which: str = ALL
) -> Evidence:
    """E3: smallest share of effective robustness that fine-tuning removes, over the four shifts.

    On a shift without zero-shot effective robustness there is nothing to remove, and the share counts as zero: the
    claim has two halves. So it is in each draw.
    """
    line = {"method": method, "axes": axes}
    chosen = line | {"which": which}
    table, estimate, drawn = compared_models(which), shares_removed(**chosen), share_draws(draws, **chosen)
    models, baselines = table[table.kind != "baseline"], table[table.kind == "baseline"]
    outside = robustness(
        table[table.kind == "zero_shot"], baselines, "ImageNet-V2", **line
    ).extrapolated.mean()
    note = (
        f"on ImageNet-V2 effective robustness falls from {estimate.zero_shot['ImageNet-V2']:+.1f} to "
        f"{estimate.finetuned['ImageNet-V2']:+.1f} pp; the smallest share is that of {estimate.share.idxmin()}; "
        f"{outside:.0%} of the zero-shot models are less accurate on ImageNet than any baseline"
    )
    if which == ALL:
        others = {w: shares_removed(**line, which=w).share.min() for w in (PARENTS, INSIDE)}
        note += (
            f" (without them, and without the fine-tuned ones above all baselines, {others[INSIDE]:.2f}); fine-tuned "
            f"models against the zero-shot ones of their own {len(set(table.run[table.kind == 'finetuned']))} training "
            f"runs: {others[PARENTS]:.2f}"
        )
    effect = lines.share_removed(estimate.zero_shot.to_numpy(), estimate.finetuned.to_numpy()).min()
    shares = lines.share_removed(drawn[:, :, 0], drawn[:, :, 1]).min(axis=1)
    return evidence_from_draws(
        effect, shares, n_models=len(models), n_clusters=models.run.nunique(), note=note
    )
