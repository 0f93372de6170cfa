"""Get a benchmark: download what its authors leave open, unpack it where its card expects it; else say how it is had.

Where nobody publishes the sum of a file, the sha256 of what came first is trusted. It is written beside the file, told,
and asked of every later download (trust on first use): that finds a file that changed, not one that was wrong at first.
"""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pooch
from filelock import FileLock

from clipkit.datasets.benchmarks import DATASETS, place_of
from clipkit.datasets.unpack import unpack
from clipkit.download import download
from clipkit.errors import BadInput, CorruptData, MissingData

ARCHIVES = "archives"


@dataclass(frozen=True)
class File:
    """A file to download. `sum` is "md5:…" or "sha256:…" as `stated_by` gives it, "" where nobody publishes one."""

    url: str
    sum: str = ""
    stated_by: str = ""

    @property
    def name(self) -> str:
        """Its name on disk: the last part of the address."""
        return PurePosixPath(self.url).name


@dataclass(frozen=True)
class Source:
    """How a benchmark is had: from `files`, or (`closed` says why) only by hand from `page`."""

    page: str
    files: tuple[File, ...] = ()
    closed: str = ""
    into: str = ""
    take: str = ""


@dataclass(frozen=True)
class Got:
    """What `get_benchmark` did: archives it kept (none: the benchmark was there), and those taken on trust → sha256."""

    archives: tuple[Path, ...] = ()
    trusted: tuple[tuple[Path, str], ...] = ()


def _read_sources() -> dict[str, Source]:
    text = Path(__file__).with_name("downloads.toml").read_text(encoding="utf-8")
    return {
        name: Source(**facts | {"files": tuple(File(**file) for file in facts.get("files", ()))})
        for name, facts in tomllib.loads(text).items()
    }


SOURCES = _read_sources()


def get_benchmark(name: str, root: Path, progress: bool = True) -> Got:
    """Download, verify and unpack a benchmark below `root`, unless it is there.

    Files come to ROOT/archives/NAME and stay there, so that a run that was stopped goes on, and a benchmark can be
    unpacked again without a network; they may be deleted. What is unpacked appears under its final name whole. While
    another process gets the same benchmark, this one waits, and then finds it there.

    Raises UnknownName; MissingData where it may not be downloaded (saying how it is had) or its host is not reached;
    CorruptData for other bytes than stated, or an archive that would write elsewhere; BadInput for what is in the way.
    """
    card = DATASETS[name]
    source = SOURCES[card.name]
    if place_of(card, root):
        return Got()
    if source.closed:
        raise MissingData(
            f"{card.name} is not downloaded for you: {source.closed}",
            f"get it at {source.page} (licence: {card.licence})\n"
            f"     lay it out below {root} as {card.layout}\n"
            f"     then run: clipkit datasets check {root} {card.name}",
        )
    folder = root / ARCHIVES / card.name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{card.name}.lock")):
        return Got() if place_of(card, root) else _get(card.name, source, folder, root, progress)


def _get(name: str, source: Source, folder: Path, root: Path, progress: bool) -> Got:
    targets = [folder / file.name for file in source.files]
    unknown = [
        t for t, f in zip(targets, source.files, strict=True) if not _bring(f, t, source.page, progress)
    ]
    staged = root / f".{name}.unpacking"
    shutil.rmtree(staged, ignore_errors=True)
    try:
        for target in targets:
            unpack(target, staged / source.into, progress)
        trusted = tuple(
            (target, _pin(target)) for target in unknown
        )  # now known to be more than an error page
        _publish(staged, source.take, root)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Got(tuple(targets), trusted)


def _bring(file: File, target: Path, page: str, progress: bool) -> str | None:
    """Have the file at `target`; its sum, which was found right, or None if nobody knows it yet."""
    pin = _pin_of(target)
    known = file.sum or (f"sha256:{pin.read_text().strip()}" if pin.is_file() else None)
    if not target.is_file():
        by_hand = f"see {page}, and lay {target.name} into {target.parent} yourself"
        download(file.url, target, known, remedy=by_hand, progress=progress)
    elif known and (found := pooch.file_hash(target, known.partition(":")[0])) != known.partition(":")[2]:
        stated = f"as {file.stated_by} states" if file.sum else f"as it was at first, see {pin}"
        raise CorruptData(
            f"{target} has other bytes than expected: {known} {stated}, found {found}",
            "delete it, and get it again",
        )
    return known


def _pin(target: Path) -> str:
    digest = pooch.file_hash(target)
    _pin_of(target).write_text(f"{digest}\n")
    return digest


def _pin_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")


def _publish(staged: Path, take: str, root: Path) -> None:
    """Move what was unpacked below `root`, all or, if something is in the way, nothing."""
    found = [staged / take] if take else sorted(staged.iterdir())
    for path in found:
        if (root / path.name).exists():
            raise BadInput(f"{root / path.name} is in the way", "move it, and run the command again")
    for path in found:
        path.rename(root / path.name)
