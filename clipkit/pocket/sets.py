"""The evaluation suite by name: every set has a test and a separate validation draw.

`python -m clipkit.pocket.sets` renders the whole suite into the cache; `load_set(name)` does so for one set.
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from clipkit.errors import BadInput
from clipkit.pocket import evaluation_sets as draws
from clipkit.pocket.corrupted import corrupted_spec
from clipkit.pocket.dataset import SPLITS, PocketData, SetSpec, load
from clipkit.pocket.hard_images import draw_hard, read_listing
from clipkit.pocket.world.palette import CLASS_NAMES, NEAR_OOD_NAMES
from clipkit.registry import Registry

_VALIDATION_SEED = 500_000  # added to a test seed; training seeds start at 1,000,000
_PER_CLASS = len(CLASS_NAMES)

SETS: Registry[SetSpec] = Registry("pocket set")


def _add(name: str, draw, n: int, task: str, geometry: bool = False):
    SETS.add(name, SetSpec(name, draw, n, 1000 * (len(SETS) + 1), task, geometry=geometry))


_add(
    "wild",
    partial(draws.from_distribution, "wild", CLASS_NAMES),
    64 * _PER_CLASS,
    "classification",
    geometry=True,
)
_add("studio", partial(draws.from_distribution, "studio", CLASS_NAMES), 64 * _PER_CLASS, "classification")
_add("factors", draws.factors, 12 * _PER_CLASS, "visual factors")
_add("redrawn", partial(draws.from_distribution, "redrawn", CLASS_NAMES), 40 * _PER_CLASS, "shift")
_add("sketch", partial(draws.styled, "sketch"), 40 * _PER_CLASS, "shift")
_add("renditions", partial(draws.styled, None), 40 * _PER_CLASS, "shift")
_add("unusual", draws.unusual, 40 * _PER_CLASS, "shift")
for _background in ("neutral", "other"):
    _add(
        f"cue-conflict-{_background}",
        partial(draws.cue_conflict, _background),
        40 * _PER_CLASS,
        "cue conflict",
    )
    _add(
        f"shape-only-{_background}",
        partial(draws.shape_only, _background),
        20 * _PER_CLASS,
        "cue conflict control",
    )
    _add(
        f"texture-only-{_background}",
        partial(draws.texture_only, _background),
        20 * _PER_CLASS,
        "cue conflict control",
    )
_add(
    "near-ood", partial(draws.from_distribution, "wild", NEAR_OOD_NAMES), 80 * len(NEAR_OOD_NAMES), "near OOD"
)
_add("far-textures", partial(draws.painted, "texture"), 500, "far OOD")
_add("far-empty", draws.empty, 500, "far OOD")
_add("far-noise", partial(draws.painted, "noise"), 500, "far OOD")
_add("far-drawings", partial(draws.painted, "drawing"), 500, "far OOD")
for _kind in ("background", "texture", "material"):
    _add(f"hard-{_kind}", partial(draws.hard_category, _kind), 20 * _PER_CLASS, "hard category")
_add("retrieval", draws.retrieval, 520, "retrieval")
_add("hard-negatives", draws.hard_negatives, 8 * _PER_CLASS, "hard negatives")
_add("view-pairs", draws.view_pairs, 16 * _PER_CLASS, "geometric correspondence", geometry=True)
_add("scene-pairs", draws.scene_pairs, 12 * _PER_CLASS, "scene correspondence", geometry=True)
_add("part-pairs", draws.part_pairs, 12 * _PER_CLASS, "semantic correspondence", geometry=True)
_add("hard-images", partial(draw_hard, read_listing()), 20 * _PER_CLASS, "shift")


def set_spec(name: str, split: str = "test") -> SetSpec:
    """The spec of a set, or of a corrupted one such as "wild+fog_3d" (`clipkit.pocket.corrupted`).

    Raises UnknownName or BadInput for a name, corruption or split that does not exist.
    """
    source, _, corruption = name.partition("+")
    spec = SETS[source]
    if split not in SPLITS:
        raise BadInput(f"split {split!r} of pocket set {name!r}", f"use one of {', '.join(SPLITS)}")
    if split != "test":
        spec = replace(spec, split=split, seed=spec.seed + _VALIDATION_SEED)
    return corrupted_spec(spec, corruption) if corruption else spec


def load_set(name: str, split: str = "test", cache: Path | None = None, progress: bool = True) -> PocketData:
    """A set of the suite, rendered on first use and cached under $CLIPKIT_CACHE/pocket."""
    return load(set_spec(name, split), cache, progress)


def main(names: list[str]) -> None:
    """Render the named sets, or all of them."""
    for name in names or SETS:
        print(f"{name}: {len(load_set(name))} images")


if __name__ == "__main__":
    main(sys.argv[1:])
