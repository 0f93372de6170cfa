"""Rendered sets through the interface of every other data set, so that whatever embeds a folder embeds them."""

import io
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from clipkit.datasets.images import ImageDataset, Sample, Scan
from clipkit.pocket.cards import PREFIX, address, pocket_card
from clipkit.pocket.dataset import PocketData, SetSpec, set_folder
from clipkit.pocket.sets import load_set
from clipkit.pocket.store import MANIFEST
from clipkit.pocket.world.palette import CLASS_NAMES


class PocketImages(ImageDataset):
    """The images of a rendered set; ids are positions in its table, "000000", "000001", …

    Labels index CLASS_NAMES, -1 for none of them. Pixels come straight from the memory-mapped array, which
    a pickle does not carry: each process maps it anew. The fingerprint is that of the set.
    """

    def __init__(self, data: PocketData):
        self.name = address(data.name, data.split)
        self.ids = [f"{i:06d}" for i in range(len(data))]
        self.labels = data.labels
        self.class_names = CLASS_NAMES
        # Its files were compared with their checksums when the set was loaded.
        self.scan = Scan(data.fingerprint, {})
        self._path = data.folder / "images.npy"

    @cached_property
    def pixels(self) -> np.ndarray:
        """All images, uint8 (n, size, size, 3), memory-mapped."""
        return np.load(self._path, mmap_mode="r")

    def __getstate__(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "pixels"}

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.ids[index], Image.fromarray(self.pixels[index]), int(self.labels[index]))

    def read(self, index: int) -> bytes:
        """The image as PNG."""
        encoded = io.BytesIO()
        self[index].image.save(encoded, "PNG")
        return encoded.getvalue()


def open_pocket(
    name: str, split: str = "test", cache: Path | None = None, progress: bool = True
) -> PocketImages:
    """A set of the suite as a data set, rendered on first use.

    Raises UnknownName or BadInput for a set or split that does not exist, and CorruptData if a file of the
    cache was changed.
    """
    card = pocket_card(name, split)
    images = PocketImages(load_set(name, split, cache, progress))
    card.check(len(images), images.fingerprint)
    return images


def open_address(text: str) -> PocketImages:
    """The set behind an address, "pocket:NAME" or "pocket:NAME/SPLIT"; raises what `open_pocket` does."""
    name, _, split = text.removeprefix(PREFIX).partition("/")
    return open_pocket(name, split or "test")


def is_rendered(spec: SetSpec, cache: Path | None = None) -> bool:
    """Whether the set lies in the cache; its bytes are not looked at."""
    return (set_folder(spec, cache) / MANIFEST).is_file()
