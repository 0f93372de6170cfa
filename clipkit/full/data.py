"""What the sections ask for on the full track, in terms of the benchmarks below one folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.datasets import cue_conflict, imagenet_x
from clipkit.datasets.benchmarks import DATASETS, Benchmark, open_benchmark, place_of
from clipkit.datasets.classes import ClassSet, class_set
from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.registry import did_you_mean

VAL = "imagenet-val"
MATCHED, THRESHOLD, TOP = (
    f"imagenet-v2-{kind}" for kind in ("matched-frequency", "threshold-0.7", "top-images")
)
STANDS_FOR = {
    "wild": VAL, "studio": TOP, "redrawn": MATCHED, "sketch": "imagenet-sketch", "renditions": "imagenet-r",
    "unusual": "objectnet", "hard-images": "imagenet-a",
}  # fmt: skip
"""Set of the pocket track → the benchmark it was made after; the tidy pictures are V2's most typical ones."""
CORRUPTED = {f"wild+{c}": f"{card.name}/{c}" for card in DATASETS.values() for c in card.corruptions}
"""Corrupted set of the pocket track → benchmark and corruption, all severities."""
DENSE_SIZES = {"navi": (512, 512), "scannet-pairs": (480, 640), "spair-71k": (800, 800)}
"""Benchmark → (height, width) in pixels of the images that dense maps are made from: those of probe3d."""
SUBSETS = ("imagenet-r", "imagenet-a", "objectnet")
TWINS = {f"{VAL}/{name}": name for name in SUBSETS}
"""ImageNet's validation images of the classes of a benchmark that has not all thousand → the benchmark."""
ANNOTATED = {f"imagenet-x/{which}": which for which in imagenet_x.ANNOTATIONS}
"""The annotated validation images but for the prototypes → which annotations."""
CUES, CUE_NAMES = "cue-conflict", "cue-conflict/names"
"""Decided among a thousand classes, or among prompts of the sixteen names."""


@dataclass(frozen=True)
class Asked:
    """One set as a section sees it: images of a benchmark, and what is asked of them.

    rows: which of the benchmark's images, in its order. labels: int64 (n,). table: n rows. classes: what a thousand
    logits are restricted to; None where there are not a thousand. classnames: the set of names that prompts are
    made of.
    """

    benchmark: Benchmark
    rows: np.ndarray | slice
    labels: np.ndarray
    table: pd.DataFrame
    classes: ClassSet | None
    classnames: str = "imagenet"


class FullData:
    """The sets of the full track; each benchmark is opened once, for all models and sections.

    Names: those of `clipkit.datasets.benchmarks.DATASETS`; "imagenet-x/top" and "imagenet-x/multi"; the same-class
    twins "imagenet-val/imagenet-r", "…/imagenet-a" and "…/objectnet"; "cue-conflict/names"; one corruption, such as
    "imagenet-3dcc/fog_3d"; and those of the pocket track in `STANDS_FOR` and `CORRUPTED`, for a measure that takes no
    names. `n_expected` replaces counts of cards, for a part on purpose.
    """

    def __init__(self, root: str | Path, n_expected: Mapping[str, int] | None = None):
        self.root = Path(root)
        self.n_expected = dict(n_expected or {})
        for name in self.n_expected.keys() - DATASETS.keys():
            raise UnknownName(f"unknown data set {name!r}", did_you_mean(name, DATASETS))
        self._benchmarks: dict[str, Benchmark] = {}
        self._asked: dict[str, Asked] = {}

    def open(self, names: Iterable[str]) -> None:
        """Open and check what `names` need, before any model runs; raises MissingData that lists all not there.

        Raises BadInput where corrupted images are none of the validation set, or not the same under all corruptions.
        """
        names = list(names)
        needed = dict.fromkeys(benchmark_of(name) for name in names)
        absent = [name for name in needed if place_of(DATASETS[name], self.root) is None]
        if absent:
            listed = "".join(f"\n  {name}: {DATASETS[name].get}" for name in absent)
            raise MissingData(
                f"{len(absent)} of {len(needed)} benchmarks are not in {self.root}:{listed}",
                "get them, or name a section that does not read them; clipkit datasets show NAME tells their layout",
            )
        for name in needed:
            self.benchmark(name)
        shown = {name: set(self[name].table.source) for name in names if name in CORRUPTED.values()}
        for name, pictures in shown.items():
            first = next(iter(shown))
            if pictures != shown[first]:
                raise BadInput(
                    f"{first} and {name} show {len(pictures ^ shown[first]):,} different validation images",
                    "take the same part of both",
                )

    def benchmark(self, name: str) -> Benchmark:
        """A benchmark, opened and checked; raises what `open_benchmark` does."""
        if name not in self._benchmarks:
            self._benchmarks[name] = open_benchmark(name, self.root, self.n_expected.get(name))
        return self._benchmarks[name]

    def fingerprints(self, names: Iterable[str]) -> dict[str, str]:
        """Benchmark → fingerprint of its content, of all that `names` need."""
        return {
            name: self.benchmark(name).images.fingerprint for name in sorted(set(map(benchmark_of, names)))
        }

    def __getitem__(self, name: str) -> Asked:
        if name not in self._asked:
            self._asked[name] = self._ask(name)
        return self._asked[name]

    def _ask(self, name: str) -> Asked:
        name = (STANDS_FOR | CORRUPTED).get(name, name)
        found = self.benchmark(benchmark_of(name))
        classes = class_set(name if name in SUBSETS else "imagenet")
        whole = Asked(found, slice(None), found.labels, found.table, classes)
        if name in ANNOTATED:
            return _annotated(whole, ANNOTATED[name])
        if name in TWINS:
            return _twin(whole, class_set(DATASETS[TWINS[name]].classes))
        if found.card.corruptions:
            return _corrupted(whole, name.partition("/")[2], self.benchmark(VAL))
        if found.card.name == CUES:
            names = [cue_conflict.parse(file) for file in found.table.file_name]
            table = found.table.assign(
                **dict(zip(("shape", "texture"), zip(*names, strict=True), strict=True))
            )
            whole = replace(whole, table=table)
        return replace(whole, classes=None, classnames=CUES) if name == CUE_NAMES else whole


