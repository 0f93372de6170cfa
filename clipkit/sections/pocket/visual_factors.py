"""Visual factors in the zoo: effective robustness as papers measure it, beside what the factor itself takes away."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from clipkit.datasets.imagenet_x import FACTORS
from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.design import ContrastSpec, contrasts
from clipkit.pocket.zoo.recipe import shipped_recipes, split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.draws import run_counts
from clipkit.sections.measure.visual_factors import DATASETS, MEAN, SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket.evidence import from_contrast, from_draws, kind_of
from clipkit.sections.pocket.finetuning import shares_removed, shares_text
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import (
    METRIC,
    Numbers,
    compare,
    gather,
    of_kind,
    of_recipes,
    robustness_table,
)
from clipkit.stats import holm

MAIN_FACTORS = FACTORS[:10]
"""The ten of the claims, as on the record track; here all sixteen have equally many images."""
SOURCES = ("resnet-wild", "resnet-studio", "resnet-mixed", "resnet-catalogue")
FILTERED, UNFILTERED = ("resnet-curated", "resnet-scored"), "resnet-uncurated"
PERMUTATIONS = 9_999


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


def _mean_of_models(numbers: Numbers, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean over models (subsets,), and its draws (DRAWS, subsets): images, baselines, and training runs."""
    counts = run_counts(numbers.models, DRAWS, np.random.default_rng(seed))
    weights = counts / counts.sum(axis=1, keepdims=True)
    return numbers.value.mean(axis=0), np.einsum("dm,msd->ds", weights, numbers.draws)


