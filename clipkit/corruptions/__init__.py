"""Corruptions of pictures: six that follow the depth of the scene (3DCC), and common ones that do not (ImageNet-C).

All share one signature, (rgb, depth, severity, rng, camera), described in `clipkit.corruptions.depth`, and are
decided by their arguments: the same generator gives the same bytes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clipkit.corruptions.arrays import SEVERITIES
from clipkit.corruptions.common import COMMON, common
from clipkit.corruptions.depth import depth_from_inverse, far_focus, flash, fog_3d, near_focus
from clipkit.corruptions.motion import xy_motion_blur, z_motion_blur
from clipkit.errors import BadInput
from clipkit.registry import Registry

_OF_DEPTH = (near_focus, far_focus, fog_3d, flash, xy_motion_blur, z_motion_blur)
DEPTH = tuple(function.__name__ for function in _OF_DEPTH)
CORRUPTIONS = Registry(
    "corruption",
    {function.__name__: function for function in _OF_DEPTH} | {name: common(name) for name in COMMON},
)
"""Name → function: those of `DEPTH`, then those of `COMMON`.

:meta hide-value:
"""


class Corrupted(NamedTuple):
    """Corrupted pictures, the position of each in what was given, and position → problem of those refused."""

    pictures: list[np.ndarray]
    position: list[int]
    refused: dict[int, str]


def corrupt_all(
    name: str,
    severity: int,
    pictures: Sequence[np.ndarray],
    depths: Sequence[np.ndarray | None],
    cameras: Sequence[np.ndarray] | None = None,
    seed: int = 0,
) -> Corrupted:
    """One corruption of many pictures; those whose depth cannot be used are left out and counted.

    Picture i draws from the seed and i alone, at every severity alike, so that a path or a grain only grows.
    Raises UnknownName or BadInput for a corruption or severity that does not exist, and BadInput unless there is a
    depth map, or None, for each picture.
    """
    function = CORRUPTIONS[name]
    if severity not in SEVERITIES:
        raise BadInput(f"severity is {severity!r}", "use a whole number from 1 to 5")
    if len(pictures) != len(depths):
        raise BadInput(f"{len(depths)} depth maps for {len(pictures)} pictures", "give one for each, or None")
    found = Corrupted([], [], {})
    for i, (picture, depth) in enumerate(zip(pictures, depths, strict=True)):
        camera = None if cameras is None else cameras[i]
        try:
            found.pictures.append(
                function(picture, depth, severity, np.random.default_rng([seed, i]), camera)
            )
        except BadInput as error:
            found.refused[i] = error.problem
        else:
            found.position.append(i)
    return found


__all__ = ["COMMON", "CORRUPTIONS", "DEPTH", "SEVERITIES", "Corrupted", "corrupt_all", "depth_from_inverse"]
