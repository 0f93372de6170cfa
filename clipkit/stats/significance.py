"""The result of a significance test."""

from typing import NamedTuple


class TestResult(NamedTuple):
    """An effect with the p of its test.

    `effect` is in the unit of the scores and signed (positive where the first argument scores higher);
    `p` is two-sided, in (0, 1]; `n` counts pairs, `n_clusters` independent units; `method` names the test
    and whether it was exact.
    """

    __test__ = False  # pytest takes every class called Test… for a test.

    effect: float
    p: float
    n: int
    n_clusters: int
    method: str

    def __str__(self) -> str:
        return f"{self.effect:+.3f}, p = {self.p:.3g} ({self.method}, n = {self.n})"
