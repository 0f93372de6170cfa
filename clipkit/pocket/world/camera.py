"""A pinhole camera: where pixels look, where points land, and how a camera is fitted to an object.

Camera axes are x right, y down, z ahead. Pixel (row i, column j) has its centre at (j + 0.5, i + 0.5).
"""

from typing import NamedTuple

import numpy as np

DISTANCE = 4.0  # from the camera to its target, world units
LOWEST = 0.05  # the camera stays above the floor


class Camera(NamedTuple):
    """Position (3,), rotation world → camera (3, 3), and the tangent of half the field of view."""

    position: np.ndarray
    rotation: np.ndarray
    half_tangent: float

    def intrinsics(self, size: int) -> np.ndarray:
        """K (3, 3) in pixels of a square image of `size` pixels.

        >>> Camera(np.zeros(3), np.eye(3), 0.5).intrinsics(48)[0]
        array([48.,  0., 24.])
        """
        f = size / (2.0 * self.half_tangent)
        return np.array([[f, 0.0, size / 2], [0.0, f, size / 2], [0.0, 0.0, 1.0]])

    def extrinsics(self) -> np.ndarray:
        """World → camera, (4, 4)."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = -self.rotation @ self.position
        return matrix


def project(
    points: np.ndarray, intrinsics: np.ndarray, extrinsics: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """World points (n, 3) → pixel coordinates (n, 2) as (x, y), and depth along the optical axis (n,)."""
    seen = points @ extrinsics[:3, :3].T + extrinsics[:3, 3]
    plane = seen @ intrinsics.T
    return plane[:, :2] / plane[:, 2:], seen[:, 2]


def unproject(depth: np.ndarray, intrinsics: np.ndarray, extrinsics: np.ndarray) -> np.ndarray:
    """Depth map (h, w) along the optical axis → world points (h, w, 3) at the pixel centres."""
    height, width = depth.shape
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(intrinsics).T
    return (rays * depth[..., None] - extrinsics[:3, 3]) @ extrinsics[:3, :3]


def fit_camera(points, azimuth, elevation, share, frame=(0.0, 0.0), crop=0.0, main=None) -> Camera:
    """The camera at `azimuth`, `elevation` (degrees) whose frame the points (n, 3) fill to `share`.

    `frame` places them in the free room, −1 … 1 each way; `crop` shifts the view by that share of the width
    of `main` (default: of all points), so that a part of it leaves the frame.
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    back = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    up = np.cross(right, -back)

    def seen(target, cloud):
        offset = cloud - (target + DISTANCE * back)
        depth = offset @ -back
        return offset @ right / depth, offset @ up / depth

    target = (points.min(0) + points.max(0)) / 2
    for _ in range(4):
        u, v = seen(target, points)
        target = target + DISTANCE * (right * (u.max() + u.min()) + up * (v.max() + v.min())) / 2
    u, v = seen(target, points)
    half = max(np.abs(u).max(), np.abs(v).max()) / share
    free_u, free_v = max(half - np.abs(u).max(), 0.0), max(half - np.abs(v).max(), 0.0)
    target = target + DISTANCE * 0.85 * (right * free_u * frame[0] + up * free_v * frame[1])
    if crop:
        u, _ = seen(target, points if main is None else main)
        edge = half - u.max() if crop < 0 else half + u.min()  # bring the object to the edge, then beyond it
        target = target + DISTANCE * right * np.sign(crop) * (edge + abs(crop) * (u.max() - u.min()))
    position = target + DISTANCE * back
    position[2] = max(position[2], LOWEST)
    return Camera(position, np.stack([right, -up, -back]), float(half))
