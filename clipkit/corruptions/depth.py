"""Fog, flash and focus that follow the depth of the scene.

Formulae and parameters are those of 3D Common Corruptions (Kar et al., CVPR 2022; EPFL-VILAB/3DCommonCorruptions
at 4fc007b). Depth is in metres along the optical axis; only fog depends on its scale. Each function takes
rgb (h, w, 3), uint8 or float in [0, 1], depth (h, w), a severity from 1 to 5, a generator (unused here), and a
camera: intrinsics (3, 3) in pixels, or None for a focal length of one picture width. It returns a picture of
the same shape and type, and raises BadInput for depth that is missing, of another size, zero or not finite.
"""

import numpy as np
from scipy import ndimage

from clipkit.corruptions.arrays import corruption, enlargement

FOG = (4, 8, 12, 16, 20)
FLASH = (2.4, 1.4, 0.9, 0.6, 0.4)
NEAR_APERTURE = (3, 4, 5, 6, 7)
FAR_APERTURE = (1.5, 2.5, 3.5, 4.5, 5.5)
UNIT = 8000 / 512
"""Metres of one unit of the published fog: 8,000 steps of 1/512 m, Taskonomy's depth maps."""
_QUANTILES = np.linspace(0, 1, 9)
_MARGIN = 1e-4 * UNIT


def depth_from_inverse(inverse) -> np.ndarray:
    """Depth in metres from a 16-bit map of inverse depth whose scale is unknown, as MiDaS and DPT write it.

    The published rule for ImageNet: 512 over the stored number, at most half a unit. So distances within a
    picture are right up to an unknown offset, and those of two pictures cannot be compared.

    >>> depth_from_inverse(np.array([65535, 2048, 0])).round(3).tolist()
    [0.122, 3.906, 7.812]
    """
    return UNIT * np.minimum(512 / np.maximum(np.asarray(inverse, float), 1e-6), 0.5)


@corruption(needs_depth=True)
def fog_3d(rgb, depth, severity, rng, camera):
    """Fog of the picture's mean grey, t·rgb + (1 − t)·mean with t = exp(−α·depth), α = 4, 8, 12, 16, 20 per UNIT.

    The published mean runs over a whole batch; here over the one picture, as with its default batch of one.

    >>> picture = np.array([[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]])
    >>> fog_3d(picture, np.full((1, 2), UNIT * np.log(2) / 4), 1, None)[0, :, 0].tolist()
    [0.25, 0.75]
    """
    transmission = np.exp(-FOG[severity - 1] * depth / UNIT)[..., None]
    return transmission * rgb + (1 - transmission) * rgb.mean()


@corruption(needs_depth=True)
def flash(rgb, depth, severity, rng, camera):
    """Light from the camera: rgb·(1 + shading / c), clipped at 1, with c = 2.4, 1.4, 0.9, 0.6, 0.4.

    `shading` replaces the published reshading maps: the cosine between the surface and the ray, so that what
    faces the camera is lit most. Like them it does not weaken with distance.
    """
    return rgb * (1 + shading(depth, camera)[..., None] / FLASH[severity - 1])


@corruption(needs_depth=True)
def near_focus(rgb, depth, severity, rng, camera):
    """Focus on the nearest eighth of the picture: what lies farther is blurred by up to 3, 4, 5, 6, 7 pixels."""
    return _refocus(rgb, depth, NEAR_APERTURE[severity - 1], 0)


@corruption(needs_depth=True)
def far_focus(rgb, depth, severity, rng, camera):
    """Focus on the farthest eighth: what lies at half that distance is blurred by 1.5, 2.5, 3.5, 4.5, 5.5 pixels."""
    return _refocus(rgb, depth, FAR_APERTURE[severity - 1], 7)


def shading(depth: np.ndarray, camera: np.ndarray | None = None) -> np.ndarray:
    """Cosine of the angle between the surface's normal and the ray to the camera: (h, w) in (0, 1].

    Exact on planes, whose inverse depth is linear in the picture: a plane q = g·(x, y, 1) has the normal Kᵀg.
    Of the two neighbours on an axis the one with the smaller step counts, so that an outline makes no wall.

    >>> float(shading(np.full((3, 3), 2.0), np.array([[9.0, 0, 1.5], [0, 9.0, 1.5], [0, 0, 1.0]]))[1, 1])
    1.0
    """
    height, width = depth.shape
    camera = intrinsics(height, width) if camera is None else np.asarray(camera, float)
    inverse = 1 / depth
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    along_x, along_y = _smaller_step(inverse, 1), _smaller_step(inverse, 0)
    plane = np.stack([along_x, along_y, inverse - along_x * x - along_y * y], -1)
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(camera).T
    return inverse / (np.linalg.norm(plane @ camera, axis=-1) * np.linalg.norm(rays, axis=-1))


def intrinsics(height: int, width: int) -> np.ndarray:
    """A camera for pictures that come without: the focal length is the width, the axis goes through the middle."""
    return np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1.0]])


def _smaller_step(values: np.ndarray, axis: int) -> np.ndarray:
    steps = np.diff(values, axis=axis)
    before, after = (np.concatenate(s, axis) for s in (
        (steps.take([0], axis), steps), (steps, steps.take([-1], axis))))  # fmt: skip
    return np.where(np.abs(before) < np.abs(after), before, after)


def _refocus(rgb, depth, aperture, focus):
    """Blend of nine blurred pictures, one for each edge of the eight depth quantiles, by nearness in depth."""
    edges = np.quantile(depth, _QUANTILES)
    edges[0] -= _MARGIN
    edges[-1] += _MARGIN
    radii = aperture * np.abs(edges - edges[focus]) / edges
    farther = np.searchsorted(edges, depth)
    place = (depth - edges[farther - 1]) / (edges[farther] - edges[farther - 1])
    weights = 1 - place**2, 1 - (1 - place) ** 2
    total, out = sum(weights), np.zeros_like(rgb)
    for k, radius in enumerate(radii):
        weight = np.where(farther - 1 == k, weights[0], 0) + np.where(farther == k, weights[1], 0)
        if weight.any():
            out += (weight / total)[..., None] * blur(rgb, radius)
    return out


def blur(rgb: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of a standard deviation of `radius` pixels of `REFERENCE`, cut at 1.5 of them to each side.

    A picture k times smaller (`enlargement`) is blurred as if each of its pixels were k × k of that size.
    Below a tenth of a pixel nothing happens.
    """
    if radius < 0.1:
        return rgb
    taps = int(3 * radius)
    at = np.arange(taps + (taps + 1) % 2, dtype=float)
    at -= at.mean()
    weights = np.exp(-(at**2) / (2 * radius**2))
    at /= enlargement(rgb.shape[1])
    reach = int(np.ceil(at[-1]))
    kernel = np.maximum(1 - np.abs(np.arange(-reach, reach + 1)[:, None] - at), 0) @ (weights / weights.sum())
    for axis in (0, 1):
        rgb = ndimage.correlate1d(rgb, kernel, axis, mode="nearest")
    return rgb
