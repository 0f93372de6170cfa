"""What every corruption shares: its arguments are checked, and pictures come back in the type they came in."""

from collections.abc import Callable
from functools import wraps

import numpy as np

from clipkit.errors import BadInput

SEVERITIES = (1, 2, 3, 4, 5)
REFERENCE = 224
"""Width in pixels of the pictures that the published lengths (radii, kernels) were chosen for."""


def corruption(needs_depth: bool) -> Callable:
    """Turn a function of floats into a corruption of pictures.

    The function gets rgb in [0, 1] and depth in metres, both float64, a severity and a generator; what it
    returns is clipped to [0, 1] and given back as rgb came: uint8 (rounded), or the float type it had.
    """

    def wrap(function):
        @wraps(function)
        def corrupted(rgb, depth, severity, rng, camera=None):
            picture = np.asarray(rgb)
            values = as_float(picture)
            if severity not in SEVERITIES:
                raise BadInput(f"severity is {severity!r}", "use a whole number from 1 to 5")
            depth = check_depth(depth, values.shape[:2]) if needs_depth else None
            return as_before(function(values, depth, severity, rng, camera), picture.dtype)

        return corrupted

    return wrap


def as_float(picture: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3), uint8 or float in [0, 1], as float64 in [0, 1]; BadInput for anything else."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype.kind not in "uf":
        raise BadInput(
            f"picture of shape {picture.shape}, {picture.dtype}", "give RGB (h, w, 3), uint8 or float"
        )
    if picture.dtype == np.uint8:
        return picture / 255.0
    if picture.dtype.kind == "u" or not (picture.min() >= 0 and picture.max() <= 1):
        raise BadInput("picture with values outside [0, 1]", "scale floats to [0, 1], or give uint8")
    return picture.astype(float)


def as_before(values: np.ndarray, dtype) -> np.ndarray:
    """Values clipped to [0, 1] in the type of the picture that they came from."""
    values = np.clip(values, 0.0, 1.0)
    return np.rint(255 * values).astype(np.uint8) if dtype == np.uint8 else values.astype(dtype)


def check_depth(depth, shape: tuple[int, int]) -> np.ndarray:
    """Depth in metres along the optical axis, (h, w) float64, positive and finite everywhere.

    Raises BadInput where it is missing, of another size than the picture, or has a pixel that is not so.

    >>> check_depth([[1.0, 0.0]], (1, 2))
    Traceback (most recent call last):
    clipkit.errors.BadInput: depth is zero, negative or not finite at 1 of 2 pixels
      -> fill what is missing, or leave the picture out
    """
    if depth is None:
        raise BadInput("depth is missing", "give a depth map, or choose a corruption that needs none")
    depth = np.asarray(depth, float)
    if depth.shape != tuple(shape):
        raise BadInput(f"depth of shape {depth.shape} for a picture of {tuple(shape)}", "resize one of them")
    wrong = int((~(np.isfinite(depth) & (depth > 0))).sum())
    if wrong:
        raise BadInput(
            f"depth is zero, negative or not finite at {wrong} of {depth.size} pixels",
            "fill what is missing, or leave the picture out",
        )
    return depth


def enlargement(width: int) -> int:
    """How many times a picture of this width goes into `REFERENCE` pixels, at least once.

    Published lengths are divided by it, so that they are the same share of a small picture; a larger one is
    corrupted by the same number of pixels, as the published code does.

    >>> [enlargement(width) for width in (48, 64, 112, 224, 512)]
    [5, 4, 2, 1, 1]
    """
    return max(1, round(REFERENCE / width))
