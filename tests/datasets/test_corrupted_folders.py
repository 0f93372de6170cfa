"""Unpacked ImageNet-C and ImageNet-3DCC in miniature."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from clipkit.datasets.benchmarks import DATASETS
from clipkit.datasets.corrupted_folders import CorruptedImages
from clipkit.errors import BadInput, MissingData
from clipkit.sections.measure import corruption_3d

NAMES = ("n01440764/ILSVRC2012_val_00000293.JPEG", "n01440764/ILSVRC2012_val_00002138.JPEG",
         "n15075141/ILSVRC2012_val_00001079.JPEG")  # fmt: skip
CARD = replace(DATASETS["imagenet-3dcc"], corruptions=("fog_3d", "flash"))


@pytest.fixture
def root(tmp_path):
    """Two corruptions of three images of two classes; the grey level tells the severity."""
    for corruption in ("fog_3d", "flash", "bit_error"):
        for severity in range(1, 6):
            for name in NAMES:
                path = tmp_path / corruption / str(severity) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.full((8, 8, 3), 40 * severity, np.uint8)).save(path)
    return tmp_path


def test_every_folder_has_the_same_images_and_other_corruptions_are_not_read(root):
    images = CorruptedImages(root, CARD)
    assert images.ids == [
        f"{c}/{s}/{name}" for c in ("flash", "fog_3d") for s in range(1, 6) for name in NAMES
    ]
    assert images.labels.tolist() == [0, 0, 1] * 10 and images.class_names == ("n01440764", "n15075141")
    assert (len(images), images.n_counted) == (30, 3)
    grey = [int(np.asarray(images[i].image).mean()) for i in range(0, 30, 3)]
    assert np.abs(np.subtract(grey, [40, 80, 120, 160, 200] * 2)).max() < 3


def test_the_cards_name_the_corruptions_that_the_section_reads():
    read = [c for name in ("imagenet-3dcc", "imagenet-c") for c in DATASETS[name].corruptions]
    assert [f"wild+{name}" for name in read] == list(corruption_3d.DATASETS[1:])


def test_what_is_not_unpacked_is_named(root):
    with pytest.raises(MissingData, match=r"near_focus/1"):
        CorruptedImages(root, DATASETS["imagenet-3dcc"])
    shutil.rmtree(root / "flash" / "4")
    with pytest.raises(MissingData, match=r"flash/4.*\n.*unpack flash; get it: datasets\.epfl"):
        CorruptedImages(root, CARD)


def test_folders_that_differ_are_refused(root):
    (root / "flash" / "2" / NAMES[0]).unlink()
    with pytest.raises(
        BadInput, match="3dcc: fog_3d/1 and flash/2 differ in 1 images, such as n01440764/ILSVRC2012_val_0"
    ):
        CorruptedImages(root, CARD)


def test_folders_that_are_no_classes_are_refused(root):
    (root / "fog_3d" / "1" / "n01440764").rename(root / "fog_3d" / "1" / "tench")
    with pytest.raises(BadInput, match="fog_3d/1: folder 'tench' is no WordNet id\n.*n01440764"):
        CorruptedImages(root, CARD)
