"""A shape: named parts made of primitives, in the object's own coordinates (x ahead, y left, z up)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.world.primitives import BOX, DOME, ELLIPSOID, FRUSTUM
from clipkit.registry import Registry

BODY, ACCENT = "body", "accent"
DARK, WOOD, LEAF, WHITE = (0.06, 0.06, 0.07), (0.35, 0.19, 0.08), (0.08, 0.32, 0.06), (0.8, 0.8, 0.78)
GLASS, METAL, YELLOW, ORANGE, SKIN = (
    (0.35, 0.55, 0.7),
    (0.5, 0.52, 0.55),
    (0.8, 0.6, 0.05),
    (0.85, 0.3, 0.02),
    (0.75, 0.5, 0.35),
)


def rotation(axis: str, degrees: float) -> np.ndarray:
    """Right-handed rotation about an axis, (3, 3).

    >>> rotation("z", 90).round() @ [1, 0, 0]
    array([0., 1., 0.])
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis])


@dataclass
class Builder:
    """Collects primitives; each belongs to the part named last.

    `room` holds further points that the camera must keep in view, where a shape has no primitive.
    `paint` is BODY (the object's surface pattern), ACCENT (its second colour) or a fixed linear RGB triple.
    """

    kinds: list = field(default_factory=list)
    centres: list = field(default_factory=list)
    frames: list = field(default_factory=list)
    tapers: list = field(default_factory=list)
    paints: list = field(default_factory=list)
    part_of: list = field(default_factory=list)
    parts: list = field(default_factory=list)
    room: list = field(default_factory=list)

    def part(self, name: str) -> "Builder":
        """Start a new part; a repeated name is numbered ("wheel", "wheel 2")."""
        taken = sum(p == name or p.rsplit(" ", 1)[0] == name for p in self.parts)
        self.parts.append(f"{name} {taken + 1}" if taken else name)
        return self

    def ellipsoid(self, centre, half, rotate=(0, 0, 0), paint=BODY):
        self._add(ELLIPSOID, centre, half, rotate, (1, 1), paint)

    def box(self, centre, half, rotate=(0, 0, 0), taper=(1, 1), paint=BODY):
        """A box whose top is `taper` times as wide as its bottom, along x and along y."""
        self._add(BOX, centre, half, rotate, taper, paint)

    def cylinder(self, centre, half, rotate=(0, 0, 0), taper=1.0, paint=BODY):
        """A frustum: bottom radii half[0], half[1], half-height half[2]; the top is `taper` times as wide."""
        self._add(FRUSTUM, centre, half, rotate, (taper, taper), paint)

    def dome(self, centre, half, rotate=(0, 0, 0), paint=BODY):
        """The upper half of an ellipsoid, with its base."""
        self._add(DOME, centre, half, rotate, (1, 1), paint)

    def rod(self, start, end, radius, taper=1.0, paint=BODY):
        """A round bar from one point to another; radius at the end = taper · radius."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        length = np.linalg.norm(end - start)
        z = (end - start) / length
        x = np.cross([0, 1, 0] if abs(z[1]) < 0.9 else [1, 0, 0], z)
        x /= np.linalg.norm(x)
        frame = np.stack([x, np.cross(z, x), z], 1) * [radius, radius, length / 2]
        self._append(FRUSTUM, (start + end) / 2, frame, (taper, taper), paint)

    def ring(self, centre, radius, thickness, first=0.0, last=360.0, segments=10, plane="xz", paint=BODY):
        """An arc of rods in a coordinate plane, from angle `first` to `last` (degrees)."""
        angle = np.radians(np.linspace(first, last, segments + 1))
        points = np.zeros((segments + 1, 3))
        points[:, "xyz".index(plane[0])] = radius * np.cos(angle)
        points[:, "xyz".index(plane[1])] = radius * np.sin(angle)
        points += centre
        for start, end in zip(points[:-1], points[1:], strict=True):
            over = 0.12 * (end - start)
            self.rod(start - over, end + over, thickness, paint=paint)

    def _add(self, kind, centre, half, rotate, taper, paint):
        half = (half,) * 3 if np.isscalar(half) else half
        turn = rotation("z", rotate[2]) @ rotation("y", rotate[1]) @ rotation("x", rotate[0])
        self._append(kind, centre, turn * np.asarray(half, float), taper, paint)

    def _append(self, kind, centre, frame, taper, paint):
        if not self.parts:
            self.part("body")
        self.kinds.append(kind)
        self.centres.append(centre)
        self.frames.append(frame)
        self.tapers.append(taper)
        self.paints.append(paint)
        self.part_of.append(len(self.parts) - 1)


@dataclass(frozen=True)
class Shape:
    """A finished shape of n primitives: frames (n, 3, 3) map unit solids to object coordinates.

    `corners` (m, 3) are points whose hull holds the shape; `part_of` (n,) indexes the names in `parts`.
    """

    kinds: np.ndarray
    centres: np.ndarray
    frames: np.ndarray
    tapers: np.ndarray
    paints: tuple
    part_of: np.ndarray
    parts: tuple[str, ...]
    corners: np.ndarray


@dataclass(frozen=True)
class ShapeFamily:
    """One class: a function that builds it, and the names of its subcategories."""

    build: Callable[[Builder, int], None]
    subcategories: tuple[str, ...]


FAMILIES: Registry[ShapeFamily] = Registry("shape")


def shape(name: str, *subcategories: str):
    """Decorator that registers `build(builder, variant)`; variant is the index of the subcategory."""

    def register(build):
        FAMILIES.add(name, ShapeFamily(build, subcategories or (name,)))
        return build

    return register


def _outline(kind, centre, frame, taper) -> np.ndarray:
    """Points around one primitive: the corners of a box, else rings of eight."""
    if kind == BOX:
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T.astype(float)
        wide = np.where(signs[:, 2:] > 0, np.array(taper), 1.0)
        return centre + np.hstack([signs[:, :2] * wide, signs[:, 2:]]) @ frame.T
    angle = np.arange(8) * np.pi / 4
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(8)], 1)
    if kind == FRUSTUM:
        points = np.vstack([circle - [0, 0, 1], circle * taper[0] + [0, 0, 1]])
    else:
        points = np.vstack([circle, [[0, 0, 1]], circle * 0.7 + [0, 0, 0.7]])
        if kind == ELLIPSOID:
            points = np.vstack([points, points * [1, 1, -1]])
    return centre + points @ frame.T


@cache
def build_shape(name: str, subcategory: str) -> Shape:
    """The shape of a subcategory; built once. Raises UnknownName or BadInput for names it does not know."""
    family = FAMILIES[name]
    if subcategory not in family.subcategories:
        raise BadInput(
            f"{name} has no subcategory {subcategory!r}", f"use one of {', '.join(family.subcategories)}"
        )
    b = Builder()
    family.build(b, family.subcategories.index(subcategory))
    n = len(b.kinds)
    centres, frames = np.array(b.centres, float).reshape(n, 3), np.array(b.frames, float).reshape(n, 3, 3)
    tapers = np.array(b.tapers, float).reshape(n, 2)
    outlines = [_outline(*item) for item in zip(b.kinds, centres, frames, tapers, strict=True)]
    corners = np.vstack([*outlines, np.array(b.room, float).reshape(-1, 3)])
    return Shape(
        np.array(b.kinds),
        centres,
        frames,
        tapers,
        tuple(b.paints),
        np.array(b.part_of),
        tuple(b.parts),
        corners,
    )
