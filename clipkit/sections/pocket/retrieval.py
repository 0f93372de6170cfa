"""Retrieval in the pocket laboratory: accuracy predicts recall, and what moves a model off that line."""

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import read_recipe
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.draws import evidence_from_draws, run_counts, weighted_correlation
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import SOURCES, from_contrast
from clipkit.sections.pocket.recall_line import (
    BEYOND,
    BOTH,
    DIRECTIONS,
    RecallTable,
    beyond_accuracy,
    recall_table,
    trained_from_scratch,
    wild_lines,
)
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.retrieval import adjusted_r2, source_intercepts

FILTERS = {"curation-text": "by text", "curation-score": "by image–text score"}
RESAMPLES = 10_000
PERMUTATIONS = 2_000


def accuracy_predicts_recall(table: MeasuredTable | None = None, axes: str = "logit") -> Evidence:
    """R1: the smaller of two correlations (image and text recall, logit axes) with accuracy on wild images.

    Models trained from scratch, as on the record track. Recipes are resampled with all their seeds, which
    are repeats of one another, and images with them.
    """
    models = trained_from_scratch(_zoo(table))
    (x, *ys), (x_draws, *y_draws) = models.points(axes)
    found = np.array([weighted_correlation(np.ones(len(x)), x, y) for y in ys])
    counts = run_counts(models.frame.recipe, RESAMPLES, np.random.default_rng(0))
    image = np.arange(RESAMPLES) % x_draws.shape[1]
    draws = np.min([weighted_correlation(counts, x_draws.T[image], y.T[image]) for y in y_draws], axis=0)
    note = (
        "one world, so two correlations and not four; the smaller is that of "
        f"{DIRECTIONS[found.argmin()]} recall@1; clusters are recipes"
    )
    return evidence_from_draws(
        found.min(),
        draws[np.isfinite(draws)],  # a resample of a single model has no correlation
        n_models=len(x),
        n_clusters=models.frame.recipe.nunique(),
        note=note,
    )


def source_moves_the_line(table: MeasuredTable | None = None, axes: str = "logit") -> Evidence:
    """R2: mean gain in adjusted R² (two directions) when each source of pictures has its own intercept.

    Models trained from scratch on clean captions. The recipes are the design and no sample, so draws are for
    new seeds and new images: a model is its recipe's mean on the resampled images plus what one seed adds,
    taken from the seeds of all recipes that have several. p permutes sources among recipes.
    """
    table = _zoo(table)
    models = trained_from_scratch(table)
    models = models.of(models.frame.captions == "clean")
    if models.frame.source.nunique() < 2:
        raise MissingData(
            "the models measured were trained on pictures of one source", "evaluate more of the zoo"
        )
    sources, one = source_intercepts(models.frame), np.ones((len(models.frame), 1))
    codes, recipes = pd.factorize(models.frame.recipe)
    means, seeds = _recipe_means_and_seeds(models, codes, axes)
    values, rng = models.points(axes)[0], np.random.default_rng(0)

    def gain(values, intercepts=sources):
        x, y = values[0], values[1:].T
        return float((adjusted_r2(x, y, intercepts) - adjusted_r2(x, y, one)).mean())

    observed = gain(values)
    draws = [
        gain(means[:, :, b] + seeds[:, rng.integers(seeds.shape[1], size=len(codes))])
        for b in range(means.shape[2])
    ]
    of_recipe = sources[np.unique(codes, return_index=True)[1]]
    shuffled = [gain(values, of_recipe[rng.permutation(len(recipes))][codes]) for _ in range(PERMUTATIONS)]
    p = (1 + sum(s >= observed for s in shuffled)) / (1 + PERMUTATIONS)
    of_source = models.frame.groupby("source").recipe.nunique()
    note = (
        "sources of pictures (wild, studio, mixed, catalogue) stand for LAION and WIT; clusters are recipes; p is the "
        f"share of exchanges of sources among recipes that gain as much; {of_source.max()} of {len(recipes)} recipes "
        f"are of one source ({of_source.idxmax()}); "
    )
    note += "distance from the line, pp: " + ", ".join(
        f"{source} {row.value:+.1f}{' (extrapolated)' if row.extrapolated else ''}"
        for source, row in source_offsets(table).iterrows()
    )
    return evidence_from_draws(
        observed, np.array(draws), n_models=len(codes), n_clusters=len(recipes), p=p, note=note
    )


