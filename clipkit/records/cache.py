"""The public records on this machine: which there are, where they lie, and that their bytes are right.

The project ships the manifest (path, sha256, size, address pinned to a commit, licence) and no record. A
record enters the cache by `fetch` (from its address) or `add` (from a folder), and only if its sha256 is
right; nothing else here touches the network. The cache is `$CLIPKIT_CACHE/records`, or `records` in the
user's cache folder.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pandas as pd
import pooch
from tqdm import tqdm

from clipkit.download import ATTEMPTS, download
from clipkit.errors import BadInput, CorruptData, MissingData, UnknownName
from clipkit.registry import did_you_mean

REMEDY = "run `clipkit records fetch`, or `clipkit records add DIR` with a folder that holds them"

_hashed: set[tuple[Path, int, int]] = set()


@dataclass(frozen=True)
class FetchReport:
    """What `fetch` did: names downloaded now, and names that lay in the cache already."""

    fetched: list[str]
    already: list[str]


@dataclass(frozen=True)
class AddReport:
    """What `add` did: names copied now, names that lay in the cache already, and names still in neither."""

    added: list[str]
    already: list[str]
    missing: list[str]


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found: names with the right bytes, with other bytes, and absent from the cache."""

    right: list[str]
    wrong: list[str]
    missing: list[str]


def folder() -> Path:
    """The cache folder of the records; it need not exist."""
    return Path(os.environ.get("CLIPKIT_CACHE") or pooch.os_cache("clipkit")) / "records"


@cache
def _manifest() -> pd.DataFrame:
    table = pd.read_csv(
        Path(__file__).with_name("manifest.csv"), dtype={"bytes": "int64"}, keep_default_na=False
    )
    return table.set_index("path", drop=False)


def manifest(pattern: str = "*") -> pd.DataFrame:
    """One row per matching record: path, sha256, bytes, repository, commit, url, licence, what.

    >>> manifest("*/benchmark.csv").path.tolist()
    ['LAION-AI/CLIP_benchmark/benchmark/benchmark.csv']
    """
    return _manifest().loc[_match(pattern)].reset_index(drop=True)


def path(name: str) -> Path:
    """Where record `name` (a `path` of the manifest) lies in the cache, its bytes known to be right.

    The size is checked at every call, and the sha256 whenever size or time of change is new to this process.
    Raises UnknownName, MissingData (never downloads), or CorruptData.
    """
    row = _row(name)
    file = folder() / name
    if not file.is_file():
        raise MissingData(f"public record {name} is not on this machine", REMEDY)
    stat = file.stat()
    stamp = (file, stat.st_size, stat.st_mtime_ns)
    if stamp not in _hashed:
        found = _sha256(file) if stat.st_size == row.bytes else f"none taken, {stat.st_size} bytes"
        if found != row.sha256:
            raise CorruptData(
                f"{file} has other bytes than the manifest: sha256 expected {row.sha256}, found {found}",
                "run `clipkit records fetch` or `clipkit records add DIR`: both replace a wrong file",
            )
        _hashed.add(stamp)
    return file


def paths(pattern: str = "*") -> list[Path]:
    """`path` of every record that matches the shell `pattern` (`*` also matches "/"), in manifest order."""
    names = _match(pattern)
    absent = [name for name in names if not (folder() / name).is_file()]
    if absent:
        raise MissingData(
            f"{len(absent)} of {len(names)} records {pattern!r} are not on this machine, {absent[0]} among them",
            REMEDY,
        )
    return [path(name) for name in names]


def missing(pattern: str = "*") -> list[str]:
    """Names of the matching records that the cache lacks or holds with a wrong size."""
    return [name for name in _match(pattern) if not _present(name)]


def available(pattern: str = "*") -> bool:
    """Whether every matching record lies in the cache with its right size; no bytes are read."""
    return not missing(pattern)


