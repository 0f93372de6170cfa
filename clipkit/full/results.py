"""Numbers of the full track that were measured on this machine, and the gate that keeps trials out of evidence."""

import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pooch

from clipkit.errors import BadInput, MissingData
from clipkit.sections.measured import MeasuredTable, read_measured

RUN_IT = "run clipkit evaluate all --profile full --models … --data DIR"
MEASURED = "measured"


def results_folder() -> Path:
    """Where the numbers lie unless told otherwise: $CLIPKIT_FULL_RESULTS, else full/ in the cache folder."""
    return Path(os.environ.get("CLIPKIT_FULL_RESULTS") or Path(pooch.os_cache("clipkit")) / "full")


def full_results(folder: str | Path | None = None) -> MeasuredTable:
    """All numbers of the full track below `folder`, of all sections and models, as evidence.

    `said` of a model has what its files say; "data" is one JSON object, benchmark → fingerprint. Raises MissingData
    where nothing was measured, CorruptData naming a damaged file, and BadInput naming the models whose weights
    are random: those are trials of a set-up and no evidence.
    """
    return _read(Path(folder) if folder is not None else results_folder())


@cache
def _read(folder: Path) -> MeasuredTable:
    table = read_all(folder)
    random = sorted(model for model, said in table.said.items() if said["kind"] == "random")
    if random:
        raise BadInput(
            f"{folder} holds results of random weights ({', '.join(random)}), which are no evidence",
            "move their files away; clipkit evaluate --out keeps trials apart",
        )
    return table


def read_all(folder: Path, sections: Sequence[str] = ()) -> MeasuredTable:
    """What lies below `folder`, trials included; only some sections (as in paths) if named."""
    places = sorted(path for path in (folder / MEASURED).glob("*") if any(path.glob("*.parquet")))
    tables = [read_measured(path) for path in places if not sections or path.name in sections]
    if not tables:
        raise MissingData(f"no results of the full track in {folder}", RUN_IT)
    said: dict[str, dict[str, str]] = {}
    frames = []
    for table in tables:
        names = {stem: found["model"] for stem, found in table.said.items()}
        frames.append(table.frame.assign(model=table.frame.model.map(names)))
        for found in table.said.values():
            before = said.get(found["model"], {})
            data = json.loads(before.get("data", "{}")) | json.loads(found["data"])
            said[found["model"]] = before | found | {"data": json.dumps(data)}
    return MeasuredTable(
        pd.concat(frames, ignore_index=True), np.concatenate([t.draws for t in tables]), said
    )
