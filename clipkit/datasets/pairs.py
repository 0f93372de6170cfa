"""Pairs of images with points of the first whose place in the second is known: what correspondence is scored on."""

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from clipkit.datasets.images import ImageDataset
from clipkit.errors import BadInput


class Pair(NamedTuple):
    """Two images, the points that are asked for, and the points that may be answered.

    first, second: positions of the images in their data set. query (m, 2): points of the first image, target
    (m, 2): where they lie in the second, candidates (c, 2): points of the second that a match may choose; all as
    (x, y), shares of width and height. query_place (m, D), candidate_place (c, D): what there is to see at a point,
    such as its coordinates in the world; equal places are the same thing. None where nobody knows. scale: the
    length by which distances between shares are multiplied, such as the pixels of the image, or the side of the
    image over that of the object's bounding box. angle: change of viewpoint, degrees; NaN if unknown.

    A pair without queries, or with less than two candidates, can be asked nothing: it is left out and counted.
    """

    first: int
    second: int
    query: np.ndarray
    target: np.ndarray
    candidates: np.ndarray
    query_place: np.ndarray | None = None
    candidate_place: np.ndarray | None = None
    scale: float = 1.0
    angle: float = np.nan

    @property
    def usable(self) -> bool:
        """Whether there is anything to match."""
        return len(self.query) > 0 and len(self.candidates) > 1


class PairedImages(ImageDataset):
    """Images that are asked about in pairs, and a card counts the pairs."""

    counted = "pairs"
    _chosen: list

    @abstractmethod
    def pairs(self) -> list[Pair]:
        """The pairs, in the order of the release; `first` and `second` are positions in `ids`."""

    @property
    def n_counted(self) -> int:
        """How many pairs are read."""
        return len(self._chosen)


class DepthView(NamedTuple):
    """A depth map (h, w) along the optical axis, 0 where unknown, K (3, 3) in its pixels, and world → camera (4, 4)."""

    depth: np.ndarray
    intrinsics: np.ndarray
    extrinsics: np.ndarray

    def points(self, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Every `step`-th pixel each way that has a depth: its centre (m, 2) in pixels, and its world point (m, 3)."""
        depth = np.asarray(self.depth, float)
        if depth.ndim != 2:
            raise BadInput(f"depth has shape {depth.shape}", "give a map (height, width)")
        known = np.isfinite(depth) & (depth > 0)
        rows, columns = (step * i for i in np.nonzero(known[::step, ::step]))
        centres = np.stack([columns, rows], 1) + 0.5
        rays = np.column_stack([centres, np.ones(len(centres))]) @ np.linalg.inv(self.intrinsics).T
        seen = rays * depth[rows, columns, None]
        return centres, (seen - self.extrinsics[:3, 3]) @ self.extrinsics[:3, :3]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (m, 2) where points of the world (m, 3) lie; NaN behind the camera."""
        seen = points @ self.extrinsics[:3, :3].T + self.extrinsics[:3, 3]
        ahead = np.where(seen[:, 2:] > 0, seen[:, 2:], np.nan)
        return ((seen / ahead) @ self.intrinsics.T)[:, :2]

    @property
    def size(self) -> np.ndarray:
        """(width, height)."""
        return np.array(self.depth.shape[::-1], float)


def geometric_pair(first: int, second: int, a: DepthView, b: DepthView, step: int = 1) -> Pair:
    """The pair of two views of one world: queries and candidates are the pixels of known depth.

    As in probe3d (Banani et al. 2024) a query need not be visible in the second image: its error is then the
    distance to what is. Queries behind the second camera are dropped. Both maps are thinned by `step`; scale
    is the second map's width, so errors are in its pixels. A map of zeros makes a pair that is not usable.

    Raises BadInput if the two maps' sides are in another proportion.
    """
    # All metrics come along, and reading a list of benchmarks has no need to wait for them.
    from clipkit.metrics.geometry import viewpoint_change

    if not np.isclose(a.size[0] * b.size[1], a.size[1] * b.size[0], rtol=0.01):
        raise BadInput(
            f"depth maps are {a.depth.shape} and {b.depth.shape}", "crop both images to one proportion"
        )
    query, query_place = a.points(step)
    candidates, candidate_place = b.points(step)
    target = b.project(query_place)
    ahead = np.isfinite(target).all(1)
    return Pair(
        first,
        second,
        query[ahead] / a.size,
        target[ahead] / b.size,
        candidates / b.size,
        query_place[ahead],
        candidate_place,
        float(b.size[0]),
        viewpoint_change(a.extrinsics, b.extrinsics),
    )
