"""Measure the zoo: every section on every model, each model's numbers in a file of its own."""

import json
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.sets import load_set
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.registry import Registry
from clipkit.results import git_commit, versions
from clipkit.sections.measure import MEASURES
from clipkit.sections.measured import write_measured

RESULTS = Path(__file__).parent / "results"
"""The shipped results: RESULTS/SPLIT/MODEL.parquet.

:meta hide-value:
"""


def evaluate(
    names: Sequence[str], store: Path, out: Path, split: str = "test", jobs: int = 1
) -> Iterator[tuple[str, bool]]:
    """Measure the models called `names` (all if empty); yields each name and whether anything was to do.

    A model whose file says that it was made by these weights and by this code is passed over. Raises
    UnknownName for a model that is not there.
    """
    known = Registry("pocket model", {card.name: card for card in pocket_cards()})
    wanted = [known[name].name for name in names] or list(known)
    # Rendered here, so that the processes do not do it side by side.
    for name in datasets():
        load_set(name, split)
    # A forked process must not inherit torch's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(evaluate_one, name, store, out / split, split): name for name in wanted}
        for done in as_completed(running):
            yield running[done], done.result()


def evaluate_one(name: str, store: Path, folder: Path, split: str) -> bool:
    """Measure one model, unless its file is up to date; whether anything was to do."""
    import torch

    from clipkit.pocket.outputs import PocketOutputs
    from clipkit.pocket.zoo.model import tower_digest

    torch.set_num_threads(1)
    path = folder / f"{name}.parquet"
    made_by = {"weights": tower_digest(name), "code": code_digest()}
    if path.is_file() and made_by.items() <= _said(path).items():
        return False
    outputs = PocketOutputs(name, store, split)
    with warnings.catch_warnings(record=True) as told:
        measured = [number for measure in MEASURES.values() for number in measure.measure(outputs)]
    for message in dict.fromkeys(str(warning.message) for warning in told):
        warnings.warn(f"{name}: {message}", stacklevel=2)
    noted = [measure.notes(outputs) for measure in MEASURES.values() if hasattr(measure, "notes")]
    data = {dataset: outputs.data(dataset).fingerprint for dataset in datasets()}
    write_measured(
        measured,
        path,
        **made_by,
        model=name,
        split=split,
        data=json.dumps(data),
        versions=versions(),
        git_commit=git_commit(),
        **{name: text for notes in noted for name, text in notes.items()},
    )
    return True


def datasets() -> list[str]:
    """The sets that the sections read."""
    return sorted({dataset for measure in MEASURES.values() for dataset in measure.DATASETS})


@cache
def code_digest() -> str:
    """Changes with any statement of the measures, the metrics and the draws."""
    package = Path(__file__).parents[2]
    folders = (package / "sections" / "measure", package / "metrics")
    paths = [path for folder in folders for path in folder.glob("*.py")]
    return statements_digest([*paths, package / "stats" / "shared_draws.py"])[:16]


def _said(path: Path) -> dict[str, str]:
    import pyarrow.parquet as pq

    return {k.decode(): v.decode() for k, v in (pq.read_schema(path).metadata or {}).items()}
