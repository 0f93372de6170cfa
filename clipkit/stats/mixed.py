"""Factor effects where rows share a group (checkpoints of one training run): the random-intercept model."""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.mixed_linear_model import MixedLM

from clipkit.errors import BadInput
from clipkit.stats.units import codes_of


class MixedFit(NamedTuple):
    """A fitted random-intercept model.

    `coefficients` has one row per term ("Intercept" first) with estimate, low, high, p, df; `group_sd` and
    `residual_sd` are in the unit of y. `boundary` is true where the groups explain no variance: group_sd is
    then exactly 0 and the fit is ordinary least squares. `covariance` (terms × terms) is that of the estimates,
    for intervals of sums and differences of them.
    """

    coefficients: pd.DataFrame
    group_sd: float
    residual_sd: float
    n: int
    n_groups: int
    converged: bool
    boundary: bool
    covariance: pd.DataFrame


def random_intercept(y, X, groups, *, level: float = 0.95) -> MixedFit:
    """Fixed effects of X on y, with a random intercept for each group, by REML.

    y: (n,) numbers, with X a data frame (or (n, k) array) of k numeric columns; an intercept is added. Or y
    a formula such as "er ~ C(source) + log_pairs", with X the data frame it speaks of. groups: (n,) labels,
    or the name of a column of X. Intervals and p are Wald with Student's t.

    Degrees of freedom follow the between-within rule. A term constant within every group has
    groups − (number of such terms). A term that varies within groups has (rows − 1) summed over the groups
    in which it varies, − (number of varying terms), and never fewer than the former. With few groups the
    normal distribution would promise too much; with fewer than about five, distrust any answer.

    Raises BadInput for missing values, fewer groups than between-group terms + 1, collinear terms, or
    labels that do not fit.

    Source: Laird & Ware (1982), computed by statsmodels' MixedLM, which uses the normal distribution;
    between-within rule: Schluchter & Elashoff (1990), doi:10.1080/00949659008811295, here counted per term.

    >>> fit = random_intercept([1.0, 2.0, 3.1, 4.0, 7.0, 8.1], pd.DataFrame({"x": [0, 1, 0, 1, 0, 1]}),
    ...                        ["a", "a", "b", "b", "c", "c"])
    >>> fit.coefficients.estimate.round(2).to_dict(), fit.n_groups, fit.boundary
    ({'Intercept': 3.7, 'x': 1.0}, 3, False)
    """
    y, X, codes = _design(y, X, groups)
    n_groups = int(codes.max()) + 1
    df = _degrees_of_freedom(X, codes, n_groups)

    boundary = _groups_explain_nothing(y, X.to_numpy(), codes)
    if boundary:
        # There the model is least squares, and MixedLM's optimiser and Hessian break down.
        fit = OLS(y, X).fit()
        estimate, covariance, group_variance, converged = fit.params, fit.cov_params(), 0.0, True
    else:
        with warnings.catch_warnings():
            # What they say is returned as `converged`.
            warnings.simplefilter("ignore")
            fit = MixedLM(y, X, groups=codes).fit(reml=True, method=["bfgs", "lbfgs", "cg", "powell"])
        estimate, covariance = fit.fe_params, np.asarray(fit.cov_params())[: X.shape[1], : X.shape[1]]
        group_variance, converged = float(np.asarray(fit.cov_re)[0, 0]), bool(fit.converged)

    estimate, covariance = np.asarray(estimate), np.asarray(covariance)
    error = np.sqrt(np.diag(covariance))
    reach = stats.t.ppf((1 + level) / 2, df) * error
    table = {
        "estimate": estimate,
        "low": estimate - reach,
        "high": estimate + reach,
        "p": 2 * stats.t.sf(np.abs(estimate / error), df),
        "df": df,
    }
    coefficients = pd.DataFrame(table, index=X.columns)
    covariance = pd.DataFrame(covariance, index=X.columns, columns=X.columns)
    return MixedFit(
        coefficients,
        group_variance**0.5,
        float(fit.scale) ** 0.5,
        len(y),
        n_groups,
        converged,
        boundary,
        covariance,
    )


def _design(y, X, groups) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    if isinstance(groups, str):
        if groups not in X:
            raise BadInput(f"no column {groups!r} to group by", f"columns are {', '.join(map(str, X))}")
        groups = X[groups]
    if isinstance(y, str):
        try:
            model = OLS.from_formula(y, X, missing="raise")
        except Exception as error:
            raise BadInput(
                f"formula {y!r} does not fit the data: {error}", "check names and missing values"
            ) from None
        y, X = model.endog, pd.DataFrame(model.exog, columns=model.exog_names)
    else:
        y, X = np.asarray(y, dtype=float), pd.DataFrame(X).reset_index(drop=True).astype(float)
        if len(y) != len(X):
            raise BadInput(f"y has {len(y)} rows and X has {len(X)}", "give one row per observation in both")
        X = X.rename(columns=str)
        X.insert(0, "Intercept", 1.0)
    if not (np.isfinite(y).all() and np.isfinite(X.to_numpy()).all()):
        raise BadInput("y or X holds missing or infinite values", "drop those rows, and say how many")
    if np.linalg.matrix_rank(X.to_numpy()) < X.shape[1]:
        raise BadInput(
            f"terms {', '.join(X.columns)} are collinear", "drop one, or an intercept column of your own"
        )
    codes, _ = codes_of(groups, len(y), "groups")
    return y, X, codes


def _degrees_of_freedom(X: pd.DataFrame, codes: np.ndarray, n_groups: int) -> np.ndarray:
    columns = X.groupby(codes)
    varies = (columns.max() != columns.min()).to_numpy()
    extra_rows = np.bincount(codes) - 1
    inner = varies.any(axis=0)
    between = n_groups - int((~inner).sum())
    if between < 1:
        raise BadInput(
            f"{n_groups} groups cannot tell {int((~inner).sum())} between-group terms apart",
            "drop terms, or compare within groups",
        )
    within = extra_rows @ varies - int(inner.sum())
    return np.where(inner, np.maximum(within, between), between)


def _groups_explain_nothing(y: np.ndarray, X: np.ndarray, codes: np.ndarray) -> bool:
    # The restricted likelihood falls from a group variance of zero on where its score there is not
    # positive: residuals of a group then agree less than independent ones would.
    basis, _ = np.linalg.qr(X)
    residual = y - basis @ (basis.T @ y)
    scale = residual @ residual / (len(y) - X.shape[1])
    by_group = np.zeros((codes.max() + 1, X.shape[1]))
    np.add.at(by_group, codes, basis)
    expected = len(y) - (by_group**2).sum()
    return bool((np.bincount(codes, weights=residual) ** 2).sum() <= scale * expected)
