"""Is the mean paired difference zero? The sign-flip permutation test."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.stats.interval import TIE
from clipkit.stats.significance import TestResult
from clipkit.stats.units import check_options, generator, units_of

MOST_ENUMERATED = 13


def paired_permutation_test(a, b, *, clusters=None, draws: int = 10_000, seed: int = 0) -> TestResult:
    """Two-sided test of no difference between paired scores, by flipping the signs of their differences.

    a, b: (n,) scores of the same images, any finite unit. clusters: (n,) labels; the differences of a
    cluster are flipped together. The null hypothesis is that a and b could be exchanged within every unit.
    `effect` is the mean of a − b. With at most 13 units that differ all flips are enumerated and p is
    exact; otherwise p = (1 + flips at least as extreme) / (1 + draws), which is never 0 and never too small
    on average. Raises BadInput for unpaired or non-finite scores.

    Source: Fisher (1935), section 21; Phipson & Smyth (2010), doi:10.2202/1544-6115.1585 for the "+ 1".

    >>> print(paired_permutation_test([1, 1, 1, 1, 0], [0, 0, 0, 0, 0]))
    +0.800, p = 0.125 (sign-flip permutation, exact, n = 5)
    """
    check_options(draws)
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.ndim != 1 or a.shape != b.shape:
        raise BadInput(
            f"a has shape {a.shape} and b has shape {b.shape}", "give (images,) scores, paired by image"
        )
    difference = a - b
    if not np.isfinite(difference).all():
        raise BadInput(
            f"scores are not finite at row {int(np.argmin(np.isfinite(difference)))}", "drop that pair"
        )
    units = units_of(len(a), clusters)
    totals = np.bincount(units.of_row, weights=difference)
    observed = abs(totals.sum())
    size = np.abs(totals[totals != 0])
    extreme = observed - TIE * size.sum()

    if len(size) <= MOST_ENUMERATED:
        flips = np.arange(2 ** len(size))[:, None] >> np.arange(len(size)) & 1
        p = float((np.abs((2 * flips - 1) @ size) >= extreme).mean())
        method = "sign-flip permutation, exact"
    else:
        p = (1 + _extreme_flips(size, extreme, draws, seed)) / (1 + draws)
        method = f"sign-flip permutation, {draws} draws"
    return TestResult(float(difference.mean()), p, len(a), units.count, method)


def _extreme_flips(size: np.ndarray, extreme: float, draws: int, seed: int, block: int = 1 << 20) -> int:
    # Units of equal size are exchangeable, so one binomial says how many of them keep their sign: for 0/1
    # scores that is one number per draw instead of one per image.
    values, counts = np.unique(size, return_counts=True)
    rng = generator(seed)
    rows = max(1, block // len(values))
    found = 0
    for start in range(0, draws, rows):
        kept = rng.binomial(counts, 0.5, size=(min(rows, draws - start), len(values)))
        found += int((np.abs((2 * kept - counts) @ values) >= extreme).sum())
    return found