def benchmark_of(name: str) -> str:
    """The benchmark whose images a set consists of; raises UnknownName.

    >>> benchmark_of("imagenet-x/top"), benchmark_of("imagenet-val/objectnet"), benchmark_of("sun")
    ('imagenet-val', 'imagenet-val', 'sun')
    """
    name = CORRUPTED.get(name, name)
    if name in ANNOTATED or name in TWINS:
        return VAL
    if name in CORRUPTED.values():
        return name.partition("/")[0]
    return DATASETS[CUES if name == CUE_NAMES else STANDS_FOR.get(name, name)].name


def _annotated(whole: Asked, which: str) -> Asked:
    truth = imagenet_x.annotations(which).set_index("file_name")
    rows = np.flatnonzero(whole.table.file_name.isin(truth.index))
    if not len(rows):
        raise BadInput(
            f"no image of {whole.benchmark.path} has a name that ImageNet-X annotates",
            "use a copy that keeps the names ILSVRC2012_val_XXXXXXXX.JPEG",
        )
    table = truth.loc[whole.table.file_name.iloc[rows]].reset_index()
    return replace(whole, rows=rows, labels=table["class"].to_numpy(), table=table)


def _twin(whole: Asked, classes: ClassSet) -> Asked:
    position = {member: i for i, members in enumerate(classes.members) for member in members}
    labels = np.array([position.get(label, -1) for label in whole.labels.tolist()])
    rows = np.flatnonzero(labels >= 0)
    table = whole.table.iloc[rows].reset_index(drop=True)
    return replace(whole, rows=rows, labels=labels[rows], table=table, classes=classes)


def _corrupted(whole: Asked, corruption: str, clean: Benchmark) -> Asked:
    """The images of one corruption; table: severity, and source, the position of the clean image."""
    place = {name: i for i, name in enumerate(clean.table.file_name)}
    rows = [i for i, name in enumerate(whole.benchmark.images.ids) if name.startswith(f"{corruption}/")]
    table = whole.table.iloc[rows].reset_index(drop=True)
    unknown = sorted(set(table.file_name) - place.keys())
    if unknown:
        raise BadInput(
            f"{len(unknown):,} images of {whole.benchmark.card.name} are not in {VAL}, such as {unknown[0]}",
            "complete the copy of the validation images",
        )
    severity = [int(whole.benchmark.images.ids[i].split("/")[1]) for i in rows]
    table = table.assign(severity=severity, source=[place[name] for name in table.file_name])
    # Ids are sorted, so that a corruption is one block.
    return replace(
        whole, rows=slice(rows[0], rows[-1] + 1), labels=whole.labels[rows[0] : rows[-1] + 1], table=table
    )
