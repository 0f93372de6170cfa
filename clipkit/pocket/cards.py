"""The rendered sets as data set cards: one for each set of the suite and each split."""

from clipkit.datasets.card import DatasetCard
from clipkit.pocket.dataset import SPLITS, SetSpec
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.sets import SETS, set_spec
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.registry import Registry

PREFIX = "pocket:"
_IMAGES_PER_DRAW = {
    "factors": 1 + len(FACTORS),
    "hard-negatives": len(KINDS),
    "view-pairs": 2,
    "scene-pairs": 2,
    "part-pairs": 2,
}


def n_images(spec: SetSpec) -> int:
    """Number of images of a set of the suite; `spec.n` counts draws, and some give several images."""
    return spec.n * _IMAGES_PER_DRAW.get(spec.name, 1)


def address(name: str, split: str = "test") -> str:
    """What names a set wherever a path to images is asked for.

    >>> address("wild"), address("wild", "validation")
    ('pocket:wild', 'pocket:wild/validation')
    """
    return f"{PREFIX}{name}" if split == "test" else f"{PREFIX}{name}/{split}"


def pocket_card(name: str, split: str = "test") -> DatasetCard:
    """The card of one set; raises UnknownName or BadInput for a set or split that does not exist.

    >>> card = pocket_card("factors")
    >>> card.name, card.task, card.n_expected
    ('pocket:factors', 'visual factors', 5304)
    """
    spec = set_spec(name, split)
    return DatasetCard(
        name=address(name, split),
        task=spec.task,
        class_names=CLASS_NAMES,
        n_expected=n_images(spec),
        licence="MIT",
        get=f"clipkit pocket render {name}" + ("" if split == "test" else f" --split {split}"),
        layout=f"images.npy (n, {spec.size}, {spec.size}, 3) uint8, table.parquet, manifest.json",
    )


def pocket_datasets() -> Registry[DatasetCard]:
    """Every set and split of the suite, by address."""
    cards = [pocket_card(name, split) for split in SPLITS for name in SETS]
    return Registry("pocket set", {card.name: card for card in cards})
