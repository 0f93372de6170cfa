"""Exact correspondences between two rendered images, from depth and cameras or from parts."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from clipkit.errors import BadInput
from clipkit.pocket.dataset import PocketData
from clipkit.pocket.world.camera import project, unproject


class Matches(NamedTuple):
    """m pairs of points: first and second (m, 2) as (x, y) pixels, world (m, 3), part of the first (m,)."""

    first: np.ndarray
    second: np.ndarray
    world: np.ndarray
    part: np.ndarray


def _pixel_centres(rows, columns):
    return np.stack([columns + 0.5, rows + 0.5], 1)


def _view(data: PocketData, i: int) -> dict:
    if not data.geometry:
        raise BadInput(
            f"pocket set {data.name!r} was rendered without geometry",
            "use view-pairs, scene-pairs or part-pairs",
        )
    return {name: np.asarray(values[i]) for name, values in data.geometry.items()}


def geometric_matches(
    data: PocketData, first: int, second: int, objects_only: bool = True, tolerance: float = 0.02
) -> Matches:
    """Where each pixel of image `first` lies in image `second` of the same scene from another camera.

    Kept are points inside the second frame that nothing hides there: depth equal to the rendered one of the
    nearest pixel up to `tolerance` (share of the depth, plus what the surface's slope adds within a pixel).
    objects_only leaves out floor and wall.
    """
    a, b = _view(data, first), _view(data, second)
    points = unproject(a["depth"], a["intrinsics"], a["extrinsics"])
    wanted = a["instance"] >= 0 if objects_only else np.ones(a["depth"].shape, bool)
    rows, columns = np.nonzero(wanted)
    target, depth = project(points[rows, columns], b["intrinsics"], b["extrinsics"])
    size = b["depth"].shape[0]
    j, i = np.floor(target).astype(int).T
    inside = (depth > 0) & (i >= 0) & (i < size) & (j >= 0) & (j < size)
    i, j = np.clip(i, 0, size - 1), np.clip(j, 0, size - 1)
    steep = np.abs(np.gradient(b["depth"].astype(float))).max(0)
    allowed = tolerance * depth + np.minimum(steep[i, j], 0.05)
    visible = (
        inside
        & (np.abs(b["depth"][i, j] - depth) <= allowed)
        & (b["instance"][i, j] == a["instance"][rows, columns])
    )
    keep = np.flatnonzero(visible)
    rows, columns = rows[keep], columns[keep]
    return Matches(
        _pixel_centres(rows, columns), target[keep], points[rows, columns], a["part"][rows, columns]
    )


def semantic_matches(data: PocketData, first: int, second: int, reach: float = 0.05) -> Matches:
    """Points of two objects of one subcategory that are the same place on the same part.

    Two pixels match when their parts agree and their object coordinates, which ignore stretch and pose,
    differ by no more than `reach` of the object's extent; each pixel of the first image gets its nearest.
    """
    a, b = _view(data, first), _view(data, second)
    here, there = np.nonzero(a["instance"] == 0), np.nonzero(b["instance"] == 0)
    p, q = a["coordinates"][here], b["coordinates"][there]
    empty = Matches(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0, int))
    if not len(p) or not len(q):
        return empty
    extent = np.linalg.norm(np.vstack([p, q]).max(0) - np.vstack([p, q]).min(0))
    parts, other_parts = a["part"][here], b["part"][there]
    nearest = np.full(len(p), -1)
    for part in np.intersect1d(parts, other_parts):
        mine, theirs = np.flatnonzero(parts == part), np.flatnonzero(other_parts == part)
        distance, found = KDTree(q[theirs]).query(p[mine])
        nearest[mine] = np.where(distance <= reach * extent, theirs[found], -1)
    keep = np.flatnonzero(nearest >= 0)
    points = unproject(a["depth"], a["intrinsics"], a["extrinsics"])[here]
    return Matches(
        _pixel_centres(*here)[keep],
        _pixel_centres(*there)[nearest[keep]],
        points[keep],
        parts[keep],
    )
