"""OOD detection in the zoo: what accuracy, training source, fine-tuning, prompts and curation have to do with it.

AUROC is the mean over all unknown sets, by the score that is usual for the kind of model, unless said.
"""

from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy.stats import norm

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.metrics import correlation
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import FinetuneRecipe, read_recipe, split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.draws import evidence_from_draws, run_counts, weighted_correlation
from clipkit.sections.measure.ood_detection import ALL, AUROC, POCKET, SECTION
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import from_contrast, kind_of, largest_pair, run_of
from clipkit.sections.pocket.ood_scores import FAR, NEAR, SETS, finetuning_by_score, numbers
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import compare, of_kind, of_recipes
from clipkit.stats.contrast import Contrast
from clipkit.wording import with_limits

LEAST_RECIPES = 5
"""A source with fewer recipes has no correlation worth the name."""
ABLE = 0.5
"""Accuracy on known images from which on O1 is told a second time: a correlation lives on the range of accuracies."""
_RESAMPLES = 10
"""Resamples of the recipes for each resample of the images."""
_FILTERED, _UNFILTERED = ("resnet-curated", "resnet-scored"), "resnet-uncurated"


@cache
def source_of(model: str) -> str:
    """The distribution of the pictures that a model, or the model it was fine-tuned from, was trained on.

    >>> source_of("resnet-studio-s1"), source_of("flyp-studio-s0")
    ('studio', 'wild')
    """
    recipe = read_recipe(split_name(model)[0])
    return (
        source_of(f"{recipe.parent}-s0") if isinstance(recipe, FinetuneRecipe) else recipe.data.distribution
    )


def models(table: MeasuredTable) -> pd.DataFrame:
    """One row a model: model, recipe, kind, source, run, accuracy on known classes, and AUROC by name of `SETS`."""
    detection = numbers(table, list(SETS))
    known = numbers(table, [POCKET.known], "accuracy").of(detection.models)
    frame = pd.DataFrame({"model": detection.models})
    frame["recipe"] = [split_name(m)[0] for m in frame.model]
    frame["kind"], frame["source"], frame["run"] = (frame.model.map(f) for f in (kind_of, source_of, run_of))
    frame["accuracy"] = known.value[:, 0]
    return frame.assign(**dict(zip(SETS, detection.value.T, strict=True)))


def accuracy_goes_with_detection(table: MeasuredTable | None = None) -> Evidence:
    """O1: mean over sources of the correlation of accuracy and AUROC among zero-shot models of one source.

    Sources with `LEAST_RECIPES` recipes or more. Images are resampled for all models together, and recipes with
    all their seeds: seeds of a recipe resemble one another more than any two recipes do. p is that of the mean
    on Fisher's z.
    """
    table = table or zoo_results()
    frame = models(table).query("kind == 'zero_shot'")
    by_source = frame.groupby("source").recipe.nunique()
    enough = list(by_source.index[by_source >= LEAST_RECIPES])
    if not enough:
        raise MissingData(
            f"no source has {LEAST_RECIPES} measured recipes, the most has {by_source.max()}",
            "train and evaluate more of the zoo",
        )
    found = {d: np.mean([_correlation(frame[frame.source == s], d) for s in enough]) for d in SETS}
    rng = np.random.default_rng(0)
    draws = np.mean([_drawn_correlation(table, frame[frame.source == s], rng) for s in enough], axis=0)
    draws = draws[np.isfinite(draws)]
    chosen = frame[frame.source.isin(enough)]
    note = (
        f"within {', '.join(enough)} ({chosen.recipe.nunique()} recipes, resampled with their seeds); on near classes "
        f"{found[NEAR]:+.2f}, on far sets {found[FAR]:+.2f}; over all {len(frame)} zero-shot models of "
        f"{by_source.size} sources {_correlation(frame, ALL):+.2f}{_among_the_able(table, chosen, rng)}"
    )
    z = np.arctanh(np.clip([found[ALL], *draws], -1 + 1e-9, 1 - 1e-9))
    return evidence_from_draws(
        found[ALL],
        draws,
        n_models=len(chosen),
        n_clusters=chosen.recipe.nunique(),
        p=float(2 * norm.sf(abs(z[0]) / z[1:].std(ddof=1))),
        note=note,
    )