def _recipe_means_and_seeds(
    models: RecallTable, codes: np.ndarray, axes: str
) -> tuple[np.ndarray, np.ndarray]:
    """Each model's recipe mean (3, models, DRAWS), and what seeds add (3, models with repeats), on `axes`.

    Deviations from the mean of k seeds are too small by √(1 − 1/k), which is made good.
    """
    values, draws = models.points(axes)
    repeats = np.bincount(codes)[codes]
    if repeats.max() < 2:
        raise MissingData("no recipe has been measured with two seeds", "train a second seed of one at least")
    average = (codes[:, None] == codes) / repeats
    again = repeats > 1
    added = ((values - values @ average.T) / np.sqrt(1 - 1 / np.maximum(repeats, 1.5)))[:, again]
    return np.einsum("mk,vkd->vmd", average, draws), added


def source_offsets(table: MeasuredTable | None = None) -> pd.DataFrame:
    """How far (pp, mean of both directions) each source moves the ResNet off the wild models' line.

    Index: source. value, low, high as `contrast` gives them against the ResNet on wild pictures, the one
    architecture that all sources have; n_models; accuracy (a fraction); extrapolated: its accuracy lies outside
    the range of those that the line goes through. Sources without models are left out.
    """
    table = _zoo(table)
    specs = [contrasts()[f"distribution-{source}"] for source in SOURCES[1:]]
    found = contrast_frame(beyond_accuracy(table), **BEYOND, specs=specs).set_index("a")
    line, models = wild_lines(table)["image"], recall_table(table).frame
    accuracy = models.groupby("recipe").accuracy.mean()[found.index]
    frame = 100 * found[["effect", "low", "high"]].rename(columns={"effect": "value"})
    frame = frame.assign(
        n_models=found.n_a, accuracy=accuracy, extrapolated=~accuracy.between(line.x_low, line.x_high)
    )
    return frame.set_axis([read_recipe(recipe).data.distribution for recipe in frame.index])


def augmentation_moves_off_the_line(
    table: MeasuredTable | None = None, method: str = "huber", axes: str = "logit"
) -> Evidence:
    """R3: size of the mean deviation (pp) of augmented from plain models, beyond what accuracy predicts."""
    table = _zoo(table)
    spec = contrasts()["augmentation-off"]
    found = contrast_frame(beyond_accuracy(table, method, axes), **BEYOND, specs=[spec]).iloc[0]
    raw = contrast_frame(table, **BOTH, specs=[spec]).iloc[0]
    note = (
        f"augmentation moves recall@1 by {-100 * raw.effect:+.1f} pp, of which {-100 * found.effect:+.1f} pp lie "
        f"off the line; {found.n_a} plain and {found.n_b} augmented runs"
    )
    return from_contrast(
        found, _models(table, spec.a, spec.b), scale=100 if found.effect > 0 else -100, note=note
    )


def recall_gains_by_filter(table: MeasuredTable | None = None) -> pd.DataFrame:
    """What each filter of uncurated captions does to recall@1 (mean of directions): rows of `contrast_frame`."""
    return contrast_frame(_zoo(table), **BOTH, specs=[contrasts()[name] for name in FILTERS])


def filtering_raises_recall(table: MeasuredTable | None = None) -> Evidence:
    """The retrieval axis of Q2: the smaller gain (pp) in recall@1 of the filters, with its own interval."""
    table = _zoo(table)
    found = recall_gains_by_filter(table)
    note = "recall@1 " + ", ".join(f"{FILTERS[r.id]} {100 * r.effect:+.1f} pp" for r in found.itertuples())
    models = _models(table, *found.a, *found.b)
    return from_contrast(found.loc[found.effect.idxmin()], models, note=note)


def _models(table: MeasuredTable, *recipes: str) -> list[str]:
    frame = recall_table(table).frame
    return list(frame.model[frame.recipe.isin(recipes)])


def _zoo(table: MeasuredTable | None) -> MeasuredTable:
    return zoo_results() if table is None else table