def factor_frame(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Zero-shot models by factor, in pp: effective robustness, drop, and how much of the baselines' drop is spared.

    Columns robustness, drop and spared (the baselines' mean drop minus that of the zero-shot models), each with
    _low and _high; p and p_corrected (Holm over the sixteen) of the robustness. Intervals cover images,
    baselines and the choice of zero-shot models.
    """
    robust = _mean_of_models(of_kind(by_factor(table), "zero_shot"))
    drops = by_factor(table, "drop")
    drop = _mean_of_models(of_kind(drops, "zero_shot"))
    baseline = _mean_of_models(of_kind(drops, "baseline"), seed=1)
    spared = tuple(b - z for b, z in zip(baseline, drop, strict=True))
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
    robust = _mean_of_models(of_kind(by_factor(table), "zero_shot"))
    drops = by_factor(table, "drop")
    drop = _mean_of_models(of_kind(drops, "zero_shot"))
    baseline = _mean_of_models(of_kind(drops, "baseline"), seed=1)
    against = {
        "drop": tuple(-d for d in drop),
        "spared": tuple(b - z for b, z in zip(baseline, drop, strict=True)),
    }
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


def matched_pairs(metric: str = METRIC, table: MeasuredTable | None = None) -> pd.DataFrame:
    """Contrastive minus supervised training of one tower on the same images, on the mean over the factors.

    Rows of `contrast_frame` for each recipe that has a supervised twin; not clean, since the supervised ones see
    fewer samples.
    """
    table = zoo_results() if table is None else table
    names = {r.name for r in shipped_recipes()}
    twins = {"vit-wild": "vit-wild-muon"}  # the optimiser of the supervised transformer
    specs = [
        ContrastSpec(
            id=f"language-{data}",
            factor="contrastive loss",
            aspect=data,
            a=twins.get(data, data),
            b=f"supervised-{data}",
            clean=False,
            note="Fewer samples are seen without language.",
        )
        for data in (n.removeprefix("supervised-") for n in sorted(names) if n.startswith("supervised-"))
        if twins.get(data, data) in names
    ]
    source = robustness(table) if metric == METRIC else table
    return contrast_frame(
        source, section=SECTION, dataset=DATASETS[0], subset=MEAN, metric=metric, specs=specs
    )


def off_the_line(table: MeasuredTable | None = None) -> Evidence:
    """V1: how much farther from the baselines' line zero-shot models lie than a baseline does (pp)."""
    numbers = by_factor(table, factors=MAIN_FACTORS)
    models, own = of_kind(numbers, "zero_shot"), of_kind(numbers, "baseline")
    value, draws = _mean_of_models(models)
    m = len(own.models)
    # The line took two degrees of freedom from the baselines' own distances.
    distance = 100 * float(np.abs(own.value).mean()) * np.sqrt(m / (m - 2))
    note = f"{m} supervised baselines, whose own mean distance is {distance:.1f} pp"
    return from_draws(
        100 * np.abs(value).mean() - distance,
        100 * np.abs(draws).mean(axis=1) - distance,
        models.models,
        method="basic",
        note=note,
    )


def factors_above_the_line(table: MeasuredTable | None = None) -> Evidence:
    """V2: on how many of the ten main factors zero-shot models lie above the line; see verdict.py on counts."""
    models = of_kind(by_factor(table, factors=MAIN_FACTORS), "zero_shot")
    value, draws = _mean_of_models(models)
    p = holm(np.array([from_draws(v, d, []).p for v, d in zip(value, draws.T, strict=True)]))
    above, below = (value > 0) & (p < 0.05), (value < 0) & (p < 0.05)
    sure = ", ".join(f.replace("_", " ") for f, yes in zip(MAIN_FACTORS, above, strict=True) if yes)
    n = len(models.models)
    return Evidence(
        float((value > 0).sum()),
        float(above.sum()),
        float(len(value) - below.sum()),
        float(p[value > 0].min(initial=1.0)),
        n,
        n,
        f"surely above on {sure or 'none'}",
    )


def below_on_pose_and_partial_view(table: MeasuredTable | None = None) -> Evidence:
    """V3: by how much (pp) zero-shot models fall short on pose and on partial view, the lesser of both."""
    both = ("pose", "partial_view")
    models = of_kind(by_factor(table, factors=both), "zero_shot")
    value, draws = _mean_of_models(models)
    each = ", ".join(f"{f.replace('_', ' ')} {100 * v:+.1f} pp" for f, v in zip(both, value, strict=True))
    return from_draws(
        -100 * value.max(), -100 * draws.max(axis=1), models.models, note=f"one by one: {each}"
    )


def sources_follow_other_lines(table: MeasuredTable | None = None) -> Evidence:
    """V4: mean distance (pp, over the ten factors) of models of two sources, beyond that of two seeds of one.

    p: sources exchanged among the runs, which is exact. The interval covers images and baselines.
    """
    numbers = of_recipes(by_factor(table, factors=MAIN_FACTORS), SOURCES)
    source = np.array([split_name(m)[0] for m in numbers.models])
    i, j = np.triu_indices(len(source), 1)
    if (source[i] != source[j]).all():
        raise MissingData(
            "no source has been measured with two seeds", "train a second seed of one at least"
        )
    apart = 100 * np.abs(numbers.value[i] - numbers.value[j]).mean(axis=1)
    drawn = 100 * np.abs(numbers.draws[i] - numbers.draws[j]).mean(axis=1)

    def beyond_seeds(distances, labels):
        same = labels[i] == labels[j]
        return distances[~same].mean(axis=0) - distances[same].mean(axis=0)

    rng, effect = np.random.default_rng(0), float(beyond_seeds(apart, source))
    shuffled = [beyond_seeds(apart, rng.permutation(source)) for _ in range(PERMUTATIONS)]
    p = (1 + sum(s >= effect - 1e-12 for s in shuffled)) / (1 + PERMUTATIONS)
    seeds = apart[source[i] == source[j]].mean()
    names = ", ".join(s.removeprefix("resnet-") for s in SOURCES)
    pairs = {
        f"{a.removeprefix('resnet-')}–{b.removeprefix('resnet-')}": apart[
            ((source[i] == a) & (source[j] == b)) | ((source[i] == b) & (source[j] == a))
        ].mean()
        for a, b in combinations(SOURCES, 2)
    }
    note = (
        f"sources of one ResNet: {names}, in the place of LAION and WIT; two seeds of a source lie {seeds:.1f} pp apart, "
        + ", ".join(f"{name} {d:.1f}" for name, d in pairs.items())
    )
    return from_draws(effect, beyond_seeds(drawn, source), numbers.models, method="basic", p=p, note=note)


def finetuning_moves_to_the_line(table: MeasuredTable | None = None) -> Evidence:
    """V5: share of the distance from the line that fine-tuning on wild data removes, mean over four methods.

    Distance: mean over the ten factors of the absolute effective robustness of one model. Whether the methods
    differ stands in the note.
    """
    shares = shares_removed(by_factor(table, factors=MAIN_FACTORS))
    return from_contrast(shares.mean, shares.models, scale=1.0, note=shares_text(shares))


def fewer_prompts_lose_accuracy(table: MeasuredTable | None = None) -> Evidence:
    """V6: loss (pp) of mean factor accuracy from eighty templates to one, over zero-shot models."""
    table = zoo_results() if table is None else table
    zero_shot = table.frame.model.map(kind_of).eq("zero_shot").to_numpy()
    only = MeasuredTable(table.frame[zero_shot].reset_index(drop=True), table.draws[zero_shot], table.said)
    key = {"section": SECTION, "dataset": DATASETS[0], "subset": MEAN}
    found = contrast_frame(only, **key, metric="accuracy", specs=[contrasts()["prompts-1"]]).iloc[0]
    drop = contrast_frame(only, **key, metric="drop", specs=[contrasts()["prompts-1"]]).iloc[0]
    note = f"the mean drop by a factor changes by {100 * drop.effect:+.1f} pp"
    return from_contrast(found, gather(only, [MEAN], **key, metric="drop").models, scale=-100.0, note=note)


def curation_raises_robustness(table: MeasuredTable | None = None) -> Evidence:
    """V7: gain (pp) in effective robustness, filtered captions (by text, by score) minus unfiltered."""
    numbers = of_kind(by_factor(table, factors=MAIN_FACTORS), "zero_shot")
    filtered, plain = (of_recipes(numbers, r).models for r in (FILTERED, [UNFILTERED]))
    found = compare(numbers, filtered, plain)
    each = {r: compare(numbers, of_recipes(numbers, [r]).models, plain) for r in FILTERED}
    accuracy = of_kind(by_factor(table, "accuracy", MAIN_FACTORS), "zero_shot")
    gain = compare(accuracy, filtered, plain)
    note = (
        ", ".join(f"{r.removeprefix('resnet-')} {100 * c.effect:+.1f} pp" for r, c in each.items())
        + f"; mean accuracy under a factor changes by {100 * gain.effect:+.1f} pp"
    )
    return from_contrast(found, [*filtered, *plain], note=note)
