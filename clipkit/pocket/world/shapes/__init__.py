"""Geometry of every object of the world, by theme."""

from clipkit.pocket.world.shapes import animals, household, plants, props, unknown, vehicles  # noqa: F401
from clipkit.pocket.world.shapes.builder import FAMILIES, Shape, build_shape

__all__ = ["FAMILIES", "Shape", "build_shape"]
