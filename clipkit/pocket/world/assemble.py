"""From a scene to the arrays the ray-caster reads: primitives, bounding spheres, frames, camera, light."""

from typing import NamedTuple

import numpy as np

from clipkit.pocket.world import primitives as column
from clipkit.pocket.world.camera import Camera, fit_camera
from clipkit.pocket.world.palette import BACKGROUNDS, COLOURS, LIGHTS, SIZES
from clipkit.pocket.world.scene import Scene, Thing
from clipkit.pocket.world.shapes import build_shape
from clipkit.pocket.world.shapes.builder import ACCENT, BODY, rotation
from clipkit.pocket.world.textures import PATTERN_INDEX

MAIN_HEIGHT = 1.05  # times 1.75 is the diagonal of the main object's bounding box
DIAGONAL = 1.75


class Assembly(NamedTuple):
    """rows (p, 30), spheres (k, 6), frames (k, 12), camera, light (6,), ground (18,)."""

    rows: np.ndarray
    spheres: np.ndarray
    frames: np.ndarray
    camera: Camera
    light: np.ndarray
    ground: np.ndarray


class _Placed(NamedTuple):
    rows: np.ndarray
    outline: np.ndarray
    frame: np.ndarray


def _place(shape, instance, surface, yaw, roll, stretch, at, height, repaint) -> _Placed:
    """A shape with its bounding diagonal scaled to height · DIAGONAL, standing on the floor at `at`."""
    colour, accent, pattern, scale = surface
    stretched = np.diag(stretch)
    tilt = rotation("x", roll)
    outline = shape.corners @ (tilt @ stretched).T
    low, high = outline.min(0), outline.max(0)
    size = height * DIAGONAL / np.linalg.norm(high - low)
    turn = rotation("z", yaw)
    to_world = size * turn @ tilt @ stretched
    shift = size * turn @ np.array([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]]) + np.asarray(
        at
    )

    n = len(shape.kinds)
    rows = np.zeros((n, column.ROW_LENGTH))
    local = np.linalg.inv(to_world @ shape.frames)
    origin = shape.centres @ to_world.T + shift
    offset = -np.einsum("nij,nj->ni", local, origin)
    rows[:, column.KIND] = shape.kinds
    rows[:, column.TO_LOCAL : column.TO_LOCAL + 12] = np.concatenate([local, offset[:, :, None]], 2).reshape(
        n, 12
    )
    rows[:, column.TAPER_X : column.TAPER_Y + 1] = shape.tapers
    rows[:, column.BOUND : column.BOUND + 3] = origin
    rows[:, column.BOUND + 3] = _radii(to_world @ shape.frames, shape)
    first, second = COLOURS[colour], _second_colour(colour, accent)
    for i, paint in enumerate(shape.paints):
        if paint == BODY or repaint:
            a, b, rows[i, column.PATTERN] = first, second, PATTERN_INDEX[pattern]
        else:
            a = b = second if paint == ACCENT else paint
        rows[i, column.PAINT_A : column.PAINT_A + 3] = a
        rows[i, column.PAINT_B : column.PAINT_B + 3] = b
    rows[:, column.CYCLES] = scale * size
    rows[:, column.GLOSS] = 0.25 if pattern == "plain" else 0.06
    rows[:, column.PART] = shape.part_of
    rows[:, column.INSTANCE] = instance
    inverse = np.linalg.inv(to_world)
    frame = np.concatenate([inverse, -(inverse @ shift)[:, None]], 1).reshape(12)
    return _Placed(rows, shape.corners @ to_world.T + shift, frame)


_CORNERS = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]], float)


def _radii(frames, shape) -> np.ndarray:
    """Radius about its centre of a sphere that holds each primitive, a little generous."""
    wide = np.maximum(shape.tapers, 1.0)
    boxes = frames * np.concatenate([wide, np.ones((len(wide), 1))], 1)[:, None, :]
    corners = np.linalg.norm(np.einsum("nij,kj->nki", boxes, _CORNERS), axis=2)
    round_ones = np.isin(shape.kinds, (column.ELLIPSOID, column.DOME))
    radii = np.where(round_ones, np.linalg.norm(frames, 2, axis=(1, 2)), corners.max(1, initial=0.0))
    return 1.001 * radii


def _second_colour(colour, accent):
    if accent == colour:
        accent = "gray" if colour == "white" else "white"
    return COLOURS[accent]


def _place_thing(thing: Thing, instance: int) -> _Placed:
    surface = (thing.colour, thing.accent, thing.pattern, thing.scale)
    shape = build_shape(thing.kind, thing.subcategory)
    return _place(shape, instance, surface, thing.yaw, 0.0, (1, 1, 1), thing.at, thing.height, False)


def place_main(scene: Scene) -> _Placed:
    """The main object alone, in world coordinates."""
    surface = (scene.colour, scene.accent, scene.pattern, scene.scale)
    shape = build_shape(scene.label, scene.subcategory)
    return _place(
        shape, 0, surface, scene.yaw, scene.roll, scene.stretch, (0, 0, 0), MAIN_HEIGHT, scene.repaint
    )


def assemble(scene: Scene) -> Assembly:
    """Place everything, fit the camera to the main object and its companions; instance 0 is the main object.

    Companions are instances 1, 2, …; the occluder comes last and never moves the camera.
    """
    placed = [place_main(scene)]
    placed += [_place_thing(thing, i) for i, thing in enumerate(scene.others, start=1)]
    in_view = np.vstack([p.outline for p in placed])
    share = SIZES[scene.size]
    if scene.others:
        share = max(share, 0.9) if scene.size != "tiny" else share
    camera = fit_camera(
        in_view, scene.azimuth, scene.elevation, share, scene.frame, scene.crop, placed[0].outline
    )
    if scene.occluder is not None:
        placed.append(_place_thing(scene.occluder, len(placed)))

    spheres, start = [], 0
    for p in placed:
        centre = (p.outline.min(0) + p.outline.max(0)) / 2
        radius = 1.05 * np.linalg.norm(p.outline - centre, axis=1).max()
        spheres.append([*centre, radius, start, start + len(p.rows)])
        start += len(p.rows)
    azimuth, elevation = np.radians(scene.sun)
    light = np.array(
        [
            np.sin(azimuth) * np.cos(elevation),
            -np.cos(azimuth) * np.cos(elevation),
            np.sin(elevation),
            0.42,
            0.75,
            LIGHTS[scene.light],
        ]
    )
    g = BACKGROUNDS[scene.background]
    ground = np.array(
        [
            *g.floor[0],
            *g.floor[1],
            PATTERN_INDEX[g.floor_pattern],
            g.floor_scale,
            *g.wall[0],
            *g.wall[1],
            PATTERN_INDEX[g.wall_pattern],
            g.wall_scale,
            0.0,
            0.0,
        ]
    )
    frames = np.array([p.frame for p in placed])
    return Assembly(np.vstack([p.rows for p in placed]), np.array(spheres), frames, camera, light, ground)
