"""The blur of a camera that moves while the shutter is open: sideways, or ahead.

Paths and parameters are those of 3D Common Corruptions (Kar et al., CVPR 2022; EPFL-VILAB/3DCommonCorruptions at
4fc007b), which follows Niklaus et al., "3D Ken Burns effect from a single image", 2019. Nearby things move more
than distant ones. Only ratios of depths matter, so that depth of unknown scale serves as well.
"""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

from clipkit.corruptions.arrays import corruption
from clipkit.corruptions.depth import intrinsics

FRAMES = 60
CANVAS = 512
"""Width in pixels of the picture that the published shifts are given for."""
AVERAGED = {"xy_motion_blur": (20, 30, 40, 50, 60), "z_motion_blur": (20, 25, 30, 35, 38)}
"""How many of the 60 frames are averaged at each severity."""
_TOLERANCE = 1 / 40


@corruption(needs_depth=True)
def xy_motion_blur(rgb, depth, severity, rng, camera):
    """Mean of the first 20, 30, 40, 50 or 60 frames of a sideways move, in which the nearest point goes 10–15 % of
    the width to the left or right and up to 15 % up or down. Arguments as in `clipkit.corruptions.depth`.
    """
    return _warped("xy_motion_blur", rgb, depth, severity, rng, camera)


@corruption(needs_depth=True)
def z_motion_blur(rgb, depth, severity, rng, camera):
    """Mean of the first 20, 25, 30, 35 or 38 of 60 frames of a move ahead by 40–50 % of the nearest depth."""
    return _warped("z_motion_blur", rgb, depth, severity, rng, camera)


def camera_path(name: str, depth: np.ndarray, focal: float, rng: np.random.Generator) -> np.ndarray:
    """How far the scene has moved against the camera in each frame: (60, 3) in units of depth, x right, y down,
    z ahead; the first frame stands still.

    focal: in pixels of the depth map. What is nearest in the middle of the picture sets the scale: it goes by the
    published number of pixels, scaled from `CANVAS` to the width.
    """
    height, width = depth.shape
    nearest = depth[height // 4 : height - height // 4, width // 4 : width - width // 4].min()
    if name == "xy_motion_blur":
        u, v, zoom = rng.choice([-1, 1]) * rng.integers(50, 75), rng.integers(-75, 75), 1.0
    else:
        u, v, zoom = rng.integers(-30, 30), rng.integers(-30, 30), rng.uniform(0.5, 0.6)
    time = np.linspace(0, 1, FRAMES)
    closest = nearest * (1 + (zoom - 1) * time)
    sideways = -time * closest * width / CANVAS / focal
    return np.stack([u * sideways, v * sideways, closest - nearest], 1)


def average(frames: Iterable[np.ndarray], counts: Iterable[int]) -> list[np.ndarray]:
    """The mean of the first k frames, for each k of `counts`, rising.

    >>> average([np.zeros(1), np.ones(1), np.full(1, 5.0)], [1, 3])
    [array([0.]), array([2.])]
    """
    counts, total, found = list(counts), 0.0, []
    for number, frame in zip(range(1, counts[-1] + 1), frames, strict=False):
        total = total + frame
        if number in counts:
            found.append(total / number)
    return found


def warp(rgb: np.ndarray, depth: np.ndarray, shift: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """The picture (h, w, 3) after its points have moved by `shift` (3,) in camera axes, holes filled.

    Each pixel is a point that is spread bilinearly over four pixels; of points that meet, those within a
    fortieth of the nearest inverse depth count. Differs from the published code in that holes are filled from
    the picture instead of by a network, and that no points are dropped at outlines.
    """
    height, width = depth.shape
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    focal, centre = np.diag(camera)[:2], camera[:2, 2]
    moved = depth + shift[2]
    u = ((x - centre[0]) * depth + focal[0] * shift[0]) / moved + centre[0] - 0.5
    v = ((y - centre[1]) * depth + focal[1] * shift[1]) / moved + centre[1] - 0.5
    values = np.concatenate([rgb, depth[..., None], np.ones((height, width, 1))], -1).reshape(-1, 5)
    u, v, inverse = u.ravel(), v.ravel(), 1 / moved.ravel()

    def inside(row, column):
        return (row >= 0) & (row < height) & (column >= 0) & (column < width)

    row, column = np.rint(v).astype(int), np.rint(u).astype(int)
    seen = inside(row, column)
    nearest = np.zeros((height, width))
    np.maximum.at(nearest, (row[seen], column[seen]), inverse[seen])
    total = np.zeros((height * width, 5))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        share = (1 - np.abs(v - row)) * (1 - np.abs(u - column))
        keep = np.flatnonzero(inside(row, column))
        keep = keep[inverse[keep] >= nearest[row[keep], column[keep]] - _TOLERANCE * inverse.max()]
        at = row[keep] * width + column[keep]
        for channel in range(5):
            weights = share[keep] * values[keep, channel]
            total[:, channel] += np.bincount(at, weights, minlength=height * width)
    covered = total[:, 4].reshape(height, width) > 1e-3
    mean = total[:, :4] / np.maximum(total[:, 4:], 1e-3)
    return _fill(mean[:, :3].reshape(rgb.shape), mean[:, 3].reshape(depth.shape), covered)


def _fill(rgb, depth, covered):
    """Holes get the farther of the two covered pixels on their row or column, whichever pair is closer together;
    where there is no pair, at the border, the nearest covered pixel.
    """
    height, width = covered.shape
    row, column = np.indices(covered.shape)
    from_row, from_column = ndimage.distance_transform_edt(
        ~covered, return_distances=False, return_indices=True
    )
    shortest = np.full(covered.shape, np.inf)
    for axis, index, size in ((1, column, width), (0, row, height)):
        before = np.maximum.accumulate(np.where(covered, index, -1), axis)
        after = np.flip(np.minimum.accumulate(np.flip(np.where(covered, index, size), axis), axis), axis)
        paired = ~covered & (before >= 0) & (after < size) & (after - before < shortest)
        before, after = np.maximum(before, 0), np.minimum(after, size - 1)
        ends = [(row, i) if axis else (i, column) for i in (before, after)]
        farther = depth[ends[1]] > depth[ends[0]]
        shortest = np.where(paired, after - before, shortest)
        from_row = np.where(paired, np.where(farther, ends[1][0], ends[0][0]), from_row)
        from_column = np.where(paired, np.where(farther, ends[1][1], ends[0][1]), from_column)
    return rgb[from_row, from_column]


def _warped(name, rgb, depth, severity, rng, camera):
    camera = intrinsics(*depth.shape) if camera is None else np.asarray(camera, float)
    shifts = camera_path(name, depth, camera[0, 0], rng)
    return average((warp(rgb, depth, s, camera) for s in shifts), [AVERAGED[name][severity - 1]])[0]
