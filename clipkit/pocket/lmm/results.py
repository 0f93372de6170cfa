"""The answers of the pocket LMMs on disk. Imports without torch."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.errors import CorruptData, MissingData

RESULTS = Path(__file__).parent / "results"
"""The shipped answers: RESULTS/SPLIT/LMM.parquet, and beside it questions/LMM.parquet and cue-conflict/LMM.parquet.

:meta hide-value:
"""
LMM, BLIND, COIN = ANSWERERS = ("LMM", "LMM without image", "coin")


def results_folder() -> Path:
    """Where the answers lie: $CLIPKIT_RESULTS/lmm if that is set, else those shipped."""
    measured = os.environ.get("CLIPKIT_RESULTS")
    return Path(measured) / "lmm" if measured else RESULTS


def read_decisions(split: str = "test", folder: Path | None = None) -> pd.DataFrame:
    """All LMMs' decisions, with columns `lmm` and `tower`; raises MissingData if there are none."""
    return _read((folder or results_folder()) / split)


def read_held_out(split: str = "test", folder: Path | None = None) -> pd.DataFrame:
    """All LMMs' answers to held-out questions, with columns `lmm` and `tower`; raises MissingData."""
    return _read((folder or results_folder()) / split / "questions")


def read_cue_conflict(split: str = "test", folder: Path | None = None) -> pd.DataFrame:
    """What LMMs and their towers take cue-conflict images for, with columns `lmm` and `tower`; raises MissingData."""
    return _read((folder or results_folder()) / split / "cue-conflict")


def _read(folder: Path) -> pd.DataFrame:
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise MissingData(f"no answers of pocket LMMs in {folder}", "run clipkit pocket lmm")
    found = []
    for path in paths:
        try:
            frame, said = pq.read_table(path, page_checksum_verification=True).to_pandas(), said_of(path)
            found.append(frame.assign(lmm=said["lmm"], tower=said["tower"]))
        except (OSError, pa.ArrowException, KeyError) as error:
            raise CorruptData(f"{path} cannot be read: {error}", "ask that LMM again") from None
    return pd.concat(found, ignore_index=True)


def said_of(path: Path) -> dict[str, str]:
    """The metadata of a file of answers: LMM, tower, digests of weights and code, data, versions."""
    return {k.decode(): v.decode() for k, v in (pq.read_schema(path).metadata or {}).items()}
