"""The benchmarks of the full track: their cards, and opening those that lie below one folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.datasets.captions import read_captions
from clipkit.datasets.card import DatasetCard
from clipkit.datasets.classes import ClassSet, class_set
from clipkit.datasets.corrupted_folders import CorruptedImages
from clipkit.datasets.imagenet_d import ImageNetD
from clipkit.datasets.images import NO_LABEL, ImageDataset, list_corrupt
from clipkit.datasets.misfits import label_positions, misfits
from clipkit.datasets.navi import Navi
from clipkit.datasets.readers import list_images
from clipkit.datasets.scannet_pairs import ScanNetPairs
from clipkit.datasets.spair import SPair
from clipkit.datasets.view import View
from clipkit.errors import BadInput, MissingData
from clipkit.registry import Registry


def _read_cards() -> Registry[DatasetCard]:
    text = Path(__file__).with_name("benchmarks.toml").read_text(encoding="utf-8")
    cards: Registry[DatasetCard] = Registry("data set")
    for name, fields in tomllib.loads(text).items():
        fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
        cards.add(name, DatasetCard(name=name, **fields))
    return cards


DATASETS = _read_cards()
READERS = {"navi": Navi, "scannet-pairs": ScanNetPairs, "spair-71k": SPair, "imagenet-d": ImageNetD}
"""Benchmark → what reads its folder, where that is not one of images and classes alone."""


@dataclass(frozen=True)
class Benchmark:
    """One benchmark as it lies on disk.

    captions: file name → captions, {} where it has none.
    """

    card: DatasetCard
    path: Path
    images: ImageDataset
    captions: Mapping[str, tuple[str, ...]]

    @cached_property
    def classes(self) -> ClassSet | None:
        """What the labels index; None where images belong to no class that a model knows."""
        return class_set(self.card.classes) if self.card.classes else None

    @cached_property
    def labels(self) -> np.ndarray:
        """Positions in `classes`, int64 (n,); -1 for all images where there are none."""
        if self.classes is None:
            return np.full(len(self.images), NO_LABEL)
        return label_positions(self.images, self.classes)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per image: file_name (the last part of its id), and captions where there are any."""
        table = pd.DataFrame({"file_name": [file_name(i) for i in self.images.ids]})
        if self.captions:
            table["captions"] = [self.captions[name] for name in table.file_name]
        return table


def file_name(image_id: str) -> str:
    """The last part of an id."""
    return image_id.rpartition("/")[2]


def place_of(card: DatasetCard, root: Path) -> Path | None:
    """Where a benchmark lies below a folder of data sets: where its release unpacks to, or under its own name."""
    return next((root / place for place in (*card.places, card.name) if (root / place).exists()), None)


def find_benchmark(name: str, root: Path, n_expected: int | None = None) -> Benchmark:
    """A benchmark below `root`, listed but neither read nor checked.

    `n_expected` replaces the card's count. Raises UnknownName, MissingData (it is not there; the remedy says
    where to get it), BadInput or CorruptData (its layout, its captions).
    """
    card = DATASETS[name]
    path = place_of(card, root)
    if path is None:
        looked = ", ".join((*card.places, card.name))
        raise MissingData(f"{name} is not in {root} (looked for {looked})", f"get it: {card.get}")
    images = _read(card, path)
    images.name = name
    captions: dict[str, tuple[str, ...]] = {}
    if card.captions:
        captions = read_captions((path / card.captions).resolve())
        images = _only(images, [file_name(i) in captions for i in images.ids])
    elif card.partial and images.class_names:
        known = set(class_set(card.classes).folders)
        images = _only(images, [i.partition("/")[0] in known for i in images.ids], card.border)
    elif card.border:
        images = View(images, range(len(images)), card.border)
    if n_expected is not None:
        card = replace(card, n_expected=n_expected)
    return Benchmark(card, path, images, captions)


def open_benchmark(name: str, root: Path, n_expected: int | None = None) -> Benchmark:
    """`find_benchmark`, checked: count, classes and file names are as expected, and every file is an image.

    All bytes are read once, for the fingerprint. Raises, naming what is wrong, BadInput or CorruptData too.
    """
    found = find_benchmark(name, root, n_expected)
    problems = misfits(found.card, found.images, found.captions)
    if problems:
        raise BadInput(
            f"{name} in {found.path}: {'; '.join(problems)}",
            "complete or correct the copy; for a part on purpose state its number (--n-expected NAME=NUMBER)",
        )
    if found.images.scan.corrupt:
        raise list_corrupt(found.images.scan.corrupt, name)
    return found


def _read(card: DatasetCard, path: Path) -> ImageDataset:
    if card.corruptions:
        return CorruptedImages(path, card)
    return READERS.get(card.name, list_images)(path)


def _only(images: ImageDataset, wanted: list[bool], border: int = 0) -> View:
    return View(images, np.flatnonzero(wanted).tolist(), border)
