"""Visual factors in the zoo, as frames: effective robustness as papers measure it, beside what a factor takes away."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from clipkit.datasets.imagenet_x import FACTORS
from clipkit.pocket.zoo.design import ContrastSpec, matched_pairs
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.draws import run_counts
from clipkit.sections.measure.visual_factors import DATASETS, MEAN, SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket.evidence import from_draws
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import METRIC, Numbers, gather, of_kind, robustness_table
from clipkit.stats import holm

MAIN_FACTORS = FACTORS[:10]
"""The ten of the claims, as on the record track; here all sixteen have equally many images."""


def robustness(table: MeasuredTable | None = None) -> MeasuredTable:
    """Effective robustness (fraction) of every model on each factor and on the mean of all sixteen."""
    table = zoo_results() if table is None else table
    return robustness_table(table, SECTION, DATASETS, [*FACTORS, MEAN])


def by_factor(
    table: MeasuredTable | None = None, metric: str = METRIC, factors: Sequence[str] = FACTORS
) -> Numbers:
    """One metric of all models, by factor: effective robustness, accuracy or drop."""
    table = zoo_results() if table is None else table
    return gather(robustness(table) if metric == METRIC else table, factors, section=SECTION, metric=metric)


def mean_of_models(numbers: Numbers, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean over models (subsets,), and its draws (DRAWS, subsets): images, baselines, and training runs."""
    counts = run_counts(numbers.models, DRAWS, np.random.default_rng(seed))
    weights = counts / counts.sum(axis=1, keepdims=True)
    return numbers.value.mean(axis=0), np.einsum("dm,msd->ds", weights, numbers.draws)


def measures(table: MeasuredTable | None = None) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Of the zero-shot models: effective robustness, drop, and how much less they drop than the baselines do.

    Each (value, draws) as `mean_of_models` gives them, by factor, fractions.
    """
    robust = mean_of_models(of_kind(by_factor(table), "zero_shot"))
    drops = by_factor(table, "drop")
    drop = mean_of_models(of_kind(drops, "zero_shot"))
    baseline = mean_of_models(of_kind(drops, "baseline"), seed=1)
    return robust, drop, tuple(b - z for b, z in zip(baseline, drop, strict=True))


def factor_frame(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Zero-shot models by factor, in pp: effective robustness, drop, and how much of the baselines' drop is spared.

    Columns robustness, drop and spared (the baselines' mean drop minus that of the zero-shot models), each with
    _low and _high; p and p_corrected (Holm over the sixteen) of the robustness. Intervals cover images,
    baselines and the choice of zero-shot models.
    """
    robust, drop, spared = measures(table)
    frame = pd.DataFrame(index=pd.Index(FACTORS, name="factor"))
    for name, (value, draws) in {"robustness": robust, "drop": drop, "spared": spared}.items():
        frame[name] = 100 * value
        frame[f"{name}_low"], frame[f"{name}_high"] = 100 * np.quantile(draws, [0.025, 0.975], axis=0)
    tested = [from_draws(*both, []) for both in zip(100 * robust[0], 100 * robust[1].T, strict=True)]
    frame["p"] = [e.p for e in tested]
    return frame.assign(p_corrected=holm(frame.p.to_numpy()))


def agreement(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Do effective robustness and the counterfactual drop rank the sixteen factors alike? Spearman, with interval.

    Rows: "drop", the rank by the zero-shot models' own drop, smallest first; "spared", by how much less they
    drop than the baselines do. Columns value, low, high, and `otherwise`, the factors whose two ranks surely
    differ (interval of the rank difference clear of zero, not corrected). 1: the measures say the same.
    """
    robust, drop, spared = measures(table)
    against = {"drop": tuple(-d for d in drop), "spared": spared}
    rows = {}
    for name, (value, draws) in against.items():
        low, high = np.quantile(_spearman(robust[1], draws), [0.025, 0.975])
        difference = rankdata(robust[1], axis=1) - rankdata(draws, axis=1)
        from_, to = np.quantile(difference, [0.025, 0.975], axis=0)
        rho = float(_spearman(robust[0][None], value[None])[0])
        otherwise = [f for f, a, b in zip(FACTORS, from_, to, strict=True) if a > 0 or b < 0]
        rows[name] = {
            "value": rho,
            "low": min(low, rho),
            "high": max(high, rho),
            "otherwise": ", ".join(otherwise),
        }
    return pd.DataFrame(rows).T


def _spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rank correlation along the last axis."""
    a, b = (rankdata(v, axis=-1) - (v.shape[-1] + 1) / 2 for v in (a, b))
    return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


def contrasts_on(metric: str, table: MeasuredTable | None = None) -> pd.DataFrame:
    """`contrast_frame` of the mean over the sixteen factors: effective robustness, accuracy or drop."""
    table = zoo_results() if table is None else table
    source = robustness(table) if metric == METRIC else table
    return contrast_frame(source, section=SECTION, dataset=DATASETS[0], subset=MEAN, metric=metric)


def language(metric: str = METRIC, table: MeasuredTable | None = None) -> pd.DataFrame:
    """Contrastive minus supervised training of one tower on the same images, on the mean over the factors.

    Rows of `contrast_frame` for each pair of `design.matched_pairs`; not clean, since the supervised ones see
    fewer samples.
    """
    table = zoo_results() if table is None else table
    specs = [
        ContrastSpec(
            id=f"language-{other.removeprefix('supervised-')}",
            factor="contrastive loss",
            aspect=other.removeprefix("supervised-"),
            a=clip,
            b=other,
            clean=False,
            note="Fewer samples are seen without language.",
        )
        for clip, other in matched_pairs()
    ]
    source = robustness(table) if metric == METRIC else table
    return contrast_frame(
        source, section=SECTION, dataset=DATASETS[0], subset=MEAN, metric=metric, specs=specs
    )
