"""The rendered world: scenes of plain values, a ray-caster, and the truth about every pixel."""

from clipkit.pocket.world.raycaster import Geometry, render_geometry
from clipkit.pocket.world.scene import RENDERER_VERSION, Scene, Thing, fingerprint
from clipkit.pocket.world.styles import render

__all__ = ["RENDERER_VERSION", "Geometry", "Scene", "Thing", "fingerprint", "render", "render_geometry"]