def fetch(pattern: str = "*", progress: bool = True) -> FetchReport:
    """Download the matching records that the cache lacks or holds wrongly, and no others.

    A file takes its final name only after its sha256 was found right, so an interrupted run is taken up by
    the next. Each file gets `ATTEMPTS` tries, but if the very first connection fails, the machine is taken to
    be offline. Raises MissingData (host not reached, or file not there) or CorruptData (other bytes served).
    """
    names = _match(pattern)
    right = {name: _right(name) for name in names}
    already, todo = ([name for name in names if right[name] is wanted] for wanted in (True, False))
    fetched: list[str] = []
    sizes = _manifest().bytes
    with tqdm(
        total=int(sizes[todo].sum()), unit="B", unit_scale=True, disable=not progress or not todo
    ) as bar:
        for name in todo:
            _download(name, attempts=ATTEMPTS if fetched else 1)
            fetched.append(name)
            bar.update(int(sizes[name]))
    return FetchReport(fetched, already)


def add(source: str | Path) -> AddReport:
    """Copy into the cache every right file under `source` whose path ends in the name of a record.

    Adding a part is fine: the report names what is still missing. Files with other bytes are refused by a
    CorruptData that names each with both hashes, raised after the right ones have been added.
    """
    source = Path(source)
    if not source.is_dir():
        raise BadInput(f"{source} is not a folder", "name the folder that holds the records")
    added, already, refused = [], [], []
    for name, file in _candidates(source):
        if _right(name):
            already.append(name)
        elif (found := _install(file, name)) == _row(name).sha256:
            added.append(name)
        else:
            refused.append(f"{file}: expected {_row(name).sha256}, found {found}")
    if refused:
        heading = f"{len(refused)} files refused ({len(added)} others added), sha256 differs:"
        raise CorruptData(
            "\n".join([heading, *refused]),
            "take them from the address and commit that `clipkit records list --json` gives",
        )
    return AddReport(added, already, missing())


def verify(pattern: str = "*") -> VerifyReport:
    """Hash every matching record anew, whatever this process has hashed before."""
    _hashed.clear()
    names = _match(pattern)
    there = [name for name in names if (folder() / name).is_file()]
    right = [name for name in there if _right(name)]
    return VerifyReport(
        right, sorted(set(there) - set(right)), [name for name in names if name not in set(there)]
    )


def _match(pattern: str) -> list[str]:
    names = [name for name in _manifest().index if fnmatchcase(name, pattern)]
    if not names:
        raise UnknownName(f"no public record matches {pattern!r}", did_you_mean(pattern, _manifest().index))
    return names


def _row(name: str) -> pd.Series:
    try:
        return _manifest().loc[name]
    except KeyError:
        raise UnknownName(f"unknown public record {name!r}", did_you_mean(name, _manifest().index)) from None


def _present(name: str) -> bool:
    file = folder() / name
    return file.is_file() and file.stat().st_size == _row(name).bytes


def _right(name: str) -> bool:
    try:
        path(name)
    except (MissingData, CorruptData):
        return False
    return True


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _candidates(source: Path) -> Iterator[tuple[str, Path]]:
    # The record may lie at any depth, so the folder of records or one above it will do.
    by_file = {name.rsplit("/", 1)[1]: [] for name in _manifest().index}
    for name in _manifest().index:
        by_file[name.rsplit("/", 1)[1]].append(name)
    seen = set()
    for parent, folders, files in os.walk(source):
        folders.sort()
        for base in files:
            file = Path(parent, base).absolute()
            for name in by_file.get(base, ()):
                if name not in seen and file.as_posix().endswith("/" + name):
                    seen.add(name)
                    yield name, file


def _install(file: Path, name: str) -> str:
    """Copy `file` to its place under a temporary name, hash the copy, and rename it only if it is right."""
    target = folder() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as copy, file.open("rb") as original:
            while block := original.read(1 << 20):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() == _row(name).sha256:
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        return digest.hexdigest()
    finally:
        Path(temporary).unlink(missing_ok=True)


def _download(name: str, attempts: int) -> None:
    row = _row(name)
    download(row.url, folder() / name, row.sha256, remedy=REMEDY, attempts=attempts)
