"""Measure the zoo by other conventions: the numbers that change, of all models in one file."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.zoo import together
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.sections.convention_rows import convention_rows
from clipkit.sections.measure import calibration, ood_detection, shape_bias
from clipkit.sections.stored_draws import pack

DATASETS = (*calibration.DATASETS, *ood_detection.DATASETS, *shape_bias.DATASETS)
_CODE = (
    *(f"sections/{name}" for name in ("convention_metrics", "convention_rows", "stored_draws")),
    *(f"sections/measure/{name}" for name in ("calibration", "ood_detection", "shape_bias")),
    *(f"metrics/{name}" for name in ("calibration", "debiased_calibration", "ood", "temperature", "resampled",
                                     "resampled_temperature")),
    "stats/shared_draws",
)  # fmt: skip


def update_conventions(path: Path, store: Path, jobs: int = 1) -> Iterator[tuple[str, bool]]:
    """Measure every model of the zoo; see `together.update`."""
    names = [card.name for card in pocket_cards()]
    return together.update(path, names, code_digest(), measure_one, DATASETS, store, jobs)


def measure_one(name: str, store: Path) -> pd.DataFrame:
    """The numbers of one model: model, convention, the fields of `Measured`, draws packed (`pack`)."""
    import torch

    from clipkit.pocket.outputs import PocketOutputs

    torch.set_num_threads(1)
    found = list(convention_rows(PocketOutputs(name, store)))
    rows = [{"model": name, "convention": convention} | m._asdict() for convention, m in found]
    return pack(pd.DataFrame(rows).drop(columns="draws"), np.array([m.draws for _, m in found]))


@cache
def code_digest() -> str:
    """Changes with any statement of what measures these numbers."""
    package = Path(__file__).parents[2]
    return statements_digest([package / f"{name}.py" for name in _CODE])[:16]
