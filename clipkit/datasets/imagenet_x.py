"""ImageNet-X: which factor makes a validation image unlike the typical images of its class.

Source: Idrissi et al., ICLR 2023; the annotations (CC-BY-NC 4.0) lie inside the package `imagenet-x` and are
read as files, because importing that package fails on current numpy.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from clipkit.errors import BadInput, MissingPackage

FACTORS = ("pose", "background", "pattern", "color", "smaller", "shape", "partial_view", "subcategory",
           "texture", "larger", "darker", "object_blocking", "person_blocking", "style", "brighter",
           "multiple_objects")  # fmt: skip
ANNOTATIONS = ("top", "multi")


def annotations(which: str = "top") -> pd.DataFrame:
    """The annotated validation images: 46,110 rows of file_name, class, and one bool column per factor.

    which: "top" marks the one factor the annotator found most salient, "multi" all that apply (2.57 a image
    on average). class is the ImageNet index, 0 to 999. The 2,758 annotated prototypes, typical images that
    the others were compared with, are left out as in the reference implementation. Raises BadInput for
    another `which`, MissingPackage without `imagenet-x`.

    >>> frame = annotations("top")
    >>> len(frame), int(frame["pose"].sum()), int(frame["multiple_objects"].sum())
    (46110, 15064, 40)
    """
    if which not in ANNOTATIONS:
        raise BadInput(f"ImageNet-X annotations {which!r} are unknown", "use 'top' or 'multi'")
    return _annotations(which).copy()


@cache
def _annotations(which: str) -> pd.DataFrame:
    folder = _folder()
    frame = pd.read_json(
        folder / f"imagenet_x_val_{which}_factor.jsonl", lines=True, dtype={"class": "int64"}
    )
    prototypes = pd.read_csv(folder / "prototypical_paths.csv").file_name
    frame = frame.loc[~frame.file_name.isin(prototypes), ["file_name", "class", *FACTORS]]
    return frame.astype(dict.fromkeys(FACTORS, bool)).reset_index(drop=True)


@cache
def wnids() -> tuple[str, ...]:
    """The WordNet ids of ImageNet's thousand classes, in the order of a classifier's logits.

    >>> len(wnids()), wnids()[0]
    (1000, 'n01440764')
    """
    lines = (_folder() / "imagenet_labels.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.partition(",")[0] for line in lines)


@cache
def validation_classes() -> dict[str, int]:
    """File name → class of all 50,000 validation images, annotated or not.

    >>> len(validation_classes()), validation_classes()["ILSVRC2012_val_00000293.JPEG"]
    (50000, 0)
    """
    table = pd.read_csv(_folder() / "filename_label.csv")
    return dict(zip(table.file_name, table.label.tolist(), strict=True))


def _folder() -> Path:
    spec = find_spec("imagenet_x")
    if spec is None:
        raise MissingPackage("the ImageNet-X annotations are not installed", "pip install imagenet-x")
    return Path(spec.submodule_search_locations[0]) / "annotations"
