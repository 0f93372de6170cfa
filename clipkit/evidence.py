"""What a section hands to the ledger: one effect with its interval, and how much stands behind it."""

from typing import NamedTuple


class Evidence(NamedTuple):
    """An effect in the direction that the claim says (positive = in favour), in the claim's unit.

    low, high: limits of the 95 % interval. p: two-sided, against no effect. n_models: checkpoints that
    enter. n_clusters: independent training runs (or sources) among them; below five, the models are taken
    as given and the interval covers images and reference models only. note: what a reader must know; what nobody
    may overlook stands in sentences of its own, after a full stop, and the front page quotes it.
    """

    effect: float
    low: float
    high: float
    p: float
    n_models: int
    n_clusters: int
    note: str = ""
