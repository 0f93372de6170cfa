"""An intermediate training set: finer classes than the evaluated ones, and more of them.

It stands for ImageNet-12k between pre-training and ImageNet-1k: every subcategory is a class of its own, and
every second near-OOD class is among them. The other near-OOD classes stay unseen, so that what breadth does
can be told from what having seen an OOD class does.
"""

from pathlib import Path

import numpy as np

from clipkit.pocket.captions import training_captions
from clipkit.pocket.dataset import Draw, PocketData, SetSpec, load
from clipkit.pocket.training_sets import TRAIN_SEED
from clipkit.pocket.world.palette import CLASS_NAMES, NEAR_OOD_NAMES
from clipkit.pocket.world.sampling import Dice, draw_from
from clipkit.pocket.world.shapes import FAMILIES

SEEN_NEAR_OOD = NEAR_OOD_NAMES[::2]
UNSEEN_NEAR_OOD = NEAR_OOD_NAMES[1::2]
_OBJECTS = (*CLASS_NAMES, *SEEN_NEAR_OOD)
INTERMEDIATE_NAMES = tuple(f"{c}: {s}" for c in _OBJECTS for s in FAMILIES[c].subcategories)


def draw_intermediate(seed: int, n: int, size: int) -> Draw:
    """n wild scenes of the objects in turn, with captions; column `fine` names class and subcategory."""
    scenes = [draw_from("wild", _OBJECTS[i % len(_OBJECTS)], Dice(seed, i)) for i in range(n)]
    captions = [training_captions(s, Dice(seed, i, 1)) for i, s in enumerate(scenes)]
    return Draw(scenes, {"captions": captions, "fine": [f"{s.label}: {s.subcategory}" for s in scenes]})


def intermediate(n: int, seed: int = 0, cache: Path | None = None, progress: bool = True) -> PocketData:
    """The set, rendered on first use."""
    spec = SetSpec(
        "train-intermediate", draw_intermediate, n, TRAIN_SEED + 500_000 + seed, "training", split="train"
    )
    return load(spec, cache, progress)


def intermediate_labels(data: PocketData) -> np.ndarray:
    """Positions in INTERMEDIATE_NAMES of the images of an intermediate set; int64 (n,)."""
    index = {name: i for i, name in enumerate(INTERMEDIATE_NAMES)}
    return data.table["fine"].map(index).to_numpy(np.int64)
