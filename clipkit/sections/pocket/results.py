"""The zoo's numbers, as shipped or as measured here."""

import os
from functools import cache
from pathlib import Path

from clipkit.sections.measured import MeasuredTable, read_measured

SHIPPED = Path(__file__).parents[2] / "pocket" / "zoo" / "results"


def results_folder(split: str = "test") -> Path:
    """Where the numbers lie: $CLIPKIT_RESULTS/SPLIT if that is set, else those shipped."""
    return Path(os.environ.get("CLIPKIT_RESULTS") or SHIPPED) / split


def zoo_results(split: str = "test") -> MeasuredTable:
    """All numbers of the zoo on one split; raises MissingData where none have been measured."""
    return _read(results_folder(split))


@cache
def _read(folder: Path) -> MeasuredTable:
    return read_measured(folder)
