"""Calibration on the record track: zero-shot CLIP beside other ImageNet models in a public table of errors.

The table holds no answer to any image. What new images would change is bounded from above: the calibration
error is a mean over images, whose variance its Brier score exceeds.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from clipkit.errors import CorruptData, MissingData
from clipkit.evidence import Evidence
from clipkit.records import minderer
from clipkit.sections.draws import evidence_from_draws, run_counts
from clipkit.stats import holm, wilson

SETS = {
    "ImageNet": ("imagenet(split='validation[20%:]')", 40_000),
    "ImageNet-V2": ("imagenet_v2(variant='MATCHED_FREQUENCY')", 10_000),
    "ImageNet-R": ("imagenet_r", 30_000),
    "ImageNet-A": ("imagenet_a", 7_500),
}
"""Each set's name in the table and its number of images; the temperature is fitted on the rest of ImageNet's."""
KNOWN, *SHIFTED = SETS
OWN_CLASSES = ("ImageNet-R", "ImageNet-A")
"""Sets of 200 classes, whose probabilities are restricted to these."""
ERROR = (
    "gce(binning_scheme='adaptive',max_prob=True,class_conditional=False,norm='l1',num_bins=100,threshold=0.0"
)
"""The error that the table's authors report: 100 bins of equal mass, absolute gaps. It is biased upwards."""
FAMILY = "clip"
LIKE = 3
"""How many baselines, one each of the families nearest in accuracy, a model is compared with."""
DRAWS = 10_000
_FAR = 100.0


def record_models() -> pd.DataFrame:
    """Models with an error on all four sets, before and after temperature scaling.

    Index family, model; columns (quantity, scaled, set) with quantity error, accuracy (fractions) or noise, a bound on
    the error's standard error. Variants that others of the table were made from, by size of the training set, steps
    or label smoothing ("=" in their names), are left out. Raises MissingData if the table or CLIP in it is absent.
    """
    table = minderer.load()
    table = table[table.metric.str.startswith(ERROR) & ~table.model.str.contains("=", regex=False)]
    theirs = pd.DataFrame(
        [(name, s, n, s in OWN_CLASSES) for s, (name, n) in SETS.items()],
        columns=["dataset", "set", "n", "own_classes"],
    )
    table = table.merge(theirs, on=["dataset", "own_classes"]).rename(columns={"value": "error"})
    table["noise"] = np.sqrt(table.brier / table.n)
    keys = ["family", "model", "scaled", "set"]
    if table.duplicated(keys).any():
        twice = ", ".join(map(str, table.loc[table.duplicated(keys).idxmax(), keys]))
        raise CorruptData(
            f"the calibration table holds {twice} twice", f"take it from {minderer.ADDRESS} again"
        )
    wide = table.pivot(
        index=["family", "model"], columns=["scaled", "set"], values=["error", "accuracy", "noise"]
    )
    wide = wide.reindex(
        columns=pd.MultiIndex.from_product([["error", "accuracy", "noise"], [False, True], SETS])
    ).dropna()
    families = wide.index.get_level_values("family").unique()
    if FAMILY not in families or len(families) <= LIKE:
        raise MissingData(
            f"the calibration table holds whole rows of {len(families)} families only: {', '.join(families)}",
            f"take it from {minderer.ADDRESS} again",
        )
    return wide


