"""What share of a drop a gentler treatment avoids: a ratio of two contrasts of the same models."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from clipkit.errors import MissingData
from clipkit.stats.contrast import Contrast, contrast, pooled_seed_variance

FAR = 100.0
"""How far the limits lie from the estimate where no share can be excluded."""


class Family(NamedTuple):
    """One number of parents and of their children, seed by seed: arrays (n, 1 + draws), estimate first.

    harsh: the children that show the drop; gentle: those that are to avoid it.
    """

    parent: np.ndarray
    harsh: np.ndarray
    gentle: np.ndarray


def share(family: Family) -> float:
    """(gentle − harsh) / (parent − harsh), each the mean over seeds: 1 if all of the drop is avoided, 0 if none.

    >>> share(Family(np.array([[0.5]]), np.array([[0.0]]), np.array([[0.375]])))
    0.75
    """
    parent, harsh, gentle = (arm[:, 0].mean() for arm in family)
    return float((gentle - harsh) / (parent - harsh)) if parent != harsh else math.nan


def share_avoided(families: Mapping[str, Family], of: str) -> Contrast:
    """The share that `families[of]` avoids, over new seeds and images.

    The interval holds each ρ for which gentle − (1 − ρ) · harsh − ρ · parent is not surely different from 0
    (Fieller's way: the drop below the line may itself be off); p is against ρ = 0. The seed variance of that
    sum is pooled over all families. Where the drop is not sure, no share can be excluded: the limits are then ±100
    around the estimate (0 for a drop of exactly 0), and p is 1. Fields other than effect, low, high, p, n_a and n_b
    are those of the sum at ρ = 0.

    Raises MissingData where no family has two seeds.

    Source: Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.
    """
    if max(len(family.parent) for family in families.values()) < 2:
        raise MissingData(
            f"no fine-tuned models have been measured with two common seeds (asked for {of})",
            "train more of the zoo, and run clipkit pocket evaluate",
        )
    labels = [name for name, family in families.items() for _ in family.parent]

    def at(rho: float) -> Contrast:
        mixed = {name: (1 - rho) * f.harsh + rho * f.parent for name, f in families.items()}
        rest = np.concatenate([families[name].gentle - mixed[name] for name in families])
        spread = pooled_seed_variance(rest[:, 0], labels, draws=rest[:, 1:])
        a, b = families[of].gentle, mixed[of]
        return contrast(a[:, 0], b[:, 0], a[:, 1:], b[:, 1:], spread, paired=True)

    found = share(families[of])
    estimate = found if math.isfinite(found) else 0.0
    low, high = estimate - FAR, estimate + FAR
    if not (at(low).low > 0 and at(high).high < 0):
        return at(0.0)._replace(effect=estimate, low=low, high=high, p=1.0)
    return at(0.0)._replace(
        effect=estimate,
        low=brentq(lambda rho: at(rho).low, low, estimate, xtol=1e-6),
        high=brentq(lambda rho: at(rho).high, estimate, high, xtol=1e-6),
    )
