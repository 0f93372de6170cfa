"""Factor attribution: which of a model's factors its numbers go with, when all are looked at together."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit
from statsmodels.regression.linear_model import GLS, OLS
from statsmodels.tools import add_constant

from clipkit.errors import BadInput
from clipkit.stats import Identifiability, MixedFit, holm, identify, random_intercept
from clipkit.stats.units import codes_of

FEWEST_RUNS = 5
"""Runs that a level and its complement need before errors clustered by run are shown."""


class FactorTable(NamedTuple):
    """Models (rows) with a number on every data set, and with their factors.

    values: fractions strictly between 0 and 1, one column a data set. factors: one column a factor, either
    categorical, whose first category is the reference, or numeric. runs: the training run of each model; families:
    what is left out together. left_out: data sets on which some model has exactly 0 or 1, which has no logit.
    """

    values: pd.DataFrame
    factors: pd.DataFrame
    runs: pd.Series
    families: pd.Series
    left_out: tuple[str, ...]


def factor_table(
    values: pd.DataFrame, factors: pd.DataFrame, runs: Iterable[str], families: Iterable[str]
) -> FactorTable:
    """A `FactorTable` with the data sets of `values` (models × sets, fractions) that have a logit for every model.

    Raises BadInput where a number is missing or none of the sets is left.
    """
    if values.isna().any(axis=None):
        raise BadInput("a model lacks a number on a data set", "drop that model or that set")
    has_logit = ((values > 0) & (values < 1)).all()
    if not has_logit.any():
        raise BadInput(
            "on every data set some model has exactly 0 or 1", "there is no logit; use more images"
        )
    return FactorTable(
        values.loc[:, has_logit],
        factors.loc[values.index],
        pd.Series(list(runs), values.index),
        pd.Series(list(families), values.index),
        tuple(values.columns[~has_logit]),
    )


class Attribution(NamedTuple):
    """Effects on the logit of accuracy, averaged over data sets; positive raises it.

    `coefficients`, by term: factor, level, n_models and n_runs (that have the level, or all), estimable; estimate,
    low, high, p, df of the mixed model, p_holm over the estimable terms, vif; ols_low, ols_high (least squares, errors
    clustered by run; NaN with fewer than `FEWEST_RUNS` runs on either side); rests_on, the family with the largest
    share of the term's leverage, and `share`. All are NaN, vif infinite, where not estimable.
    `together`: one row a set of aliased terms, with the estimate of their sum where they are one and the same column.
    `by_set` (terms × data sets): the estimate on each set alone; the mean over sets is `estimate`.
    `constant`: factors in which the models do not differ.
    """

    coefficients: pd.DataFrame
    together: pd.DataFrame
    by_set: pd.DataFrame
    constant: tuple[str, ...]
    fit: MixedFit
    identifiability: Identifiability
    design: pd.DataFrame


def design(factors: pd.DataFrame) -> pd.DataFrame:
    """Columns of zeros and ones, "factor: level", for all levels but the reference; numeric factors as they are.

    >>> loss = pd.Categorical(["softmax", "sigmoid"], categories=["softmax", "sigmoid"])
    >>> design(pd.DataFrame({"loss": loss, "size": [8.0, 9.0]})).to_dict("list")
    {'loss: sigmoid': [0.0, 1.0], 'size': [8.0, 9.0]}
    """
    columns = {}
    for name, column in factors.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            for level in column.cat.categories[1:]:
                columns[f"{name}: {level}"] = (column == level).astype(float)
        else:
            columns[name] = column.astype(float)
    return pd.DataFrame(columns, factors.index)


def attribute(table: FactorTable, sets: Sequence[str] | None = None) -> Attribution:
    """The mixed model of a table: additive factors, random intercepts for training run, model and data set.

    logit(value of model m on set d) = factors(m)·β + run + model + set + residual. As every model has a number on
    every set, the set intercepts cancel between models, and what remains is exactly the random-intercept
    model of the models' means over sets, with run intercepts: that is what is fitted, by REML. Intervals
    are for new runs on these data sets, not for new sets. sets: some of the columns of `values` only.

    Raises BadInput where there are fewer runs than terms.

    Source: `clipkit.stats.random_intercept` (statsmodels' MixedLM, t with between-within degrees of freedom).
    """
    X = design(table.factors)
    values = table.values if sets is None else table.values[list(sets)]
    return _fit(X, logit(values), table)


def _fit(X: pd.DataFrame, Y: pd.DataFrame, table: FactorTable) -> Attribution:
    found = identify(X)
    kept = X[found.kept]
    runs = table.runs[X.index].to_numpy()
    fit = random_intercept(Y.mean(axis=1).to_numpy(), kept, runs)
    kept_first = pd.concat([_terms(X, runs), found.estimable.rename("estimable")], axis=1)
    frame = kept_first.join(fit.coefficients).join(found.vif.rename("vif"))
    frame = frame.join(_clustered(kept, Y.mean(axis=1), runs, frame)).join(
        _leverage(kept, table.families[X.index])
    )
    numbers = frame.columns.difference(["factor", "level", "n_models", "n_runs", "estimable", "vif"])
    frame[numbers] = frame[numbers].where(frame.estimable)
    frame["p_holm"] = np.nan
    if frame.estimable.any():
        frame.loc[frame.estimable, "p_holm"] = holm(frame.p[frame.estimable].to_numpy())
    return Attribution(
        frame,
        _together(X, found, fit),
        _by_set(kept, Y, runs, fit).loc[frame.index[frame.estimable]],
        tuple(name for name, column in table.factors.items() if column.nunique() < 2),
        fit,
        found,
        X,
    )


def leave_one_family_out(table: FactorTable, sets: Sequence[str] | None = None) -> pd.DataFrame:
    """The attribution without each family: family, n_models left, term, estimate (NaN where not estimable), converged.

    The first rows, family "", are those of all models. References stay those of the whole table.
    """
    X = design(table.factors)
    Y = logit(table.values if sets is None else table.values[list(sets)])
    rows = []
    for family in ["", *sorted(set(table.families))]:
        here = (table.families != family).to_numpy()
        found = identify(X[here])
        fit = random_intercept(
            Y[here].mean(axis=1).to_numpy(), X[here][found.kept], table.runs[here].to_numpy()
        )
        estimate = fit.coefficients.estimate.reindex(X.columns).where(found.estimable)
        rows.append(
            pd.DataFrame(
                {
                    "family": family, "n_models": int(here.sum()), "term": X.columns,
                    "estimate": estimate.to_numpy(), "converged": fit.converged,
                }
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


class Difference(NamedTuple):
    """What an attribution says of model or recipe a minus b: logits; `seen` is false where no term differs."""

    estimate: float
    low: float
    high: float
    seen: bool


def difference(found: Attribution, a: pd.Series, b: pd.Series, level: float = 0.95) -> Difference:
    """The estimated difference of two rows of `Attribution.design`, which is always estimable.

    Degrees of freedom are the fewest of the terms in which the two differ.
    """
    weights = (a - b)[found.identifiability.kept]
    differing = weights.index[weights != 0]
    if differing.empty:
        return Difference(0.0, np.nan, np.nan, False)
    terms, covariance = found.fit.coefficients.loc[differing], found.fit.covariance.loc[differing, differing]
    weights = weights[differing].to_numpy()
    estimate = float(weights @ terms.estimate)
    reach = stats.t.ppf((1 + level) / 2, terms.df.min()) * float(np.sqrt(weights @ covariance @ weights))
    return Difference(estimate, estimate - reach, estimate + reach, True)


def _terms(X: pd.DataFrame, runs: np.ndarray) -> pd.DataFrame:
    rows = {}
    for term, column in X.items():
        factor, _, level = term.partition(": ")
        has = column.to_numpy() != 0 if level else np.ones(len(X), bool)
        rows[term] = {
            "factor": factor, "level": level, "n_models": int(has.sum()), "n_runs": len(set(runs[has])),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def _clustered(kept: pd.DataFrame, y: pd.Series, runs: np.ndarray, frame: pd.DataFrame) -> pd.DataFrame:
    codes, names = codes_of(runs, len(y), "runs")
    fit = OLS(y, add_constant(kept, has_constant="add")).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    limits = fit.conf_int().drop(index="const").set_axis(["ols_low", "ols_high"], axis=1)
    few = frame.n_runs[kept.columns].where(frame.level[kept.columns] != "", len(names))
    few = np.minimum(few, len(names) - few.where(few < len(names), 0)) < FEWEST_RUNS
    return limits.mask(few)


def _leverage(kept: pd.DataFrame, families: pd.Series) -> pd.DataFrame:
    rows = {}
    for term in kept:
        others = add_constant(kept.drop(columns=term), has_constant="add")
        share = (OLS(kept[term], others).fit().resid ** 2).groupby(families).sum()
        rows[term] = {"rests_on": share.idxmax(), "share": share.max() / share.sum()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _together(X: pd.DataFrame, found: Identifiability, fit: MixedFit) -> pd.DataFrame:
    rows = []
    for terms in found.aliased:
        same = terms[0] in X and all(X[term].equals(X[terms[0]].rename(term)) for term in terms[1:])
        numbers = fit.coefficients.loc[terms[0]] if same else pd.Series(dtype=float)
        rows.append(
            {"terms": terms, **{name: numbers.get(name, np.nan) for name in ("estimate", "low", "high", "p")}}
        )
    return pd.DataFrame(rows, columns=["terms", "estimate", "low", "high", "p"])


def _by_set(kept: pd.DataFrame, Y: pd.DataFrame, runs: np.ndarray, fit: MixedFit) -> pd.DataFrame:
    # The same weights as the fit of the means, so that the mean over sets is its estimate.
    same_run = (runs[:, None] == runs).astype(float)
    V = fit.group_sd**2 * same_run + fit.residual_sd**2 * np.eye(len(runs))
    X = add_constant(kept, has_constant="add")
    return pd.DataFrame(
        {name: GLS(y.to_numpy(), X.to_numpy(), sigma=V).fit().params for name, y in Y.items()},
        index=["Intercept", *kept.columns],
    )
