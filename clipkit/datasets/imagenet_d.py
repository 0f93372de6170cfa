"""ImageNet-D: generated images of 113 classes in odd places, textures and materials, with a question about each.

Source: Zhang et al., CVPR 2024; chenshuang-zhang/imagenet_d (MIT, commit d8bb2df), images at zcs15/ImageNet-D. Layout:

    ROOT/background/…   ROOT/texture/…   ROOT/material/…          images
    ROOT/questions/background.csv, texture.csv, material.csv      tab-separated, one line an image

The questions' columns are `image_dir` (path of the image below ROOT), `gt_category`, and the two names that a model
ranked highest, `top1_pred_cate` and `top2_pred_cate`. They were made with the very CLIP that the published comparison
then scores: read `clipkit.sections.lmm_interaction` before you compare anybody with it.
"""

import csv
import hashlib
from pathlib import Path
from typing import NamedTuple

from clipkit.datasets.folder import FolderImages
from clipkit.datasets.images import NO_LABEL
from clipkit.errors import BadInput, MissingData
from clipkit.registry import did_you_mean

NUISANCES = ("background", "texture", "material")
COLUMNS = ("image_dir", "gt_category", "top1_pred_cate", "top2_pred_cate")


class Question(NamedTuple):
    """A question about the image at `image`, the right name, and the two names to choose from, as they are listed."""

    image: Path
    question: str
    answer: str
    choices: tuple[str, str]


class Questions(NamedTuple):
    """The questions of one file, all names in it, and the lines that make none: `repeated` names, `missing` images."""

    asked: list[Question]
    names: set[str]
    repeated: list[str]
    missing: list[str]


class ImageNetD(FolderImages):
    """The images of the three folders; ids are paths below `root`, such as "background/…".

    questions: nuisance → its `Questions`. Images that are asked about and not there are `defects`. Raises what
    `read_questions` does.
    """

    def __init__(self, root: str | Path):
        super().__init__(root)
        self.questions = {nuisance: read_questions(self.root, nuisance) for nuisance in NUISANCES}
        self.defects = {
            image: f"asked about in {nuisance}.csv, no such file"
            for nuisance, found in self.questions.items()
            for image in found.missing
        }
        self.class_names = ()
        self._set_entries([(i, NO_LABEL) for i in self.ids if i.partition("/")[0] in NUISANCES])

    @property
    def fingerprint(self) -> str:
        """That of the images and of the questions."""
        asked = [(self.root / "questions" / f"{nuisance}.csv").read_bytes() for nuisance in NUISANCES]
        return hashlib.sha256(super().fingerprint.encode() + b"".join(asked)).hexdigest()


def question(image: Path, answer: str, choices: tuple[str, str]) -> Question:
    """The question which of two names an image shows, in our words.

    >>> question(Path("mug/1.png"), "mug", ("bottle", "mug")).question
    'What is the main object in this image? Choose one of: bottle, mug.'
    """
    text = f"What is the main object in this image? Choose one of: {', '.join(choices)}."
    return Question(image, text, answer, choices)


def read_questions(root: Path, nuisance: str) -> Questions:
    """The two-name questions of one nuisance, as published: the class, and the model's best wrong name.

    That is its first guess if wrong, else its second. Where that is the class once more, or the image is not there, the
    line is left out and named. Raises MissingData for a file that is not there, BadInput for an
    unknown nuisance, other columns, or a path that leads out of `root`.
    """
    if nuisance not in NUISANCES:
        raise BadInput(f"ImageNet-D has no questions on {nuisance!r}", did_you_mean(nuisance, NUISANCES))
    path = root / "questions" / f"{nuisance}.csv"
    if not path.is_file():
        raise MissingData(f"no questions {path}", "fetch ImageNet-D: folders and questions/ in one place")
    found = Questions([], set(), [], [])
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t")
        if missing := sorted(set(COLUMNS) - set(lines.fieldnames or ())):
            raise BadInput(
                f"{path} has no column {', '.join(missing)}", f"expected, by tabs: {', '.join(COLUMNS)}"
            )
        for line in lines:
            name, right, first, second = (line[column].strip() for column in COLUMNS)
            image, wrong = root / name, first if first != right else second
            found.names.update((right, first, second))
            if not image.resolve().is_relative_to(root.resolve()):
                raise BadInput(f"{path} names {name!r}, which lies outside {root}", "fetch the file again")
            if wrong.lower() == right.lower():
                found.repeated.append(name)
            elif not image.is_file():
                found.missing.append(name)
            else:
                found.asked.append(question(image, right, (right, wrong)))
    return found
