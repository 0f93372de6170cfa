"""Unpacked ImageNet-C and ImageNet-3DCC: <corruption>/<severity 1–5>/<WordNet id>/*.JPEG."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clipkit.corruptions import DEPTH
from clipkit.datasets.folder import FolderImages
from clipkit.errors import BadInput, MissingData
from clipkit.registry import Registry, did_you_mean

SEVERITIES = ("1", "2", "3", "4", "5")
_WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class CorruptedCard:
    """A benchmark of corrupted ImageNet validation images: its corruptions, those of depth first where it has them."""

    name: str
    corruptions: tuple[str, ...]
    licence: str
    get: str


BENCHMARKS: Registry[CorruptedCard] = Registry("corruption benchmark")
BENCHMARKS.add(
    "imagenet-3dcc",
    CorruptedCard(
        "imagenet-3dcc",
        (*DEPTH, "color_quant", "low_light", "iso_noise", "bit_error", "h265_abr", "h265_crf"),
        "CC-BY-NC 4.0 (code)",
        "datasets.epfl.ch/3dcc: twelve archives under imagenet_3dcc",
    ),
)
BENCHMARKS.add(
    "imagenet-c",
    CorruptedCard(
        "imagenet-c",
        ("gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur",
         "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
        "CC-BY 4.0",
        "zenodo.org/records/2235448: blur, digital, noise and weather archives",
    ),
)  # fmt: skip


def open_cells(
    root: str | Path,
    benchmark: str,
    corruptions: Sequence[str] = (),
    *,
    n_classes: int = 1000,
    n_expected: int | None = None,
) -> dict[tuple[str, int], FolderImages]:
    """(corruption, severity) → its images, for those of `corruptions`, or all of the benchmark's if none are named.

    Labels count WordNet ids in their order, which is ImageNet's. Image ids are "<WordNet id>/<name>", so those of
    two cells, and of the clean validation set, can be matched. n_expected: how many images each cell must hold.

    Raises MissingData naming a corruption or severity that is not there, and BadInput where folders are no
    WordNet ids, classes or images are not as many as they should be, or cells hold different images.
    """
    root, card = Path(root), BENCHMARKS[benchmark]
    for name in set(corruptions) - set(card.corruptions):
        raise BadInput(f"{card.name} has no corruption {name!r}", did_you_mean(name, card.corruptions))
    cells = {}
    for name in corruptions or card.corruptions:
        for severity in SEVERITIES:
            folder = root / name / severity
            if not folder.is_dir():
                raise MissingData(f"{card.name}: no folder {folder}", f"unpack {name} from {card.get}")
            cells[name, int(severity)] = _cell(folder, card, n_classes, n_expected)
    (first, expected), *others = cells.items()
    for cell, images in others:
        different = sorted(set(images.ids) ^ set(expected.ids))
        if different:
            where = " and ".join("/".join(map(str, c)) for c in (first, cell))
            raise BadInput(
                f"{card.name}: {where} differ in {len(different)} images, such as {different[0]}",
                "unpack both archives again",
            )
    return cells


def _cell(folder: Path, card: CorruptedCard, n_classes: int, n_expected: int | None) -> FolderImages:
    images = FolderImages(folder)
    images.name = f"{card.name}/{folder.parent.name}/{folder.name}"
    foreign = [name for name in images.class_names if not _WNID.fullmatch(name)]
    if foreign:
        raise BadInput(f"{images.name}: folder {foreign[0]!r} is no WordNet id", "expected such as n01440764")
    for what, found, wanted in (
        ("classes", len(images.class_names), n_classes),
        ("images", len(images), n_expected),
    ):
        if wanted is not None and found != wanted:
            raise BadInput(f"{images.name}: {found} {what} found, {wanted} expected", "complete the copy")
    return images
