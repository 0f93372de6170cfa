import numpy as np
import pytest

from clipkit.pocket.dataset import SetSpec, load
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice, draw_from


@pytest.fixture(scope="session")
def wild_scenes():
    """Two wild scenes of every class."""
    return [draw_from("wild", label, Dice(9, i)) for i, label in enumerate(CLASS_NAMES * 2)]


@pytest.fixture(scope="session")
def pocket_cache(tmp_path_factory):
    """A cache of its own, for the whole test run."""
    return tmp_path_factory.mktemp("pocket")


@pytest.fixture(scope="session")
def small(pocket_cache):
    """small(draw, n, **spec): a set rendered with few images."""

    def make(draw, n, **values):
        return load(
            SetSpec(values.pop("name", "small"), draw, n, 77, "test", **values), pocket_cache, progress=False
        )

    return make


@pytest.fixture
def rng():
    return np.random.default_rng(0)
