"""Unpacked ImageNet-C and ImageNet-3DCC: <corruption>/<severity 1–5>/<WordNet id>/*.JPEG."""

import re
from pathlib import Path

from clipkit.datasets.card import DatasetCard
from clipkit.datasets.folder import FolderImages
from clipkit.datasets.imagenet_x import wnids
from clipkit.errors import BadInput, MissingData

SEVERITIES = ("1", "2", "3", "4", "5")
_WNID = re.compile(r"n\d{8}")


class CorruptedImages(FolderImages):
    """The images of the card's corruptions; ids are "<corruption>/<severity>/<WordNet id>/<name>".

    Labels are positions in `class_names`, the WordNet ids that are there, in their order. A cell is the folder of one
    corruption and severity: all cells hold the same images, and a card counts those of one. Other corruptions are
    not read.

    Raises MissingData naming a corruption or severity that is not there, and BadInput where folders are no
    WordNet ids, or cells hold different images.
    """

    counted = "images in each folder"

    def __init__(self, root: str | Path, card: DatasetCard):
        self.root, self.name = Path(root), card.name
        cells = {
            f"{corruption}/{severity}": _cell(self.root / corruption / severity, card)
            for corruption in card.corruptions
            for severity in SEVERITIES
        }
        (first, expected), *others = cells.items()
        for cell, images in others:
            different = sorted(set(images.ids) ^ set(expected.ids))
            if different:
                raise BadInput(
                    f"{card.name}: {first} and {cell} differ in {len(different)} images, such as {different[0]}",
                    "unpack both archives again",
                )
        self.class_names = expected.class_names
        self._cells = len(cells)
        self._set_entries(
            [
                (f"{cell}/{i}", label)
                for cell, images in cells.items()
                for i, label in zip(images.ids, images.labels.tolist(), strict=True)
            ]
        )

    @property
    def n_counted(self) -> int:
        """How many images each cell holds."""
        return len(self) // self._cells


def _cell(folder: Path, card: DatasetCard) -> FolderImages:
    where = f"{card.name}: {folder.parent.name}/{folder.name}"
    if not folder.is_dir():
        raise MissingData(
            f"{card.name}: no folder {folder}", f"unpack {folder.parent.name}; get it: {card.get}"
        )
    images = FolderImages(folder)
    foreign = [name for name in images.class_names if not _WNID.fullmatch(name)]
    if foreign:
        raise BadInput(f"{where}: folder {foreign[0]!r} is no WordNet id", f"expected such as {wnids()[0]}")
    return images
