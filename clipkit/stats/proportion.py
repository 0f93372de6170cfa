"""A share of independent trials, counted or published, with an interval by formula."""

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from clipkit.errors import BadInput
from clipkit.stats.interval import Interval


def wilson(successes, n, level: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion; right for small n and for 0 or n successes.

    successes, n: numbers or arrays of one shape (or that broadcast), 0 ≤ successes ≤ n, n ≥ 1. The trials
    must be independent: for clustered images use `bootstrap_mean`. Returns fractions in [0, 1].
    Raises BadInput otherwise.

    Source: Wilson (1927); computed by statsmodels. Brown, Cai & DasGupta (2001) on why not p̂ ± 1.96 se.

    >>> print(wilson(10, 10))
    1.000 [0.722, 1.000]
    """
    successes, n = np.broadcast_arrays(np.asarray(successes, dtype=float), n)
    if not ((n >= 1) & (successes >= 0) & (successes <= n)).all():
        raise BadInput("a proportion needs 0 <= successes <= n and n >= 1", "count the trials first")
    if not 0 < level < 1:
        raise BadInput(f"level is {level!r}", "give the coverage as a fraction, such as 0.95")
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    value = successes / n
    if value.ndim == 0:
        return Interval(float(value), float(low), float(high), level, "wilson", 0, int(n), int(n))
    return Interval(value, np.asarray(low), np.asarray(high), level, "wilson", 0, n, n)


def wilson_published(share, n) -> Interval:
    """Wilson's interval of shares that somebody published rounded: the count behind each is the nearest one.

    share: fractions in [0, 1]; n: numbers of trials; one shape, or shapes that broadcast. Each interval is
    stretched, where it must be, to hold the share as published. Raises BadInput as `wilson`.

    >>> print(wilson_published(0.9996, 100))
    1.000 [0.963, 1.000]
    """
    share = np.asarray(share, dtype=float)[()]
    counted = wilson(np.round(share * n), n)
    return counted._replace(
        value=share, low=np.minimum(counted.low, share), high=np.maximum(counted.high, share)
    )
