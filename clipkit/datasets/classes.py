"""The classes of each benchmark as subsets or groups of ImageNet's thousand."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from clipkit.datasets.imagenet_x import wnids
from clipkit.errors import BadInput, MissingPackage
from clipkit.registry import Registry

N_IMAGENET = 1000


@dataclass(frozen=True)
class ClassSet:
    """Classes in order: the folder that holds each, and the ImageNet indices that it is made of.

    Almost always one index is one class; ObjectNet's "chair" is three kinds of chairs.
    """

    folders: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.folders)

    def restrict(self, logits: np.ndarray) -> np.ndarray:
        """Logits (n, 1000) → (n, classes): each class the largest of its members, all others left out.

        So that a softmax over the result knows nothing of classes that the benchmark does not hold. The largest,
        as in the evaluation code of wise-ft. Raises BadInput unless there are a thousand logits.

        >>> ClassSet(("cat", "dog"), ((2,), (0, 999))).restrict(np.arange(1000.0)[None])
        array([[  2., 999.]])
        """
        if logits.shape[1] != N_IMAGENET:
            raise BadInput(
                f"{logits.shape[1]} logits, where ImageNet has {N_IMAGENET} classes",
                "use a model whose head knows the thousand classes of ImageNet-1k",
            )
        if len(self) == N_IMAGENET:
            return logits
        first = logits[:, [indices[0] for indices in self.members]]
        for i, indices in enumerate(self.members):
            for other in indices[1:]:
                first[:, i] = np.maximum(first[:, i], logits[:, other])
        return first


def class_set(name: str) -> ClassSet:
    """The classes called `name`; raises UnknownName for any other.

    "imagenet": folders are WordNet ids, in their order, which is that of the logits. "imagenet, by number": the same
    in folders "0" to "999". "imagenet-r", "imagenet-a": 200 each, from timm's index files. "objectnet": the 113 kinds
    of objects that ImageNet knows, by ObjectNet's own table objectnet_to_imagenet_1k.json. "cue-conflict": the sixteen
    categories and their 207 ImageNet classes, from human_categories.py of rgeirhos/texture-vs-shape.

    >>> [len(class_set(name)) for name in ("imagenet", "imagenet-r", "objectnet", "cue-conflict")]
    [1000, 200, 113, 16]
    """
    return _SETS[name]()


@cache
def _imagenet() -> ClassSet:
    return ClassSet(wnids(), tuple((i,) for i in range(N_IMAGENET)))


@cache
def _by_number() -> ClassSet:
    return ClassSet(tuple(map(str, range(N_IMAGENET))), _imagenet().members)


@cache
def _of_timm(name: str) -> ClassSet:
    spec = find_spec("timm")
    if spec is None:
        raise MissingPackage(f"timm holds the class indices of {name}", 'pip install "clipkit[models]"')
    path = (
        Path(spec.submodule_search_locations[0]) / "data" / "_info" / f"{name.replace('-', '_')}_indices.txt"
    )
    indices = sorted(map(int, path.read_text().split()))
    return ClassSet(tuple(wnids()[i] for i in indices), tuple((i,) for i in indices))


@cache
def _of_table(file: str) -> ClassSet:
    with open(Path(__file__).with_name(file), encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return ClassSet(
        tuple(row["folder"] for row in rows),
        tuple(tuple(map(int, row["imagenet"].split())) for row in rows),
    )


_SETS = Registry(
    "set of classes",
    {
        "imagenet": _imagenet,
        "imagenet, by number": _by_number,
        "imagenet-r": lambda: _of_timm("imagenet-r"),
        "imagenet-a": lambda: _of_timm("imagenet-a"),
        "objectnet": lambda: _of_table("objectnet_classes.csv"),
        "cue-conflict": lambda: _of_table("cue_conflict_classes.csv"),
    },
)
