"""A scene seen by a camera that moves: the frames that warping a picture can only approximate."""

from collections.abc import Iterator

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.world import Scene
from clipkit.pocket.world.assemble import assemble
from clipkit.pocket.world.camera import LOWEST
from clipkit.pocket.world.raycaster import _trace_picture


def moving_frames(scene: Scene, shifts: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """One photograph, uint8 (size, size, 3), one ray a pixel, for each of `shifts` (frames, 3).

    A shift is how far the scene has moved against the camera, in camera axes and world units, as
    `clipkit.corruptions.motion.camera_path` gives it; the camera does not turn, and stays above the floor.
    Raises BadInput for a scene in another style than a photograph.
    """
    if scene.style != "photo":
        raise BadInput(f"scene in the style {scene.style!r}", "only photographs are taken by a moving camera")
    a, image = assemble(scene), np.empty((size, size, 3), np.uint8)
    for shift in shifts:
        position = a.camera.position - a.camera.rotation.T @ shift
        position[2] = max(position[2], LOWEST)
        _trace_picture(
            a.rows,
            a.spheres,
            a.frames,
            position,
            a.camera.rotation,
            a.camera.half_tangent,
            a.light,
            a.ground,
            1,
            image,
        )
        yield image.copy()