def _among_the_able(table: MeasuredTable, chosen: pd.DataFrame, rng: np.random.Generator) -> str:
    """What O1's note says of the models that know half of the images; "" where no source has enough of them."""
    able = chosen[chosen.accuracy >= ABLE]
    able = able[able.groupby("source").recipe.transform("nunique") >= LEAST_RECIPES]
    if able.empty:
        return ""
    sources = [own for _, own in able.groupby("source")]
    rest = np.mean([_correlation(own, ALL) for own in sources])
    spread = np.mean([_drawn_correlation(table, own, rng) for own in sources], axis=0)
    least, most = np.nanquantile(spread, [0.025, 0.975])
    among = f"mong the {len(able)} that know {ABLE:.0%} of the images or more, {with_limits(rest, least, most, 2, '+')}"
    return f". It rests on weak models: a{among}" if least <= 0 else f". A{among}"


def _correlation(frame: pd.DataFrame, dataset: str) -> float:
    return correlation(frame.accuracy.to_numpy(), frame[dataset].to_numpy(), axes="linear").pearson


def _drawn_correlation(table: MeasuredTable, frame: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """(_RESAMPLES · DRAWS,) correlations on resampled images and recipes; NaN where too few recipes are drawn."""
    x = numbers(table, [POCKET.known], "accuracy").of(list(frame.model)).draws[:, 0].T
    y = numbers(table, [ALL]).of(list(frame.model)).draws[:, 0].T
    x, y = np.tile(x, (_RESAMPLES, 1)), np.tile(y, (_RESAMPLES, 1))
    weights = run_counts(frame.recipe, len(x), rng)
    distinct = (weights[:, ~frame.recipe.duplicated()] > 0).sum(axis=1)
    return np.where(distinct < 3, np.nan, weighted_correlation(weights, x, y))


def source_offsets(table: MeasuredTable, dataset: str = ALL) -> pd.DataFrame:
    """AUROC (pp) of one source minus another's at equal accuracy: a, b, value, low, high, p, and `overlap`.

    Lines of one slope and an intercept for each source, by least squares through the means of the zero-shot
    recipes. Intervals and p are Student's, Bonferroni-corrected over the pairs. overlap: whether the two
    sources' accuracies overlap; where they do not, the lines are continued, not observed.

    Raises MissingData with one source, or fewer than three recipes more than the lines have coefficients.
    """
    frame = models(table).query("kind == 'zero_shot'")
    means = frame.groupby(["recipe", "source"], as_index=False)[["accuracy", dataset]].mean()
    sources = sorted(means.source.unique())
    if len(sources) < 2 or len(means) < len(sources) + 4:
        raise MissingData(
            f"{len(means)} zero-shot recipes of {len(sources)} sources do not tell lines apart",
            "train and evaluate more of the zoo",
        )
    fit = smf.ols("auroc ~ 0 + source + accuracy", means.rename(columns={dataset: "auroc"})).fit()
    pairs, span = list(combinations(sources, 2)), means.groupby("source").accuracy.agg(["min", "max"])
    rows = []
    for a, b in pairs:
        weights = np.zeros(len(fit.params))
        weights[[fit.params.index.get_loc(f"source[{s}]") for s in (a, b)]] = 1, -1
        test = fit.t_test(weights)
        low, high = 100 * test.conf_int(alpha=0.05 / len(pairs))[0]
        p = min(1.0, len(pairs) * float(np.squeeze(test.pvalue)))
        overlap = span["min"][a] <= span["max"][b] and span["min"][b] <= span["max"][a]
        rows.append((a, b, 100 * float(np.squeeze(test.effect)), low, high, p, overlap))
    return pd.DataFrame(rows, columns=["a", "b", "value", "low", "high", "p", "overlap"])


def source_shifts_the_line(table: MeasuredTable | None = None) -> Evidence:
    """O2: the largest offset between two sources (`source_offsets`); interval and p hold for all pairs."""
    table = table or zoo_results()
    offsets = source_offsets(table)
    largest, first, second, low, high = largest_pair(offsets)
    chosen = models(table).query("kind == 'zero_shot'")
    near, far = (source_offsets(table, dataset).value.abs().max() for dataset in (NEAR, FAR))
    note = (
        f"for {', '.join(sorted(chosen.source.unique()))} instead of LAION, WIT and others; largest between {first} "
        f"and {second}, of {len(offsets)} pairs tried (on near classes up to {near:.1f} pp, on far sets {far:.1f}); "
        "recipes, not seeds, are the independent units"
    )
    if not largest.overlap:
        note += "; their accuracies do not overlap, so this rests on the lines being straight"
    return Evidence(abs(largest.value), low, high, largest.p, len(chosen), chosen.recipe.nunique(), note)


def detour(table: MeasuredTable) -> pd.DataFrame:
    """The contrast "detour" (fractions) on the near classes seen by the way, those never seen, and the far sets."""
    where = {
        "near classes seen by the way": (NEAR, "seen"),
        "near classes never seen": (NEAR, "unseen"),
        "far sets": (FAR, ALL),
    }
    frames = [_one(table, "detour", dataset, subset) for dataset, subset in where.values()]
    return pd.concat(frames).set_axis(list(where))


def detour_differs(table: MeasuredTable | None = None) -> Evidence:
    """O3: difference (pp) between fine-tuning by way of an intermediate set and straight, on classes never seen.

    What having seen an unknown class does is no detection of the unknown, so the classes that the intermediate
    set holds stand in the note alone. The sign is free: the claim is that the two ways differ.
    """
    table = table or zoo_results()
    found = detour(table)
    seen, unseen, far = 100 * found.effect
    spec = contrasts()["detour"]
    arms = of_recipes(numbers(table, [NEAR], subset="unseen"), [spec.a, spec.b]).models
    change = 100 * finetuning_by_score(table, scores=["msp"]).effect
    note = (
        f"the detour changes AUROC by {unseen:+.1f} pp on near classes never seen, {seen:+.1f} on those seen by "
        f"the way, {far:+.1f} on far sets; fine-tuning of any kind by {change.min():+.1f} to {change.max():+.1f} "
        "pp on all sets, by one score (MSP) before and after"
    )
    return from_contrast(_contrast(found.iloc[1]), arms, scale=100.0 if unseen >= 0 else -100.0, note=note)


def fewer_prompts_detect_better(table: MeasuredTable | None = None) -> Evidence:
    """O4: gain in AUROC (pp) from eighty templates to one, over the zero-shot models, each with itself."""
    table = zero_shot(table or zoo_results())
    near, far, both = (100 * _one(table, "prompts-1", d).effect.iloc[0] for d in (NEAR, FAR, ALL))
    return from_contrast(
        _contrast(_one(table, "prompts-1", ALL).iloc[0]),
        numbers(table, [ALL]).models,
        note=f"zero-shot models by MCM; {near:+.2f} pp on near classes, {far:+.2f} on far sets, {both:+.2f} on all",
    )


def curation_helps(table: MeasuredTable | None = None) -> Evidence:
    """O5: gain in AUROC (pp) by filtering, mean over two filters, from models of the same unfiltered captions."""
    table = table or zoo_results()
    arms = of_recipes(numbers(table, [ALL]), [*_FILTERED, _UNFILTERED]).models
    a = [m for m in arms if split_name(m)[0] in _FILTERED]
    b = [m for m in arms if m not in a]
    found = {}
    for dataset in SETS:
        found[dataset] = compare(of_kind(numbers(table, [dataset]), "zero_shot"), a, b)
    by_filter = [100 * _one(table, f"curation-{kind}", ALL).effect.iloc[0] for kind in ("text", "score")]
    note = (
        f"captions filtered by text {by_filter[0]:+.1f} pp, by image–text score {by_filter[1]:+.1f}; on near classes "
        f"{100 * found[NEAR].effect:+.1f}, on far sets {100 * found[FAR].effect:+.1f}; a filter leaves fewer images"
    )
    return from_contrast(found[ALL], arms, note=note)


def zero_shot(table: MeasuredTable) -> MeasuredTable:
    """The rows of the zero-shot models alone."""
    rows = np.flatnonzero(table.frame.model.map(kind_of) == "zero_shot")
    return MeasuredTable(table.frame.iloc[rows].reset_index(drop=True), table.draws[rows], table.said)


def _one(table: MeasuredTable, contrast: str, dataset: str, subset: str = ALL) -> pd.DataFrame:
    """The one row of a contrast, on AUROC by the usual score."""
    specs = [contrasts()[contrast]]
    return contrast_frame(table, section=SECTION, dataset=dataset, subset=subset, metric=AUROC, specs=specs)


def _contrast(row: pd.Series) -> Contrast:
    return Contrast(**row[list(Contrast._fields)])
