"""Unpacked ImageNet-C and ImageNet-3DCC in miniature."""

import shutil

import numpy as np
import pytest
from PIL import Image

from clipkit.corruptions import COMMON, DEPTH
from clipkit.datasets.corrupted_folders import BENCHMARKS, open_cells
from clipkit.errors import BadInput, MissingData, UnknownName

NAMES = ("n01440764/ILSVRC2012_val_00000293.JPEG", "n01440764/ILSVRC2012_val_00002138.JPEG",
         "n15075141/ILSVRC2012_val_00001079.JPEG")  # fmt: skip


@pytest.fixture
def root(tmp_path):
    """Two corruptions of three images of two classes; the grey level tells the severity."""
    for corruption in ("fog_3d", "flash"):
        for severity in range(1, 6):
            for name in NAMES:
                path = tmp_path / corruption / str(severity) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.full((8, 8, 3), 40 * severity, np.uint8)).save(path)
    return tmp_path


def open_two(root, **options):
    return open_cells(
        root, "imagenet-3dcc", ["fog_3d", "flash"], **{"n_classes": 2, "n_expected": 3, **options}
    )


def test_every_cell_has_its_images_with_ids_that_match(root):
    cells = open_two(root)
    assert list(cells) == [(name, s) for name in ("fog_3d", "flash") for s in range(1, 6)]
    for (name, severity), images in cells.items():
        assert images.ids == list(NAMES) and images.labels.tolist() == [0, 0, 1]
        assert images.name == f"imagenet-3dcc/{name}/{severity}"
        assert abs(int(np.asarray(images[2].image).mean()) - 40 * severity) < 3


def test_the_benchmarks_hold_what_the_protocol_lists():
    assert len(BENCHMARKS["imagenet-3dcc"].corruptions) == 12
    assert BENCHMARKS["imagenet-3dcc"].corruptions[:6] == DEPTH
    assert len(BENCHMARKS["imagenet-c"].corruptions) == 15
    assert set(BENCHMARKS["imagenet-c"].corruptions) >= set(COMMON) - {"gaussian_blur"}


def test_what_is_not_unpacked_is_named(root):
    with pytest.raises(MissingData, match=r"near_focus/1"):
        open_cells(root, "imagenet-3dcc", n_classes=2)
    shutil.rmtree(root / "flash" / "4")
    with pytest.raises(MissingData, match=r"flash/4.*\n.*unpack flash"):
        open_two(root)


def test_a_truncated_copy_is_refused(root):
    with pytest.raises(BadInput, match="2 classes found, 1000 expected"):
        open_two(root, n_classes=1000)
    with pytest.raises(BadInput, match="3 images found, 50000 expected"):
        open_two(root, n_expected=50_000)
    (root / "flash" / "2" / NAMES[0]).unlink()
    with pytest.raises(
        BadInput, match="fog_3d/1 and flash/2 differ in 1 images, such as n01440764/ILSVRC2012_val_0"
    ):
        open_two(root, n_expected=None)


def test_folders_that_are_no_classes_are_refused(root):
    (root / "fog_3d" / "1" / "n01440764").rename(root / "fog_3d" / "1" / "tench")
    with pytest.raises(BadInput, match="fog_3d/1: folder 'tench' is no WordNet id"):
        open_two(root)


def test_unknown_names_are_explained(root):
    with pytest.raises(UnknownName, match="Did you mean imagenet-3dcc"):
        open_cells(root, "imagenet3dcc")
    with pytest.raises(BadInput, match="no corruption 'fog'\n.*Did you mean fog_3d"):
        open_cells(root, "imagenet-3dcc", ["fog"])
