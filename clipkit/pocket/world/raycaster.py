"""The ray-caster: photographs, and the truth behind each pixel (depth, object, part, object coordinates)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from clipkit.pocket.world import primitives as column
from clipkit.pocket.world.assemble import assemble
from clipkit.pocket.world.primitives import FAR, first_hit
from clipkit.pocket.world.scene import Scene
from clipkit.pocket.world.textures import mix

_WALL_RADIUS = 6.0
_EXPOSURE = 1.0 / 1.6  # exponent of the tone curve
_TO_LOCAL, _PAINT_A, _PAINT_B = column.TO_LOCAL, column.PAINT_A, column.PAINT_B
_PATTERN, _CYCLES, _GLOSS, _PART, _INSTANCE = (
    column.PATTERN,
    column.CYCLES,
    column.GLOSS,
    column.PART,
    column.INSTANCE,
)


@njit(cache=True, nogil=True)
def _wall_distance(ox, oy, dx, dy):
    a = dx * dx + dy * dy
    b = ox * dx + oy * dy
    c = ox * ox + oy * oy - _WALL_RADIUS * _WALL_RADIUS
    return (-b + math.sqrt(max(0.0, b * b - a * c))) / max(a, 1e-9)


@njit(cache=True, nogil=True)
def _surface_mix(frames, rows, i, x, y, z, nx, ny, nz):
    """Pattern value on an object, in its own coordinates, seen along the axis that the surface faces most."""
    k, cycles = int(rows[i, _INSTANCE]), rows[i, _CYCLES]
    u = (frames[k, 0] * x + frames[k, 1] * y + frames[k, 2] * z + frames[k, 3]) * cycles + 31.7
    v = (frames[k, 4] * x + frames[k, 5] * y + frames[k, 6] * z + frames[k, 7]) * cycles + 17.3
    w = (frames[k, 8] * x + frames[k, 9] * y + frames[k, 10] * z + frames[k, 11]) * cycles + 11.1
    a = abs(frames[k, 0] * nx + frames[k, 1] * ny + frames[k, 2] * nz)
    b = abs(frames[k, 4] * nx + frames[k, 5] * ny + frames[k, 6] * nz)
    c = abs(frames[k, 8] * nx + frames[k, 9] * ny + frames[k, 10] * nz)
    pattern = int(rows[i, _PATTERN])
    if c > a and c > b:
        return mix(pattern, u, v)
    if a > b:
        return mix(pattern, v, w)
    return mix(pattern, u, w)


@njit(cache=True, nogil=True)
def _world_normal(rows, i, nx, ny, nz):
    m = _TO_LOCAL
    x = rows[i, m] * nx + rows[i, m + 4] * ny + rows[i, m + 8] * nz
    y = rows[i, m + 1] * nx + rows[i, m + 5] * ny + rows[i, m + 9] * nz
    z = rows[i, m + 2] * nx + rows[i, m + 6] * ny + rows[i, m + 10] * nz
    length = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-20)
    return x * length, y * length, z * length


@njit(cache=True, nogil=True)
def _shade(rows, spheres, frames, light, ground, ox, oy, oz, dx, dy, dz, out):
    """Linear colour that one ray sees, added to `out` (3,)."""
    i, t, lx, ly, lz = first_hit(rows, spheres, ox, oy, oz, dx, dy, dz, 1e-3, FAR, False)
    floor = -oz / dz if dz < -1e-6 else FAR
    wall = _wall_distance(ox, oy, dx, dy)
    gloss, lit = 0.0, True
    nx, ny, nz = 0.0, 0.0, 1.0
    if i >= 0 and t < floor and t < wall:
        nx, ny, nz = _world_normal(rows, i, lx, ly, lz)
        x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
        share = 0.0
        if rows[i, _PATTERN] > 0.0:
            share = _surface_mix(frames, rows, i, x, y, z, nx, ny, nz)
        r = rows[i, _PAINT_A] * (1.0 - share) + rows[i, _PAINT_B] * share
        g = rows[i, _PAINT_A + 1] * (1.0 - share) + rows[i, _PAINT_B + 1] * share
        b = rows[i, _PAINT_A + 2] * (1.0 - share) + rows[i, _PAINT_B + 2] * share
        gloss = rows[i, _GLOSS]
    else:
        first = 0
        if floor < wall:
            x, y, z = ox + floor * dx, oy + floor * dy, 0.0
            share = mix(int(ground[6]), x * ground[7], y * ground[7])
        else:
            first, lit = 8, False
            x, y, z = ox + wall * dx, oy + wall * dy, oz + wall * dz
            share = mix(int(ground[14]), math.atan2(x, y) * _WALL_RADIUS * ground[15], z * ground[15])
        r = ground[first] * (1.0 - share) + ground[first + 3] * share
        g = ground[first + 1] * (1.0 - share) + ground[first + 4] * share
        b = ground[first + 2] * (1.0 - share) + ground[first + 5] * share
    if lit:
        sun = max(0.0, nx * light[0] + ny * light[1] + nz * light[2])
        if sun > 0.0:
            blocker, _, _, _, _ = first_hit(
                rows,
                spheres,
                x + 1e-3 * nx,
                y + 1e-3 * ny,
                z + 1e-3 * nz,
                light[0],
                light[1],
                light[2],
                2e-3,
                FAR,
                True,
            )
            if blocker >= 0:
                sun *= 0.25
        shade = light[3] * (0.75 + 0.25 * nz) + light[4] * sun
        r, g, b = r * shade, g * shade, b * shade
        if gloss > 0.0 and sun > 0.0:
            hx, hy, hz = light[0] - dx, light[1] - dy, light[2] - dz
            cosine = (nx * hx + ny * hy + nz * hz) / math.sqrt(hx * hx + hy * hy + hz * hz)
            glint = gloss * max(0.0, cosine) ** 40
            r, g, b = r + glint, g + glint, b + glint
    out[0] += min(1.0, r * light[5])
    out[1] += min(1.0, g * light[5])
    out[2] += min(1.0, b * light[5])


@njit(cache=True, nogil=True)
def _ray(pose, half, size, px, py):
    """Unit direction through the image point (px, py), in pixels."""
    u = (2.0 * px / size - 1.0) * half
    v = (2.0 * py / size - 1.0) * half
    dx = u * pose[0, 0] + v * pose[1, 0] + pose[2, 0]
    dy = u * pose[0, 1] + v * pose[1, 1] + pose[2, 1]
    dz = u * pose[0, 2] + v * pose[1, 2] + pose[2, 2]
    length = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    return dx * length, dy * length, dz * length


@njit(cache=True, nogil=True)
def _trace_picture(rows, spheres, frames, position, pose, half, light, ground, side, image):
    size = image.shape[0]
    colour = np.zeros(3)
    for py in range(size):
        for px in range(size):
            colour[:] = 0.0
            for sy in range(side):
                for sx in range(side):
                    dx, dy, dz = _ray(pose, half, size, px + (sx + 0.5) / side, py + (sy + 0.5) / side)
                    _shade(
                        rows,
                        spheres,
                        frames,
                        light,
                        ground,
                        position[0],
                        position[1],
                        position[2],
                        dx,
                        dy,
                        dz,
                        colour,
                    )
            for k in range(3):
                image[py, px, k] = int(255.0 * (colour[k] / (side * side)) ** _EXPOSURE + 0.5)


@njit(cache=True, nogil=True)
def _trace_geometry(rows, spheres, frames, position, pose, half, depth, instance, part, coordinates):
    size = depth.shape[0]
    ox, oy, oz = position[0], position[1], position[2]
    for py in range(size):
        for px in range(size):
            dx, dy, dz = _ray(pose, half, size, px + 0.5, py + 0.5)
            i, t, _, _, _ = first_hit(rows, spheres, ox, oy, oz, dx, dy, dz, 1e-3, FAR, False)
            ground = min(-oz / dz if dz < -1e-6 else FAR, _wall_distance(ox, oy, dx, dy))
            if i >= 0 and t < ground:
                instance[py, px] = int(rows[i, _INSTANCE])
                part[py, px] = int(rows[i, _PART])
                x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
                f = int(rows[i, _INSTANCE])
                for k in range(3):
                    m = 4 * k
                    along = frames[f, m] * x + frames[f, m + 1] * y + frames[f, m + 2] * z
                    coordinates[py, px, k] = along + frames[f, m + 3]
            else:
                t = ground
            depth[py, px] = t * (dx * pose[2, 0] + dy * pose[2, 1] + dz * pose[2, 2])


class Geometry(NamedTuple):
    """The truth at each pixel centre of n scenes, square images of s pixels.

    depth (n, s, s) float32, world units along the optical axis; instance (n, s, s) int8, 0 the main object,
    −1 floor or wall; part (n, s, s) int8, index into the shape's part names, −1 floor or wall; coordinates
    (n, s, s, 3) float32, the object's own unstretched coordinates, NaN off objects; intrinsics (n, 3, 3) and
    extrinsics (n, 4, 4), world → camera.
    """

    depth: np.ndarray
    instance: np.ndarray
    part: np.ndarray
    coordinates: np.ndarray
    intrinsics: np.ndarray
    extrinsics: np.ndarray


def photograph(scene: Scene, size: int, samples: int) -> np.ndarray:
    """The scene as a photo, uint8 (size, size, 3); `samples` per pixel is a square number (1, 4, 9 …)."""
    a, image = assemble(scene), np.empty((size, size, 3), np.uint8)
    c = a.camera
    _trace_picture(
        a.rows,
        a.spheres,
        a.frames,
        c.position,
        c.rotation,
        c.half_tangent,
        a.light,
        a.ground,
        math.isqrt(samples),
        image,
    )
    return image


def render_geometry(scenes: Sequence[Scene], size: int = 48) -> Geometry:
    """The truth behind the pixels of the scenes; one ray through each pixel centre."""
    n = len(scenes)
    depth = np.empty((n, size, size), np.float32)
    instance, part = np.full((n, size, size), -1, np.int8), np.full((n, size, size), -1, np.int8)
    coordinates = np.full((n, size, size, 3), np.nan, np.float32)
    intrinsics, extrinsics = np.empty((n, 3, 3)), np.empty((n, 4, 4))
    for k, scene in enumerate(scenes):
        a = assemble(scene)
        _trace_geometry(
            a.rows,
            a.spheres,
            a.frames,
            a.camera.position,
            a.camera.rotation,
            a.camera.half_tangent,
            depth[k],
            instance[k],
            part[k],
            coordinates[k],
        )
        intrinsics[k], extrinsics[k] = a.camera.intrinsics(size), a.camera.extrinsics()
    return Geometry(depth, instance, part, coordinates, intrinsics, extrinsics)
