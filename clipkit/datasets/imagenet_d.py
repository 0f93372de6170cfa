"""ImageNet-D: generated images of 113 classes in odd places, textures and materials, with a question about each.

Source: Zhang et al., CVPR 2024; chenshuang-zhang/imagenet_d (MIT, commit d8bb2df), images at zcs15/ImageNet-D. Layout:

    ROOT/background/…   ROOT/texture/…   ROOT/material/…          images
    ROOT/questions/background.csv, texture.csv, material.csv      tab-separated, one line an image

The questions' columns are `image_dir` (path of the image below ROOT), `gt_category`, and the two names that a model
ranked highest, `top1_pred_cate` and `top2_pred_cate`. They were made with the very CLIP that the published comparison
then scores: read `clipkit.sections.lmm_interaction` before you compare anybody with it.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from clipkit.errors import BadInput, MissingData
from clipkit.registry import did_you_mean

NUISANCES = ("background", "texture", "material")
COLUMNS = ("image_dir", "gt_category", "top1_pred_cate", "top2_pred_cate")


class Question(NamedTuple):
    """A question about the image at `image`, the right name, and the names to choose from, the right one first."""

    image: Path
    question: str
    answer: str
    choices: tuple[str, str]


class Questions(NamedTuple):
    """The questions of one file, and the lines that make none: `repeated` names, and images that are `missing`."""

    asked: list[Question]
    repeated: list[str]
    missing: list[str]


def read_questions(root: Path, nuisance: str) -> Questions:
    """The two-name questions of one nuisance, as published: the class, and the model's best wrong name.

    That is its first guess if wrong, else its second. Where that is the class once more, or the image is not there, the
    line is left out and named. The wording is ours. Raises MissingData for a file that is not there, BadInput for an
    unknown nuisance, other columns, or a path that leads out of `root`.
    """
    if nuisance not in NUISANCES:
        raise BadInput(f"ImageNet-D has no questions on {nuisance!r}", did_you_mean(nuisance, NUISANCES))
    path = root / "questions" / f"{nuisance}.csv"
    if not path.is_file():
        raise MissingData(f"no questions {path}", "fetch ImageNet-D: folders and questions/ in one place")
    found = Questions([], [], [])
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t")
        if missing := sorted(set(COLUMNS) - set(lines.fieldnames or ())):
            raise BadInput(
                f"{path} has no column {', '.join(missing)}", f"expected, by tabs: {', '.join(COLUMNS)}"
            )
        for line in lines:
            name, right, first, second = (line[column].strip() for column in COLUMNS)
            image, wrong = root / name, first if first != right else second
            if not image.resolve().is_relative_to(root.resolve()):
                raise BadInput(f"{path} names {name!r}, which lies outside {root}", "fetch the file again")
            if wrong.lower() == right.lower():
                found.repeated.append(name)
            elif not image.is_file():
                found.missing.append(name)
            else:
                question = f"What is the main object in this image? Choose one of: {right}, {wrong}."
                found.asked.append(Question(image, question, right, (right, wrong)))
    return found