def excess_over_baselines(scaled: bool = False, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """CLIP's error minus the median of the `LIKE` like baselines: (models, 2, 1 + draws), estimate first, fractions.

    Second axis: known images, mean of the shifted sets. A family of baselines is represented by its model nearest in
    accuracy. Draws resample families and images, as if no two models had seen the same: wide rather than narrow.
    """
    wide, rng = record_models(), np.random.default_rng(seed)
    is_clip = wide.index.get_level_values("family") == FAMILY
    (own, own_accuracy), (theirs, accuracy) = (
        _drawn(wide[k], scaled, draws, rng) for k in (is_clip, ~is_clip)
    )
    codes, families = pd.factorize(wide.index.get_level_values("family")[~is_clip])
    times = np.vstack([np.ones(len(families), int), run_counts(families, draws, rng)])
    found = np.empty_like(own)
    for model, column in np.ndindex(own.shape[:2]):
        order = np.argsort(np.abs(accuracy[:, column] - own_accuracy[model, column]), kind="stable")
        nearest = order[np.sort(np.unique(codes[order], return_index=True)[1])]
        drawn = times[:, codes[nearest]].cumsum(axis=1)[:, None] > np.arange(LIKE)[:, None]
        like = np.take_along_axis(theirs[nearest, column].T, drawn.argmax(axis=2), axis=1)
        found[model, column] = own[model, column] - np.median(like, axis=1)
    return found


def share_limits(sure: np.ndarray, possible: np.ndarray) -> tuple[float, float]:
    """95 % limits of a share among further models: Wilson's lower of the sure ones, upper of the possible.

    sure, possible: boolean, one entry a model.

    >>> print("%.2f %.2f" % share_limits(np.array([1, 0, 0, 0], bool), np.array([1, 1, 0, 0], bool)))
    0.05 0.85
    """
    low = wilson(int(sure.sum()), len(sure)).low if sure.any() else 0.0
    return low, wilson(int(possible.sum()), len(possible)).high


def not_better_calibrated() -> Evidence:
    """C1: share of zero-shot CLIP models whose mean error, on known and shifted images, exceeds that of like baselines.

    The interval reaches from the models that are surely worse to those that are not surely better, after Holm's
    correction over models, and allows for other models (Wilson's limits of both shares); p is that of the most surely
    worse.
    """
    excess, wide = 100 * excess_over_baselines(), record_models()
    each = [evidence_from_draws(e[0], e[1:], n_models=1, n_clusters=1) for e in excess.mean(axis=1)]
    value, p = np.array([e.effect for e in each]), holm(np.array([e.p for e in each]))
    worse, sure = value > 0, p < 0.05
    known, shifted = (excess[:, :, 0] > 0).mean(axis=0)
    note = (
        f"{(worse & sure).sum()} of {len(value)} models are surely worse and {(~worse & sure).sum()} surely better "
        f"than the median of the {LIKE} families nearest in accuracy, of {_families(wide) - 1}; {known:.0%} are worse "
        f"on ImageNet and {shifted:.0%} on shifted sets; mean excess {value.mean():+.1f} pp; all trained on one source "
        "(WIT)"
    )
    low, high = share_limits(worse & sure, worse | ~sure)
    return Evidence(
        float(worse.mean()), low, high, float(min(p[worse], default=1.0)), len(value), len(value), note
    )


def gain_carries_over() -> Evidence:
    """C3: mean gain of zero-shot CLIP on shifted sets as a share of that on ImageNet, by a temperature fitted there.

    The models are taken as given. The interval is Fieller's over images, with the sum of both errors' bounds as that
    of their difference; where the gain on ImageNet is not sure, it excludes nothing.
    """
    clip = record_models().loc[FAMILY]
    gain = clip["error"][False] - clip["error"][True]
    # All models saw the same images, so that averaging them takes nothing off the noise.
    known, shifted = _known_and_shifted(gain.mean())
    noise = (clip["noise"][False] + clip["noise"][True]).mean()
    known_noise, shifted_noise = noise[KNOWN], np.sqrt((noise[SHIFTED] ** 2).sum()) / len(SHIFTED)
    before, after = (100 * excess_over_baselines(scaled)[:, 1, 0].mean() for scaled in (False, True))
    note = (
        f"mean gain {100 * known:+.2f} pp on ImageNet, {100 * shifted:+.2f} on shifted sets, over {len(clip)} models, "
        f"all trained on one source (WIT); on shifted sets they lie {after:+.1f} pp from like baselines scaled alike "
        f"({before:+.1f} before)"
    )
    share, low, high, p = _ratio(shifted, known, shifted_noise, known_noise)
    return Evidence(share, low, high, p, len(clip), len(clip), note)


def _ratio(above: float, below: float, above_se: float, below_se: float) -> tuple[float, float, float, float]:
    """above / below with Fieller's 95 % limits, and p against 0; ±100 and 1 where `below` is not surely positive."""
    share, z = above / below, norm.ppf(0.975)
    a, b, c = below**2 - (z * below_se) ** 2, above * below, above**2 - (z * above_se) ** 2
    if below <= z * below_se:
        return share, share - _FAR, share + _FAR, 1.0
    reach = np.sqrt(b**2 - a * c)
    return share, float((b - reach) / a), float((b + reach) / a), float(2 * norm.sf(abs(above) / above_se))


def _drawn(wide: pd.DataFrame, scaled: bool, draws: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Errors (models, 2, 1 + draws), estimate first, and accuracies (models, 2), on known and on shifted images."""
    error, noise = wide["error"][scaled].to_numpy(), wide["noise"][scaled].to_numpy()
    moved = error[:, None] + noise[:, None] * rng.normal(size=(len(wide), draws, len(SETS)))
    drawn = np.concatenate([error[:, None], moved], axis=1)
    accuracy = wide["accuracy"][scaled]
    return (
        np.stack([drawn[:, :, 0], drawn[:, :, 1:].mean(axis=2)], axis=1),
        np.column_stack([accuracy[KNOWN], accuracy[SHIFTED].mean(axis=1)]),
    )


def _known_and_shifted(values: pd.Series) -> tuple[float, float]:
    return float(values[KNOWN]), float(values[SHIFTED].mean())


def _families(wide: pd.DataFrame) -> int:
    return wide.index.get_level_values("family").nunique()
