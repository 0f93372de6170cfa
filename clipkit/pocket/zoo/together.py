"""Measure the zoo into one file: what each model adds to it, anew only if its weights or the code have changed."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from clipkit.pocket.sets import load_set
from clipkit.results import git_commit, versions
from clipkit.sections.stored_draws import write_frame


def update(
    path: Path,
    names: Iterable[str],
    code: str,
    measure: Callable[[str, Path], pd.DataFrame],
    datasets: Iterable[str],
    store: Path,
    jobs: int = 1,
) -> Iterator[tuple[str, bool]]:
    """`measure(name, store)` for each model that is not up to date; yields its name, and whether anything was to do.

    Images of `datasets`, test split, come from the embedding store, where `clipkit pocket evaluate` has left them.
    `code` is the digest of what measures: a model that the file says was measured by it, with the weights that there
    are now, is passed over; one that is not in `names` is dropped. The file is written after every model, so that a
    run that was stopped can be taken up again. Its metadata `models` says what made each.
    """
    parts, said = _read(path) if path.is_file() else ({}, {})
    wanted = {name: made_by(name, code) for name in names}
    stale = [name for name, by in wanted.items() if said.get(name) != by]
    for name in datasets if stale else ():
        load_set(name)  # here, so that the processes do not render it side by side
    # A forked process must not inherit torch's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        measured = pool.map(measure, stale, [store] * len(stale))
        for name in wanted:
            if name in stale:
                parts[name], said[name] = next(measured), wanted[name]
                _write(path, parts, {n: said[n] for n in wanted if said.get(n, {}).get("code") == code})
            yield name, name in stale
    if not stale and said.keys() != wanted.keys():
        _write(path, parts, wanted)


def made_by(name: str, code: str) -> dict[str, str]:
    """What a model's part of the file hangs on."""
    from clipkit.pocket.zoo.model import tower_digest

    return {"weights": tower_digest(name), "code": code}


def _read(path: Path) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, str]]]:
    table = pq.read_table(path, page_checksum_verification=True)
    parts = dict(list(table.to_pandas().groupby("model", sort=False)))
    return parts, json.loads(table.schema.metadata[b"models"])


def _write(path: Path, parts: dict[str, pd.DataFrame], said: dict[str, dict[str, str]]) -> None:
    frame = pd.concat([parts[name] for name in said], ignore_index=True)
    write_frame(frame, path, models=json.dumps(said), versions=versions(), git_commit=git_commit())
