"""Tables of numbers in Parquet files, with their bootstrap draws in one byte each."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_STEPS, _MISSING = 127, -128


def pack(frame: pd.DataFrame, draws: np.ndarray) -> pd.DataFrame:
    """`frame`, which has a column `value`, with its draws (rows, n) in two columns more.

    Draws are kept as differences from the value, in whole steps of 1/127 of the largest. Of five hundred normal
    draws each is then off by 0.013 of their standard deviation at most. A draw that is NaN stays one.
    """
    noise = draws - frame["value"].to_numpy(float)[:, None]
    finite = np.isfinite(noise)
    step = np.abs(np.where(finite, noise, 0)).max(axis=1).astype(np.float32) / _STEPS
    steps = np.where(finite, noise, 0) / np.where(step > 0, step, 1)[:, None]
    steps = np.where(finite, steps.round(), _MISSING).astype(np.int8)
    return frame.assign(step=step, draws=[row.tobytes() for row in steps])


def unpack(frame: pd.DataFrame, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """What `pack` was given, draws of (rows, n); raises KeyError or ValueError if it is not that."""
    steps = np.frombuffer(b"".join(frame["draws"]), np.int8).reshape(len(frame), n)
    noise = np.where(steps == _MISSING, np.nan, steps * frame["step"].to_numpy(float)[:, None])
    return frame.drop(columns=["step", "draws"]), frame["value"].to_numpy(float)[:, None] + noise


def write_frame(frame: pd.DataFrame, path: Path, **said: str) -> None:
    """A frame as Parquet with `said` as its metadata, written whole or not at all."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({name: str(value) for name, value in said.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Statistics would hold whole rows of draws once more.
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            compression_level=19,
            write_page_checksum=True,
            write_statistics=False,
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
