"""Common corruptions: as the package makes them at 224 pixels, and as if at that size on smaller pictures."""

import numpy as np
import pytest
from imagecorruptions import corrupt

from clipkit.corruptions import COMMON, CORRUPTIONS
from clipkit.corruptions.arrays import enlargement
from clipkit.corruptions.common import IN_PIXELS

LARGE = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
SMALL = LARGE[:48, :48]


def of_package(name, picture):
    """What the package makes with its generator seeded as ours seeds it."""
    np.random.seed(int(np.random.default_rng(5).integers(2**32)))  # noqa: NPY002
    return corrupt(picture, corruption_name=name, severity=3)


@pytest.mark.parametrize("name", COMMON)
def test_at_224_pixels_it_is_the_package(name):
    assert np.array_equal(
        CORRUPTIONS[name](LARGE, None, 3, np.random.default_rng(5)), of_package(name, LARGE)
    )


@pytest.mark.parametrize("name", COMMON)
def test_lengths_in_pixels_shrink_with_the_picture_and_nothing_else_does(name):
    times = enlargement(48) if name in IN_PIXELS else 1
    large = of_package(name, SMALL.repeat(times, 0).repeat(times, 1))
    expected = np.rint(large.reshape(48, times, 48, times, 3).mean((1, 3)))
    assert np.array_equal(CORRUPTIONS[name](SMALL, None, 3, np.random.default_rng(5)), expected)


@pytest.mark.parametrize("name", ["gaussian_noise", "fog"])
def test_the_global_generator_is_left_as_it_was(name):
    np.random.seed(1)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    CORRUPTIONS[name](SMALL, None, 1, np.random.default_rng(0))
    assert np.random.random() == expected  # noqa: NPY002
