"""What a design can tell apart: its rank, the columns that stand for one another, and variance inflation."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from statsmodels.stats.outliers_influence import variance_inflation_factor

from clipkit.errors import BadInput

INTERCEPT = "Intercept"
_TOLERANCE = 1e-8


class Identifiability(NamedTuple):
    """Which coefficients of a linear model its design determines.

    `rank` of `columns` columns, the intercept counted. `estimable` (by column): whether the coefficient has one
    value in all least-squares solutions. `kept`: independent columns that span the design; a fit on these gives
    every estimable coefficient. `aliased`: sets of columns of which no single one can be told from the others.
    `vif` (by column): how many times larger the variance of the coefficient is than if the column were
    uncorrelated with all others; 1 is best, infinite where not estimable.
    """

    rank: int
    columns: int
    estimable: pd.Series
    kept: list[str]
    aliased: list[tuple[str, ...]]
    vif: pd.Series


def identify(X: pd.DataFrame) -> Identifiability:
    """What the columns of X, with an intercept before them, can tell apart.

    X: (n, k) finite numbers, without an intercept of its own; earlier columns are kept before later ones. A
    column of zeros is not estimable, and aliased with nothing. Raises BadInput for missing or infinite values.

    Source: estimable functions are the row space of the design (Searle 1971, Linear Models, ch. 5); variance
    inflation by statsmodels, among the kept columns.

    >>> X = pd.DataFrame({"sigmoid": [1, 1, 0, 0, 0], "WebLI": [1, 1, 0, 0, 0], "large": [0, 1, 0, 1, 1]})
    >>> found = identify(X)
    >>> found.rank, found.columns, found.aliased, found.estimable.tolist()
    (3, 4, [('sigmoid', 'WebLI')], [False, False, True])
    >>> round(float(found.vif["large"]), 3)
    1.029
    """
    full = np.column_stack([np.ones(len(X)), X.to_numpy(float)])
    if not np.isfinite(full).all():
        raise BadInput("the design holds missing or infinite values", "drop those rows, and say how many")
    names = [INTERCEPT, *map(str, X.columns)]
    scale = np.sqrt((full**2).sum(axis=0))
    full = full / np.where(scale > 0, scale, 1)
    kept = _independent(full)
    dropped = [j for j in range(len(names)) if j not in kept]
    weights = np.linalg.lstsq(full[:, kept], full[:, dropped], rcond=None)[0]
    tied = np.eye(len(names), dtype=bool)[dropped]
    tied[:, kept] = np.abs(weights.T) > _TOLERANCE
    estimable = ~tied.any(axis=0)
    inflation = np.full(len(names), np.inf)
    for place, j in enumerate(kept):
        if estimable[j] and j:
            inflation[j] = variance_inflation_factor(full[:, kept], place)
    return Identifiability(
        len(kept),
        len(names),
        pd.Series(estimable, names)[1:],
        [names[j] for j in kept if j],
        [tuple(names[j] for j in group) for group in _groups(tied)],
        pd.Series(inflation, names)[1:],
    )


def _independent(columns: np.ndarray) -> list[int]:
    kept, basis = [], np.empty((len(columns), 0))
    for j, column in enumerate(columns.T):
        # Twice is enough (Kahan; Parlett 1980): the second pass removes what rounding left.
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length > _TOLERANCE:
            kept.append(j)
            basis = np.column_stack([basis, rest / length])
    return kept


def _groups(tied: np.ndarray) -> list[np.ndarray]:
    linked = tied.T.astype(int) @ tied
    _, label = connected_components(linked, directed=False)
    members = (np.flatnonzero(label == k) for k in dict.fromkeys(label))
    return [group for group in members if len(group) > 1]
