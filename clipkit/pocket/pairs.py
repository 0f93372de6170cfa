"""The pairs of views that correspondence is scored on in the pocket world, with their exact truth."""

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np

from clipkit.datasets.images import Scan
from clipkit.datasets.pairs import DepthView, Pair
from clipkit.pocket.correspondence import geometric_matches, semantic_matches
from clipkit.pocket.dataset import PocketData
from clipkit.pocket.images import PocketImages
from clipkit.pocket.sets import SETS

EVERY = {"view-pairs": 3, "scene-pairs": 3, "part-pairs": 5}
"""One pair of so many is used, which keeps a model's cost at a few seconds; none divides the number of classes."""
STEP = 2
"""Points lie on every second pixel each way. probe3d thins NAVI by four, from images ten times as large."""
_PART = 10.0  # far more than any object's coordinates: two parts are never the same place

_known: dict[Path, list[Pair]] = {}


class PairImages(PocketImages):
    """The images of the pairs in use: pair k is images 2k and 2k + 1."""

    def __init__(self, data: PocketData):
        super().__init__(data)
        self.rows = np.flatnonzero(np.arange(len(data)) // 2 % EVERY[data.name] == 0)
        self.ids, self.labels = [self.ids[row] for row in self.rows], self.labels[self.rows]
        chosen = f"{data.fingerprint} every {EVERY[data.name]}"
        self.scan = Scan(hashlib.sha256(chosen.encode()).hexdigest(), {})

    @cached_property
    def pixels(self) -> np.ndarray:
        """The images, uint8 (n, size, size, 3)."""
        return np.load(self._path, mmap_mode="r")[self.rows]


def used(name: str) -> int:
    """How many pairs of a set are in use.

    >>> used("view-pairs")
    139
    """
    return -(-SETS[name].n // EVERY[name])


def pairs(data: PocketData) -> list[Pair]:
    """The pairs of `PairImages`, worked out once for all models of a process.

    "view-pairs": points of the object that both cameras see; a match may choose any point of the object, as
    where a photograph comes with a mask. "scene-pairs": points of the three objects that both cameras see; a match
    may choose any point of the picture. Places are those of the world, and errors in pixels (scale).
    "part-pairs": points of one object whose place the other shows, too; a match may choose any point. Places are
    the object's own coordinates and its part; scale is the image's side over the longer side of the second
    object's bounding box, so that errors are shares of the latter (PCK).
    """
    if data.folder not in _known:
        rows = PairImages(data).rows
        _known[data.folder] = [pair_at(data, rows[i], i) for i in range(0, len(rows), 2)]
    return _known[data.folder]


def pair_at(data: PocketData, row: int, position: int = 0) -> Pair:
    """The pair of images row and row + 1, which are called position and position + 1; see `pairs`."""
    return (_semantic if data.name == "part-pairs" else _geometric)(data, row, position)


def _geometric(data: PocketData, row: int, position: int) -> Pair:
    found = geometric_matches(data, row, row + 1)
    asked = _on_grid(found.first)
    geometry = {name: data.geometry[name][row + 1] for name in ("depth", "intrinsics", "extrinsics")}
    centres, places = DepthView(**geometry).points(STEP)
    if data.name == "view-pairs":
        on_object = _at(data.geometry["instance"][row + 1], centres) >= 0
        centres, places = centres[on_object], places[on_object]
    side = data.images.shape[1]
    return Pair(
        position,
        position + 1,
        found.first[asked] / side,
        found.second[asked] / side,
        centres / side,
        found.world[asked],
        places,
        float(side),
        float(data.table["angle"].iloc[row]),
    )


def _semantic(data: PocketData, row: int, position: int) -> Pair:
    found = semantic_matches(data, row, row + 1)
    asked = _on_grid(found.first)
    side = data.images.shape[1]
    ticks = np.arange(0, side, STEP) + 0.5
    centres = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    box = np.ptp(np.argwhere(data.geometry["instance"][row + 1] == 0), axis=0).max(initial=0) + 1
    return Pair(
        position,
        position + 1,
        found.first[asked] / side,
        found.second[asked] / side,
        centres / side,
        _place(data, row, found.first[asked]),
        _place(data, row + 1, centres),
        side / box,
    )


def _place(data: PocketData, row: int, points: np.ndarray) -> np.ndarray:
    """Object coordinates and part (m, 4) at points; all of what is no object is one place."""
    coordinates = np.nan_to_num(_at(data.geometry["coordinates"][row], points))
    return np.column_stack([coordinates, _PART * _at(data.geometry["part"][row], points)])


def _at(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    columns, rows = points.astype(int).T
    return np.asarray(values)[rows, columns]


def _on_grid(points: np.ndarray) -> np.ndarray:
    return ((points - 0.5) % STEP == 0).all(axis=1)
