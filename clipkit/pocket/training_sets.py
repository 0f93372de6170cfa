"""Training sets: n pictures of a named distribution with four captions each."""

from functools import partial
from pathlib import Path

from clipkit.errors import BadInput
from clipkit.pocket.captions import training_captions
from clipkit.pocket.dataset import Draw, PocketData, SetSpec, load
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import DISTRIBUTIONS, Dice, draw_from

TRAIN_SEED = 1_000_000  # training draws start here, test and validation draws lie below


def draw_training(distribution: str, seed: int, n: int, size: int) -> Draw:
    """n scenes, the classes in turn, and their captions.

    Image i depends on (seed, i) alone: a small set is the beginning of a large one of the same seed.
    """
    scenes = [draw_from(distribution, CLASS_NAMES[i % len(CLASS_NAMES)], Dice(seed, i)) for i in range(n)]
    captions = [training_captions(s, Dice(seed, i, 1)) for i, s in enumerate(scenes)]
    return Draw(scenes, {"captions": captions})


def training_spec(distribution: str, n: int, seed: int = 0, size: int = 48) -> SetSpec:
    """The spec of a training set. Raises UnknownName for a distribution that does not exist."""
    DISTRIBUTIONS[distribution]
    if n < 1 or seed < 0:
        raise BadInput(
            f"a training set of {n} images, seed {seed}", "n must be at least 1 and the seed at least 0"
        )
    return SetSpec(
        f"train-{distribution}",
        partial(draw_training, distribution),
        n,
        TRAIN_SEED + seed,
        "training",
        split="train",
        size=size,
    )


def train(
    distribution: str, n: int, seed: int = 0, size: int = 48, cache: Path | None = None, progress: bool = True
) -> PocketData:
    """A training set, rendered on first use; `table["captions"]` holds four captions per image.

    distribution: "wild", "studio", "catalogue" or "mixed" (`clipkit.pocket.world.sampling.DISTRIBUTIONS`).
    """
    return load(training_spec(distribution, n, seed, size), cache, progress)
