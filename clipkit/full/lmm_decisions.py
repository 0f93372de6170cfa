"""Which of two names an image of ImageNet-D shows: the published questions, and the same images under controls."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from clipkit.datasets.imagenet_d import ImageNetD, Question, question
from clipkit.datasets.view import View
from clipkit.embed import embed_images
from clipkit.lmm import CoinFlip, Lmm
from clipkit.models.model import Model
from clipkit.pocket.lmm.results import BLIND, COIN, LMM
from clipkit.sections import lmm_interaction
from clipkit.sections.lmm_interaction import PUBLISHED, Control, answers_to
from clipkit.store import EmbeddingStore
from clipkit.zeroshot import classify, stored_classifier

TEMPLATES = ("a photo of a {}",)
"""What ImageNet-D prompts CLIP with."""
CONTROLS = {
    PUBLISHED: Control("release", "right first", "wrong name of the release, right name first"),
    "release, shuffled": Control("release", "shuffled", "wrong name of the release"),
    **{name: lmm_interaction.CONTROLS[name] for name in ("own, shuffled", "random", "nearest name")},
}
"""As on the pocket track. None has a wrong name by a supervised model, whose classes are not ImageNet-D's."""
AT_ONCE = 64  # images in memory
_ORDER_SEED, _NAME_SEED = 0, 1


class Blind(Lmm):
    """The same LMM shown a grey image of the same size: what the question alone tells it."""

    def __init__(self, lmm: Lmm):
        self.lmm, self.name = lmm, f"{lmm.name}, blind"

    def _score(self, images, questions, answers):
        return self.lmm._score(_grey(images), questions, answers)

    def _generate(self, images, questions):
        return self.lmm._generate(_grey(images), questions)


class Tower:
    """What a CLIP says of the images that are asked about.

    names: all names of the questions, once each whatever their case. cosines (n, names) of images, nearest
    (names, names) of the names among themselves.
    """

    def __init__(self, model: Model, images: ImageNetD, store: EmbeddingStore, **how):
        found = images.questions.values()
        every = sorted(name for questions in found for name in questions.names)
        self.names = list({name.lower(): name for name in every}.values())
        self.place = {name.lower(): i for i, name in enumerate(self.names)}
        row = {name: i for i, name in enumerate(images.ids)}
        asked = [row[q.image.relative_to(images.root).as_posix()] for qs in found for q in qs.asked]
        classifier = stored_classifier(model, self.names, TEMPLATES, store)
        features = embed_images(model, View(images, asked), store, **how).features
        self.cosines = classify(features, classifier, 1.0)
        self.nearest = classifier.T @ classifier

    def answer(self, image: int, choices: Sequence[str]) -> str:
        """Of the names on offer the one of the higher cosine, ties to the first in `names`, however they are listed."""
        return max(
            sorted(choices, key=self._place_of), key=lambda name: self.cosines[image, self._place_of(name)]
        )

    def wrong(self, picked_by: str, image: int, right: str) -> str:
        """The best wrong name of an image by "own" cosines, "nearest" name, or at "random"."""
        scores = {
            "own": self.cosines[image],
            "nearest": self.nearest[self._place_of(right)],
            "random": np.random.default_rng([_NAME_SEED, image]).random(len(self.names)),
        }[picked_by].copy()
        scores[self._place_of(right)] = -np.inf
        return self.names[int(scores.argmax())]

    def _place_of(self, name: str) -> int:
        return self.place[name.lower()]


def questions_under(control: str, asked: Sequence[Question], tower: Tower) -> list[Question]:
    """The question about each image under one of `CONTROLS`."""
    picked_by, order, _ = CONTROLS[control]
    found = []
    for i, q in enumerate(asked):
        wrong = q.choices[1] if picked_by == "release" else tower.wrong(picked_by, i, q.answer)
        choices = (q.answer, wrong)
        if order == "shuffled" and np.random.default_rng([_ORDER_SEED, i]).random() < 0.5:
            choices = choices[::-1]
        found.append(question(q.image, q.answer, choices))
    return found


def decisions(lmm: Lmm, images: ImageNetD, tower: Tower) -> pd.DataFrame:
    """Every decision of the LMM, of the blind one, of a coin and of the tower, one row for each question and control.

    Columns: control; nuisance; image (its id); wrong; tower_right; answerer, and those of `answers_to`. The LMM alone
    also answers in words.
    """
    asked = [q for found in images.questions.values() for q in found.asked]
    nuisance = [name for name, found in images.questions.items() for _ in found.asked]
    under = {control: questions_under(control, asked, tower) for control in CONTROLS}
    answerers, parts = {LMM: lmm, BLIND: Blind(lmm), COIN: CoinFlip()}, []
    for start in range(0, len(asked), AT_ONCE):
        rows = range(start, min(start + AT_ONCE, len(asked)))
        shown = [_opened(asked[i]) for i in rows]
        for control, questions in under.items():
            own = [questions[i] for i in rows]
            common = pd.DataFrame(
                {
                    "control": control,
                    "nuisance": [nuisance[i] for i in rows],
                    "image": [q.image.relative_to(images.root).as_posix() for q in own],
                    "wrong": [next(name for name in q.choices if name != q.answer) for q in own],
                    "tower_right": [
                        tower.answer(i, q.choices) == q.answer for i, q in zip(rows, own, strict=True)
                    ],
                }
            )
            parts += [
                common.assign(answerer=name, **answers_to(answerer, shown, own, speak=name == LMM))
                for name, answerer in answerers.items()
            ]
    return pd.concat(parts, ignore_index=True)


def _opened(asked: Question) -> Image.Image:
    with Image.open(asked.image) as file:
        return file.convert("RGB")


def _grey(images: Sequence[Image.Image]) -> list[Image.Image]:
    return [Image.new("RGB", image.size, "grey") for image in images]
