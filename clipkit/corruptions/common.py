"""Common corruptions, which know nothing of depth, from the package imagecorruptions-imaug.

Source: Hendrycks and Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations",
ICLR 2019, with the parameters of ImageNet-C (pictures of 224 pixels). On smaller pictures those whose parameters
are lengths in pixels are computed on the picture enlarged by repetition (`clipkit.corruptions.arrays`) and
averaged back, so that they cover the same share of it. The others work on the pixels that there are: noise has
one value for each pixel, JPEG its blocks of eight, pixelate a share of the width.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from clipkit.corruptions.arrays import corruption, enlargement
from clipkit.errors import MissingPackage

IN_PIXELS = ("defocus_blur", "gaussian_blur", "motion_blur", "fog")
COMMON = (
    "gaussian_noise",
    "shot_noise",
    *IN_PIXELS,
    "brightness",
    "contrast",
    "pixelate",
    "jpeg_compression",
)
"""Left out are impulse noise and glass blur, which the package draws from generators that it does not let us seed."""


def common(name: str) -> Callable:
    """One of `COMMON` as a function of (rgb, depth, severity, rng, camera); depth and camera are ignored.

    It raises MissingPackage without imagecorruptions-imaug. The package draws from numpy's global generator: that
    is seeded from `rng` and put back, so two of them must not run in one process at the same time.
    """

    @corruption(needs_depth=False)
    def corrupted(rgb, depth, severity, rng, camera):
        try:
            from imagecorruptions import corrupt
        except ImportError as error:
            raise MissingPackage(
                f"imagecorruptions cannot be imported: {error}",
                "pip install imagecorruptions-imaug; on a server without a display its OpenCV also needs libgl1",
            ) from None
        times = enlargement(rgb.shape[1]) if name in IN_PIXELS else 1
        picture = np.rint(255 * rgb).astype(np.uint8).repeat(times, 0).repeat(times, 1)
        with _seeded(rng):
            found = corrupt(picture, corruption_name=name, severity=int(severity))
        height, width, _ = rgb.shape
        return found.reshape(height, times, width, times, 3).mean((1, 3)) / 255

    corrupted.__name__ = corrupted.__qualname__ = name
    corrupted.__doc__ = (
        f"{name} of ImageNet-C; arguments as in `clipkit.corruptions.depth`, depth may be None."
    )
    return corrupted


@contextmanager
def _seeded(rng: np.random.Generator) -> Iterator[None]:
    """numpy's global generator, seeded from `rng` for a while."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
