"""The annotations, against the counts of their release."""

import subprocess
import sys

import pytest

from clipkit.datasets import imagenet_x
from clipkit.errors import BadInput, MissingPackage

COUNTS = {
    "pose": (15064, 39974),
    "background": (14751, 35537),
    "pattern": (5972, 15478),
    "color": (6150, 13034),
    "smaller": (1450, 2873),
    "shape": (679, 1891),
    "partial_view": (638, 1500),
    "subcategory": (585, 3604),
    "texture": (282, 879),
    "larger": (150, 390),
    "darker": (122, 512),
    "object_blocking": (78, 217),
    "person_blocking": (60, 105),
    "brighter": (44, 94),
    "style": (43, 586),
    "multiple_objects": (40, 1828),
}


@pytest.mark.parametrize(("which", "column"), [("top", 0), ("multi", 1)])
def test_counts(which, column):
    frame = imagenet_x.annotations(which)
    assert len(frame) == 46_110 and frame.file_name.is_unique
    assert frame["class"].dtype == "int64" and frame["class"].nunique() == 999
    assert frame[list(imagenet_x.FACTORS)].dtypes.eq(bool).all()
    assert frame[list(imagenet_x.FACTORS)].sum().to_dict() == {
        name: pair[column] for name, pair in COUNTS.items()
    }


def test_top_is_one_factor_of_multi():
    top, multi = (
        imagenet_x.annotations(w).set_index("file_name")[list(imagenet_x.FACTORS)] for w in ("top", "multi")
    )
    assert top.sum(axis=1).max() == 1
    assert multi.sum(axis=1).mean() == pytest.approx(2.57, abs=0.005)


def test_the_package_is_read_but_never_imported():
    code = (
        "import sys; from clipkit.datasets.imagenet_x import annotations; annotations('top');"
        "sys.exit('imagenet_x' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_caller_cannot_spoil_the_next_one():
    del imagenet_x.annotations("top")["pose"]
    assert "pose" in imagenet_x.annotations("top")


def test_errors(monkeypatch):
    with pytest.raises(BadInput, match="annotations 'best' are unknown"):
        imagenet_x.annotations("best")
    monkeypatch.setattr(imagenet_x, "find_spec", lambda _: None)
    with pytest.raises(MissingPackage, match="pip install imagenet-x"):
        imagenet_x._folder()
