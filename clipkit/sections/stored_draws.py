"""Tables of numbers in Parquet files, with their bootstrap draws in one byte each."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_STEPS = 254
_MISSING = 255


def pack(frame: pd.DataFrame, draws: np.ndarray) -> pd.DataFrame:
    """`frame` with its draws (rows, n) in three columns more: a row's least and greatest draw, and steps between them.

    A row has 255 values, its least and its greatest draw among them, so that what comes back never leaves their range.
    Of five hundred normal draws each is off by 0.015 of their standard deviation at most. NaN stays NaN.
    """
    finite = np.isfinite(draws)
    least, most = (pick(draws, axis=1, where=finite, initial=start) for pick, start in ((np.min, np.inf),
                                                                                       (np.max, -np.inf)))  # fmt: skip
    least, most = (np.where(finite.any(axis=1), end, np.nan) for end in (least, most))
    width = np.where(most > least, most - least, 1.0)
    steps = np.where(finite, (draws - least[:, None]) / width[:, None] * _STEPS, 0).round()
    steps = np.where(finite, steps, _MISSING).astype(np.uint8)
    return frame.assign(least=least, most=most, draws=[row.tobytes() for row in steps])


def unpack(frame: pd.DataFrame, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """What `pack` was given, draws as (rows, n); raises KeyError or ValueError if it is not that."""
    steps = np.frombuffer(b"".join(frame["draws"]), np.uint8).reshape(len(frame), n)
    least, most = (frame[end].to_numpy(float)[:, None] for end in ("least", "most"))
    draws = np.minimum(least + (most - least) * (steps / _STEPS), most)
    return frame.drop(columns=["least", "most", "draws"]), np.where(steps == _MISSING, np.nan, draws)


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
