"""Slow results are kept on disk, for as long as neither the code nor the data behind them change."""

import hashlib
import os
import shutil
from collections.abc import Callable
from functools import cache, wraps
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from joblib import Memory

from clipkit.records import folder as records_folder
from clipkit.results import versions

CODE = ("datasets", "metrics", "pocket", "records", "sections", "stats", "zoo")
F = TypeVar("F", bound=Callable)


@cache
def fingerprint() -> str:
    """Hash of all code, tables and results that evidence rests on, and of the numerical packages' versions."""
    digest = hashlib.sha256(versions().encode())
    package = Path(str(files("clipkit")))
    folders = [package / name for name in CODE]
    if "CLIPKIT_RESULTS" in os.environ:
        folders.append(Path(os.environ["CLIPKIT_RESULTS"]))
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".csv", ".txt", ".toml", ".parquet"):
                digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def remember(function: F) -> F:
    """Keep what `function` returns, by its arguments, in the cache folder.

    What lies there is tied to `fingerprint`, so that a change anywhere in the code or the tables behind a
    number makes it new; a call that raises is not kept. The folder `memo` may be deleted at any time.
    """

    @wraps(function)
    def remembered(*arguments, **options):
        return _memory(records_folder().parent / "memo" / fingerprint()).cache(function)(
            *arguments, **options
        )

    return remembered


def forget() -> None:
    """Delete all that `remember` kept, so that everything is computed again."""
    shutil.rmtree(records_folder().parent / "memo", ignore_errors=True)


@cache
def _memory(location: Path) -> Memory:
    return Memory(location, verbose=0)
