"""Effective robustness in the zoo: accuracy beyond the line through the supervised baselines, with its draws."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.metrics import fit_line
from clipkit.metrics.robustness import RobustLine
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections import lines
from clipkit.sections.measure import natural_shifts
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats.contrast import Contrast, contrast, pooled_seed_variance

METRIC = "effective_robustness"
LEAST = 4
"""Fewer baselines give no line worth the name."""
METHOD = "theil-sen"
"""Huber's line with its scale fitted too, used for the many baselines of the record, often has no solution but
one through two of the points where there are nine of them or fewer."""


class Numbers(NamedTuple):
    """One metric of several models: value (models, subsets), draws (models, subsets, DRAWS)."""

    models: tuple[str, ...]
    value: np.ndarray
    draws: np.ndarray

    def of(self, models: Sequence[str]) -> "Numbers":
        """The numbers of some of the models, in the order asked for."""
        rows = [self.models.index(m) for m in models]
        return Numbers(tuple(models), self.value[rows], self.draws[rows])

    def mean(self) -> "Numbers":
        """The mean over subsets, as one subset."""
        return Numbers(self.models, self.value.mean(1, keepdims=True), self.draws.mean(1, keepdims=True))


def gather(table: MeasuredTable, subsets: Sequence[str], *, by: str = "subset", **key: str) -> Numbers:
    """The numbers at `subsets` (values of column `by`), at default prompts, of the models that have them all.

    Raises MissingData if there is no such model.
    """
    rows = table.rows(**key)
    rows = rows[table.frame.prompts.iloc[rows].isin(DEFAULT_PROMPTS)]
    found = table.frame.iloc[rows].assign(row=rows)
    wide = found.pivot(index="model", columns=by, values="row").reindex(columns=list(subsets)).dropna()
    if wide.empty:
        asked = ", ".join(str(v) for v in key.values())
        raise MissingData(f"no model has {asked} for {', '.join(subsets)}", "run clipkit pocket evaluate")
    place = wide.to_numpy(int)
    return Numbers(tuple(wide.index), table.frame.value.to_numpy()[place], table.draws[place])


def of_kind(numbers: Numbers, kind: str) -> Numbers:
    """The models of one kind (`kind_of`); raises MissingData if there are none."""
    chosen = [m for m in numbers.models if kind_of(m) == kind]
    if not chosen:
        raise MissingData(f"no {kind} model of the zoo has been measured", "run clipkit pocket evaluate")
    return numbers.of(chosen)


def of_recipes(numbers: Numbers, recipes: Sequence[str]) -> Numbers:
    """The models of some recipes, by recipe and seed; raises MissingData naming a recipe that has none."""
    by_recipe = {r: sorted(m for m in numbers.models if split_name(m)[0] == r) for r in recipes}
    for recipe, models in by_recipe.items():
        if not models:
            raise MissingData(f"no model {recipe} has been measured", "train and evaluate it")
    return numbers.of([m for models in by_recipe.values() for m in models])


def ordinary(table: MeasuredTable) -> Numbers:
    """Accuracy on the wild test set: what the lines start from."""
    key = {"section": natural_shifts.SECTION, "subset": natural_shifts.ALL, "metric": "accuracy"}
    return gather(table, [natural_shifts.ORDINARY], by="dataset", **key)


def baseline_line(
    table: MeasuredTable, section: str, dataset: str, subset: str, method: str = METHOD
) -> RobustLine:
    """The line of one set through all supervised baselines, from accuracy on the wild set."""
    key = {"section": section, "dataset": dataset, "metric": "accuracy"}
    under = of_kind(gather(table, [subset], **key), "baseline")
    x = ordinary(table).of(under.models)
    _enough(x.models)
    return fit_line(x.value[:, 0], under.value[:, 0], method, _n(table, dataset))


def robustness_table(
    table: MeasuredTable,
    section: str,
    datasets: Sequence[str],
    subsets: Sequence[str],
    seed: int = 0,
    method: str = METHOD,
    axes: str = "logit",
) -> MeasuredTable:
    """Effective robustness (fraction) of every model on each subset of each data set, as a table of its own.

    x is the accuracy on the wild set with the same prompts, y the accuracy in question; the line is fitted on
    the supervised baselines alone. method and axes as in `clipkit.sections.lines`, but for Huber's. Models outside
    the baselines' range of x are kept. A draw resamples images, for baselines and models together, and draws other
    baselines (`lines_through`). A table that holds effective robustness already, from other lines, is given back.

    Raises MissingData with fewer than four baselines.
    """
    if len(table.rows(section=section, metric=METRIC)):
        return table
    wild = {"section": natural_shifts.SECTION, "dataset": natural_shifts.ORDINARY, "metric": "accuracy"}
    rows = table.rows(**wild)
    start = dict(zip(_who(table, rows), rows, strict=True))
    rule = (seed, method, axes)
    parts = [_on_one(table, start, section, d, s, *rule) for d in datasets for s in subsets]
    frame = pd.concat([f for f, _ in parts], ignore_index=True)
    return MeasuredTable(frame, np.concatenate([d for _, d in parts]), table.said)


def _who(table: MeasuredTable, rows: np.ndarray) -> list[tuple[str, str]]:
    """Model and prompts of each row."""
    return list(table.frame.iloc[rows][["model", "prompts"]].itertuples(index=False, name=None))


def _on_one(table: MeasuredTable, start: dict, section: str, dataset: str, subset: str, seed, method, axes):
    rows = table.rows(section=section, dataset=dataset, subset=subset, metric="accuracy")
    rows = rows[[who in start for who in _who(table, rows)]]
    at = np.array([start[who] for who in _who(table, rows)], dtype=int)
    frame = table.frame.iloc[rows].assign(metric=METRIC, higher_is_better=True)
    baseline = np.array([kind_of(model) == "baseline" for model in frame.model], dtype=bool)
    _enough(frame.model[baseline])
    n = _n(table, dataset)
    x, y = table.frame.value.to_numpy()[at], frame.value.to_numpy()
    x_draws, y_draws = table.draws[at], table.draws[rows]
    through = x[baseline], y[baseline]
    line = lines.fit(*through, method, axes, n)
    drawn = lines_through(*through, x_draws[baseline].T, y_draws[baseline].T, n, seed, method, axes)
    edge = 1 / (2 * n)
    expected = drawn.predict(np.clip(x_draws.T, edge, 1 - edge)).T
    value = y - line.predict(np.clip(x, edge, 1 - edge))
    return frame.assign(value=value), y_draws - expected


def lines_through(
    x, y, x_draws, y_draws, n: int, seed: int = 0, method: str = METHOD, axes: str = "logit"
) -> lines.Line:
    """A line for each draw: for other images, and for other baselines of their kind.

    x, y: (models,) proportions; x_draws, y_draws: (draws, models) on resampled images. For other baselines,
    residuals on the y axis are replaced by normal ones of their variance, which is drawn too: with as few
    degrees of freedom as models less two, Student's t. With one seed, several y keep the covariance of their
    residuals. That these hold noise of images too makes intervals wide rather than narrow.

    So few models cannot be resampled themselves: two or three of them would often be all that a draw holds.
    Source: draws from the posterior of a multivariate regression, Gelman et al., Bayesian Data Analysis, 3rd
    ed., section 14.2, around the Theil–Sen line, unless `method` is least squares.
    """
    line, models = lines.fit(x, y, method, axes, n), len(x)
    residual = lines.to_axes(axes, y, n) - line.intercept - line.slope * lines.to_axes(axes, x, n)
    rng, draws = np.random.default_rng(seed), len(x_draws)
    mixed = rng.normal(size=(draws, models, models)) @ residual
    other = mixed / np.sqrt(rng.chisquare(models - 2, size=(draws, 1)))
    u, v = lines.to_axes(axes, x_draws, n), lines.to_axes(axes, y_draws, n) - residual + other
    if method == "least-squares":
        slope = (u * (v - v.mean(axis=1, keepdims=True))).sum(axis=1) / (models * u.var(axis=1))
        intercept = (v - slope[:, None] * u).mean(axis=1)
    else:
        i, j = np.triu_indices(models, 1)
        run, rise = u[:, j] - u[:, i], v[:, j] - v[:, i]
        slope = np.nanmedian(np.divide(rise, run, out=np.full(run.shape, np.nan), where=run != 0), axis=1)
        intercept = np.median(v - slope[:, None] * u, axis=1)
    return lines.Line(intercept, slope, axes, line.x_low, line.x_high)


def compare(numbers: Numbers, a: Sequence[str], b: Sequence[str], paired: bool = False) -> Contrast:
    """Models a minus models b on the mean over subsets, by `contrast`: over new seeds and new images.

    The variance between seeds is pooled over all recipes of `numbers`, so pass models that are alike in that;
    for paired arms over the differences, each of whose recipes has the seeds of its own parents.
    """
    one = numbers.mean()
    first, second = one.of(a), one.of(b)
    recipes = [split_name(m)[0] for m in (a if paired else one.models)]
    pooled = first.value - second.value if paired else one.value
    drawn = first.draws - second.draws if paired else one.draws
    if len(set(recipes)) == len(recipes):
        raise MissingData("no recipe has been measured with two seeds", "train a second seed of one at least")
    variance = pooled_seed_variance(pooled[:, 0], recipes, draws=drawn[:, 0])
    return contrast(
        first.value[:, 0], second.value[:, 0], first.draws[:, 0], second.draws[:, 0], variance, paired
    )


def _n(table: MeasuredTable, dataset: str) -> int:
    return int(table.frame.n[table.frame.dataset == dataset].min())


def _enough(baselines) -> None:
    if len(baselines) < LEAST:
        raise MissingData(
            f"{len(baselines)} supervised baselines have been measured, a line needs {LEAST}",
            "train and evaluate the supervised-* recipes",
        )
