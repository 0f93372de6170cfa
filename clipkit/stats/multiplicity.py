"""Many tests at once: p-values corrected so that the whole family errs at most at the stated rate."""

import numpy as np
from statsmodels.stats.multitest import multipletests

from clipkit.errors import BadInput


def holm(p) -> np.ndarray:
    """Holm's step-down correction: adjusted p, same shape as `p`, never below it, at most 1.

    p: array of p-values; NaN means "not tested", stays NaN and does not count in the family. Rejecting
    where the adjusted p is at most α keeps the family-wise error rate at α under any dependence.
    Raises BadInput for values outside [0, 1].

    Source: Holm (1979); computed by statsmodels.

    >>> holm([0.01, 0.04, np.nan, 0.03]).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    p = np.asarray(p, dtype=float)
    tested = ~np.isnan(p)
    if not ((p[tested] >= 0) & (p[tested] <= 1)).all():
        raise BadInput(
            f"p-values lie between 0 and 1, found {p[tested][(p[tested] < 0) | (p[tested] > 1)][0]}"
        )
    adjusted = np.full(p.shape, np.nan)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted
