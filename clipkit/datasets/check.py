"""Compare copies of the benchmarks with their cards before anything runs: every defect, by name."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from clipkit.datasets.benchmarks import DATASETS, find_benchmark, place_of
from clipkit.datasets.images import ImageDataset
from clipkit.datasets.misfits import misfits, some
from clipkit.errors import ClipkitError, CorruptData

AHEAD = 256


@dataclass(frozen=True)
class Checked:
    """What was found of one benchmark: its place (None: it is not there), its images, and what is wrong."""

    name: str
    path: Path | None
    n_found: int
    problems: tuple[str, ...]


def check_benchmarks(
    root: Path, names: Sequence[str] = (), n_expected: Mapping[str, int] | None = None, progress: bool = True
) -> Iterator[Checked]:
    """Check the benchmarks below `root`, all of the cards if none is named; every image is decoded.

    One that is not there has no place and no problem, unless it is named. Raises UnknownName.
    """
    for name in [DATASETS[name].name for name in names or DATASETS]:
        if not names and place_of(DATASETS[name], root) is None:
            yield Checked(name, None, 0, ())
            continue
        try:
            found = find_benchmark(name, root, (n_expected or {}).get(name))
        except ClipkitError as error:
            yield Checked(name, place_of(DATASETS[name], root), 0, (error.problem,))
            continue
        problems = misfits(found.card, found.images, found.captions)
        unreadable = _unreadable(found.images, progress)
        if unreadable:
            listed = (f"{image} {why}" for image, why in unreadable.items())
            problems.append(f"{len(unreadable):,} unreadable: {some(listed)}")
        yield Checked(name, found.path, len(found.images), tuple(problems))


def _unreadable(images: ImageDataset, progress: bool) -> dict[str, str]:
    """Id → reason, of the images that cannot be decoded."""

    def look(index: int) -> str:
        try:
            images[index]
        except CorruptData as error:
            return error.problem.removeprefix(f"{images.ids[index]}: ")
        return ""

    found: dict[str, str] = {}
    bar = tqdm(total=len(images), unit="image", desc=images.name, disable=None if progress else True)
    with bar, ThreadPoolExecutor(4) as pool:
        for start in range(0, len(images), AHEAD):  # a pool that is given all would hold all results
            rows = range(start, min(start + AHEAD, len(images)))
            reasons = zip(rows, pool.map(look, rows), strict=True)
            found |= {images.ids[row]: why for row, why in reasons if why}
            bar.update(len(rows))
    return found
