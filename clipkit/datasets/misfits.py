"""How a copy of a benchmark differs from its card: count, classes and file names, each named."""

from collections.abc import Iterable, Mapping

import numpy as np

from clipkit.datasets import cue_conflict, imagenet_x
from clipkit.datasets.card import DatasetCard
from clipkit.datasets.classes import ClassSet, class_set
from clipkit.datasets.images import NO_LABEL, ImageDataset

SHOWN = 5


def misfits(card: DatasetCard, images: ImageDataset, captions: Mapping[str, object] = {}) -> list[str]:
    """What is wrong, one sentence each; [] if all is as the card says. No image is read.

    Classes are compared where the card names them, file names where the card or the captions know them. In tar
    shards and Parquet files that do not keep names, names are not compared. Corrupted images of which a number is
    expected are a part on purpose, and need not have every class.
    """
    found = []
    if card.n_expected is not None and images.n_counted != card.n_expected:
        found.append(f"{images.n_counted:,} {images.counted} found, {card.n_expected:,} expected")
    found += _listed(
        "not whole", [f"{name} ({why})" for name, why in images.defects.items()], "part", "parts"
    )
    if card.classes and not (card.corruptions and card.n_expected):
        found += _classes(images, class_set(card.classes), card.partial)
    names = {i.rpartition("/")[2]: i for i in images.ids}
    known = set(captions) or _known_names(card)
    if known & names.keys():
        # Of a part on purpose no names can be expected.
        complete = captions or card.n_expected == len(known)
        found += _listed("missing", known - names.keys()) if complete else []
        found += _listed("unknown", names.keys() - known)
        found += _listed("in the folder of another class", _misplaced(card, names))
    return found


def label_positions(images: ImageDataset, classes: ClassSet) -> np.ndarray:
    """Labels as positions in `classes`, int64 (n,): by folder, or as they are where images have only numbers.

    -1 where there is no folder, or one that holds none of the classes.
    """
    if not images.class_names:
        return images.labels
    place = {folder: i for i, folder in enumerate(classes.folders)}
    table = np.array([*(place.get(folder, NO_LABEL) for folder in images.class_names), NO_LABEL])
    return table[images.labels]


def some(names: Iterable[str]) -> str:
    """The first few names, in order, and how many more there are.

    >>> some("gfedcba")
    'a, b, c, d, e and 2 more'
    """
    names = sorted(names)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _classes(images: ImageDataset, classes: ClassSet, partial: bool) -> list[str]:
    positions = label_positions(images, classes)
    inside = (positions >= 0) & (positions < len(classes))
    present = {classes.folders[i] for i in set(positions[inside].tolist())}
    labels = set(images.labels[~inside].tolist()) - {NO_LABEL}
    extra = {images.class_names[label] if images.class_names else str(label) for label in labels}
    loose = [images.ids[i] for i in np.flatnonzero(images.labels == NO_LABEL)]
    return [
        *_listed("missing", set(classes.folders) - present, "class", "classes"),
        *([] if partial else _listed("unknown", extra, "class", "classes")),
        *_listed("in no class", loose),
    ]


def _known_names(card: DatasetCard) -> set[str]:
    if card.names == "imagenet-val":
        return set(imagenet_x.validation_classes())
    if card.names == "cue-conflict":
        return {f"{name}.png" for name in cue_conflict.stimuli()}
    return set()


def _misplaced(card: DatasetCard, names: Mapping[str, str]) -> list[str]:
    """Ids whose first folder is not the class that the file name belongs to."""
    if card.names == "imagenet-val":
        classes, folders = imagenet_x.validation_classes(), imagenet_x.wnids()
        return [i for name, i in names.items() if name in classes and _folder(i) != folders[classes[name]]]
    if card.names == "cue-conflict":
        known = _known_names(card)
        return [i for name, i in names.items() if name in known and _folder(i) != cue_conflict.parse(name)[0]]
    return []


def _folder(image_id: str) -> str:
    return image_id.partition("/")[0]


def _listed(what: str, names: Iterable[str], one: str = "image", many: str = "images") -> list[str]:
    names = list(names)
    return [f"{len(names):,} {one if len(names) == 1 else many} {what}: {some(names)}"] if names else []
