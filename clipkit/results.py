"""Result rows: the one table that every section writes and every claim, figure and card reads."""

import json
import math
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.errors import BadInput, CorruptData

TRACKS = ("record", "pocket", "full")
SIX_FACTORS = (
    "architecture",
    "training distribution",
    "training-set size",
    "fine-tuning",
    "contrastive loss",
    "test-time prompts",
)
"""What the paper crosses with every section."""
KEY = [
    "section",
    "track",
    "model",
    "dataset",
    "subset",
    "metric",
    "templates_hash",
    "classnames_hash",
    "logit_scale",
    "precision",
    "seed",
]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One number with its interval, its n and its recipe.

    value, low, high share `unit` ("fraction" unless said: "pp", "count", "logit" …); low and high are NaN
    where no interval can be had, and `interval_method` then says why. `n` is the number of independent
    samples behind the value (images, captions, trials). Fields from `templates_hash` on are the recipe:
    everything that must be equal for two numbers to be comparable; an empty text means "does not apply". Of them,
    n_expected and n_seen are the images that should and did count; -1 where they were not counted apart, as for
    rendered sets, which are read whole or refused.
    """

    section: str
    track: str
    model: str
    dataset: str
    subset: str
    metric: str
    value: float
    low: float
    high: float
    interval_method: str
    n: int
    unit: str = "fraction"
    higher_is_better: bool | None = None
    templates_hash: str = ""
    classnames_hash: str = ""
    logit_scale: float = float("nan")
    precision: str = ""
    versions: str = ""
    seed: int = 0
    n_expected: int = -1
    n_seen: int = -1
    git_commit: str = ""
    seconds: float = float("nan")

    def __post_init__(self):
        if self.track not in TRACKS:
            raise BadInput(
                f"track {self.track!r} of a result row is unknown", f"use one of {', '.join(TRACKS)}"
            )
        if self.low > self.high:
            raise BadInput(
                f"{self.section}/{self.model}/{self.metric}: low {self.low} exceeds high {self.high}"
            )


_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool | None: pa.bool_()}
SCHEMA = pa.schema([(f.name, _ARROW[f.type]) for f in fields(Result)])


def to_frame(rows: Iterable[Result]) -> pd.DataFrame:
    """Rows as a tidy frame with the schema's columns and types, in the order given."""
    return pa.Table.from_pylist([asdict(r) for r in rows], schema=SCHEMA).to_pandas()


def row_maker(**common) -> Callable[..., Result]:
    """A function that makes Result rows sharing `common`; versions and commit are filled in.

    The interval is given as `interval=(low, high)`; without one, low and high are NaN.
    """
    common = {"versions": versions(), "git_commit": git_commit(), **common}

    def make(*, interval: tuple[float, float] = (math.nan, math.nan), **fields) -> Result:
        low, high = map(float, interval)
        return Result(**{**common, "low": low, "high": high, **fields})

    return make


class ResultStore:
    """A folder of Parquet files; each `append` adds one whole file or nothing.

    Concurrent writers are safe, because nobody rewrites anybody's file. Reading keeps, for each key
    (`KEY`), the row appended last.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def append(self, rows: Iterable[Result]) -> Path | None:
        """Write `rows` as one new file, renamed into place when complete; returns its path (None if empty)."""
        table = pa.Table.from_pylist([asdict(r) for r in rows], schema=SCHEMA)
        if not table.num_rows:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".tmp")
        os.close(handle)
        try:
            pq.write_table(table, temporary, compression="zstd")
            target = self._next_name()
            # link() fails on an existing name, so two writers can never claim the same one.
            while True:
                try:
                    os.link(temporary, target)
                    return target
                except FileExistsError:
                    target = self._next_name()
        finally:
            os.unlink(temporary)

    def load(self) -> pd.DataFrame:
        """All rows, the last appended of each key; an empty frame with all columns if there are none."""
        frames = []
        for path in sorted(self.folder.glob("*.parquet")):
            try:
                frames.append(pq.read_table(path, schema=SCHEMA).to_pandas())
            except (pa.ArrowInvalid, OSError) as error:
                raise CorruptData(
                    f"result file {path} cannot be read: {error}", "delete it and recompute"
                ) from None
        if not frames:
            return SCHEMA.empty_table().to_pandas()
        return pd.concat(frames, ignore_index=True).drop_duplicates(KEY, keep="last", ignore_index=True)

    def _next_name(self) -> Path:
        last = max((int(p.stem) for p in self.folder.glob("*.parquet") if p.stem.isdigit()), default=0)
        return self.folder / f"{last + 1:06d}.parquet"


@cache
def versions() -> str:
    """JSON of the versions that can move a number: Python and the numerical packages installed."""
    found = {"python": platform.python_version()}
    for package in (
        "clipkit",
        "numpy",
        "scipy",
        "scikit-learn",
        "statsmodels",
        "pandas",
        "torch",
        "open_clip_torch",
        "timm",
    ):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return json.dumps(found, sort_keys=True)


@cache
def git_commit() -> str:
    """The commit of this checkout, with "+" if files differ from it; "" outside a checkout."""
    here = Path(__file__).parent

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (
            "+" if git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
