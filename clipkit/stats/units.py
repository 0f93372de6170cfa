"""Resampling units: what is drawn whole (rows or clusters), and the seeded stream of draws over them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import BadInput

# Entries of one block of draws × units; bounds memory (8 bytes each, a few arrays) and never moves a number.
BLOCK = 1 << 20


class Units(NamedTuple):
    """The unit of each row: `of_row` (n,) holds 0 … count − 1, `sizes` (count,) the rows of each unit."""

    of_row: np.ndarray
    sizes: np.ndarray

    @property
    def count(self) -> int:
        return len(self.sizes)


def units_of(n: int, clusters) -> Units:
    """Units of `n` rows: the rows themselves, or the clusters that the labels `clusters` (n,) name."""
    if clusters is None:
        units = Units(np.arange(n), np.ones(n, int))
    else:
        codes, _ = codes_of(clusters, n, "clusters")
        units = Units(codes, np.bincount(codes))
    if units.count < 2:
        what = "row" if clusters is None else "cluster"
        raise BadInput(
            f"{units.count} {what} cannot be resampled",
            f"give at least two independent {what}s, or no interval",
        )
    return units


def codes_of(labels, n: int, name: str) -> tuple[np.ndarray, list]:
    """Labels (n,) as integers 0 … k − 1 in the labels' sorted order, and the k labels."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise BadInput(
            f"{name} has shape {labels.shape}, the data have {n} rows", f"give one {name} label per row"
        )
    codes, names = pd.factorize(labels, sort=True)
    if (codes < 0).any():
        raise BadInput(f"{name} has no label at row {int(np.argmin(codes))}", "label every row")
    return codes, names.tolist()


def resampled_units(seed: int, units: int, draws: int) -> Iterator[np.ndarray]:
    """Blocks (b, units) of unit indices drawn with replacement, `draws` rows in all.

    Rows come one after another out of one generator, so the block size never changes them.
    """
    rng = generator(seed)
    block = max(1, BLOCK // units)
    for start in range(0, draws, block):
        yield rng.integers(units, size=(min(block, draws - start), units))


def generator(seed: int) -> np.random.Generator:
    """A fresh generator; only an integer seed will do, because a result must be repeatable."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise BadInput(
            f"seed is {seed!r}", "give an integer of 0 or more, so that the result can be repeated"
        )
    return np.random.default_rng(seed)


def check_options(draws: int, level: float = 0.95, method: str = "bca") -> None:
    """Raise BadInput for options that no bootstrap can honour."""
    if method not in ("bca", "percentile"):
        raise BadInput(f"interval method {method!r} is unknown", "use 'bca' or 'percentile'")
    if not 0 < level < 1:
        raise BadInput(f"level is {level!r}", "give the coverage as a fraction, such as 0.95")
    if draws < 1:
        raise BadInput(f"draws is {draws!r}", "use 10,000 for a reported interval")
