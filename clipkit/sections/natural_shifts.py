"""Natural shifts: effective robustness of zero-shot and fine-tuned CLIP on ImageNet-V2, -R, -A and -Sketch."""

from functools import cache

import numpy as np
import pandas as pd

from clipkit import zoo
from clipkit.evidence import Evidence
from clipkit.memo import remember
from clipkit.metrics import effective_robustness, fit_line
from clipkit.metrics.robustness import EffectiveRobustness, RobustLine
from clipkit.records import openclip, timm_results
from clipkit.sections.draws import evidence_from_draws

SHIFTS = {
    "ImageNet-V2": ("imagenet-v2", "ImageNet v2"),
    "ImageNet-R": ("imagenet-r", "ImageNet-R"),
    "ImageNet-A": ("imagenet-a", "ImageNet-A"),
    "ImageNet-Sketch": ("imagenet-sketch", "ImageNet Sketch"),
}
"""Each shift's name in timm's and in open_clip's results."""
N_IMAGES = {"ImageNet": 50_000, "ImageNet-V2": 10_000, "ImageNet-R": 30_000, "ImageNet-A": 7_500, "ImageNet-Sketch": 50_889}
DRAWS = 1_000


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


def line_of(baselines: pd.DataFrame, shift: str, method: str = "huber") -> RobustLine:
    """The line through the baselines that have an accuracy on `shift`."""
    known = baselines.dropna(subset=[shift])
    return fit_line(known.ImageNet.to_numpy(), known[shift].to_numpy(), method=method, n=N_IMAGES[shift])


def robustness(models: pd.DataFrame, baselines: pd.DataFrame, shift: str, method: str = "huber") -> EffectiveRobustness:
    """Effective robustness (fractions) and extrapolation flags of `models` on `shift`."""
    return effective_robustness(line_of(baselines, shift, method), models.ImageNet.to_numpy(), models[shift].to_numpy())


def _share_removed(models: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """By shift: mean effective robustness (pp) of zero-shot and fine-tuned models, and the share removed."""
    rows = {}
    for shift in SHIFTS:
        value = {kind: 100 * robustness(models[models.kind == kind], baselines, shift).value.mean() for kind in ("zero_shot", "finetuned")}
        rows[shift] = {**value, "share": 1 - value["finetuned"] / value["zero_shot"]}
    return pd.DataFrame(rows).T


@remember
def shares_with_draws(draws: int = DRAWS, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """`_share_removed` and its bootstrap draws (draws, shifts, 3); training runs are resampled within each kind."""
    table = record_models()
    rng = np.random.default_rng(seed)
    runs = {kind: [g.index.to_numpy() for _, g in part.groupby("run")] for kind, part in table.groupby("kind")}
    drawn = []
    for _ in range(draws):
        rows = {kind: np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]) for kind, groups in runs.items()}
        models = table.loc[np.concatenate([rows["zero_shot"], rows["finetuned"]])]
        drawn.append(_share_removed(models, table.loc[rows["baseline"]]).to_numpy())
    return _share_removed(table, table[table.kind == "baseline"]), np.array(drawn)


def finetuning_removes_robustness() -> Evidence:
    """E3: smallest share of effective robustness that fine-tuning removes, over the four shifts.

    A shift counts only if zero-shot effective robustness there surely exceeds zero; if it does on none,
    the share is zero.
    """
    table = record_models()
    estimate, draws = shares_with_draws()
    robust = np.quantile(draws[:, :, 0], 0.025, axis=0) > 0
    models = table[table.kind != "baseline"]
    flagged = [s for s in SHIFTS if robustness(table[table.kind == "zero_shot"], table[table.kind == "baseline"], s).extrapolated.mean() > 0.05]
    zs, ft = estimate.zero_shot["ImageNet-V2"], estimate.finetuned["ImageNet-V2"]
    note = f"on ImageNet-V2 effective robustness falls from {zs:+.1f} to {ft:+.1f} pp"
    if flagged:
        note += f"; part of the zero-shot models lie outside the baselines' accuracies ({', '.join(flagged)}): trust the sign, not the size"
    shares = np.where(robust, draws[:, :, 2], 0.0).min(axis=1) if robust.all() else draws[:, robust, 2].min(axis=1) if robust.any() else np.zeros(len(draws))
    effect = estimate.share[robust].min() if robust.any() else 0.0
    return evidence_from_draws(effect, shares, n_models=len(models), n_clusters=models.run.nunique(), note=note)
