"""Measure the zoo by other conventions: the numbers that change, of all models in one file."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.sets import load_set
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.results import git_commit, versions
from clipkit.sections.convention_rows import convention_rows
from clipkit.sections.measure import calibration, ood_detection, shape_bias
from clipkit.sections.other_numbers import read_other_numbers
from clipkit.sections.stored_draws import pack, write_frame

DATASETS = (*calibration.DATASETS, *ood_detection.DATASETS, *shape_bias.DATASETS)
_CODE = (
    *(f"sections/convention_{name}" for name in ("metrics", "rows")),
    *(f"sections/measure/{name}" for name in ("calibration", "ood_detection", "shape_bias")),
    *(f"metrics/{name}" for name in ("calibration", "debiased_calibration", "ood", "temperature", "resampled",
                                     "resampled_temperature")),
    "stats/shared_draws",
)  # fmt: skip


def update_conventions(path: Path, store: Path, jobs: int = 1) -> Iterator[tuple[str, bool]]:
    """Measure each model on the test split and write the file; yields its name, and whether anything was to do.

    Images come from the embedding store, where `clipkit pocket evaluate` has left them. A model that the file
    says was measured with these weights and by this code is passed over; one that is no longer there is dropped.
    The file is written after every model, so a run that was stopped can be taken up again.
    """
    parts, said = _read_parts(path) if path.is_file() else ({}, {})
    wanted = {card.name: made_by(card.name) for card in pocket_cards()}
    stale = [name for name, by in wanted.items() if said.get(name) != by]
    for name in DATASETS:
        load_set(name)  # here, so that the processes do not render it side by side
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        measured = pool.map(measure_one, stale, [store] * len(stale))
        for name in wanted:
            if name in stale:
                parts[name], said[name] = next(measured), wanted[name]
                done = {n: parts[n] for n in wanted if n in parts}
                made = json.dumps({n: said[n] for n in done})
                notes = {"versions": versions(), "git_commit": git_commit()}
                write_frame(pd.concat(done.values()), path, models=made, **notes)
            yield name, name in stale


def measure_one(name: str, store: Path) -> pd.DataFrame:
    """The numbers of one model: model, convention, the fields of `Measured`, draws packed (`pack`)."""
    import torch

    from clipkit.pocket.outputs import PocketOutputs

    torch.set_num_threads(1)
    found = list(convention_rows(PocketOutputs(name, store)))
    rows = [{"model": name, "convention": convention} | m._asdict() for convention, m in found]
    return pack(pd.DataFrame(rows).drop(columns="draws"), np.array([m.draws for _, m in found]))


def made_by(name: str) -> dict[str, str]:
    """What a model's numbers hang on."""
    from clipkit.pocket.zoo.model import tower_digest

    return {"weights": tower_digest(name), "code": code_digest()}


@cache
def code_digest() -> str:
    """Changes with any statement of what measures these numbers."""
    package = Path(__file__).parents[2]
    return statements_digest([package / f"{name}.py" for name in _CODE])[:16]


def _read_parts(path: Path) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, str]]]:
    table = read_other_numbers(path)
    frame = pack(table.frame, table.draws)
    return dict(list(frame.groupby("model", sort=False))), table.said
