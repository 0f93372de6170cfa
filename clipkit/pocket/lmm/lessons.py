"""What a pocket LMM learns from, stage by stage: text, captions of images, instructions about images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clipkit.pocket.dataset import PocketData
from clipkit.pocket.instructions import (
    Instruction,
    choice_questions,
    in_view,
    random_distractors,
    training_instructions,
)
from clipkit.pocket.lmm.eye import Eye, ImageTokens
from clipkit.pocket.lmm.recipe import LmmRecipe
from clipkit.pocket.lmm.tokens import encode
from clipkit.pocket.training_sets import train
from clipkit.pocket.world.palette import CLASS_NAMES

CAPTION_QUESTION = "what is in this picture?"
RARE = ("relation", "count")  # kinds that few images allow


@dataclass(frozen=True)
class Lessons:
    """Questions and answers about images; what `fit` wants of training data."""

    said: tuple[Instruction, ...]
    tokens: ImageTokens | None
    fingerprint: str
    class_names: tuple[str, ...] = CLASS_NAMES

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of question and answer; int (n,)."""
        return np.array([len(encode(one.question)) + len(encode(one.answer)) for one in self.said])


def text_lessons(recipe: LmmRecipe) -> Lessons:
    """Every question about an image, with a caption in the image's place: to read, and to answer from what is read."""
    pool = train(recipe.data.distribution, recipe.data.pool, recipe.data.seed)
    captions = [list(four) for four in pool.table["captions"]]
    asked = [
        *instructions(recipe, pool),
        *(Instruction(i, "caption", CAPTION_QUESTION, four[i % 3]) for i, four in enumerate(captions)),
    ]
    said = [f"{captions[one.image][-1]} {one.question} {one.answer}" for one in asked]
    return Lessons(tuple(Instruction(-1, "text", "", text) for text in said), None, pool.fingerprint)


def image_lessons(recipe: LmmRecipe, stage: str, eye: Eye) -> Lessons:
    """Captions for the alignment, instructions for what follows, and the tower's tokens of their images."""
    pool = train(recipe.data.distribution, recipe.data.pool, recipe.data.seed)
    if stage == "alignment":
        said = [
            Instruction(i, "caption", CAPTION_QUESTION, text)
            for i, captions in enumerate(pool.table["captions"])
            for text in captions
        ]
    else:
        said = instructions(recipe, pool)
        for repeat in range(1, recipe.rare):
            again = training_instructions(pool.scenes, recipe.data.seed + repeat, recipe.instructions)
            said += [one for one in again if one.kind in RARE]
    return Lessons(tuple(said), eye.see(pool.images), pool.fingerprint)


def instructions(recipe: LmmRecipe, pool: PocketData) -> list[Instruction]:
    """The instructions about a pool's images, and for each a choice between its class and one by chance."""
    seed, scenes = recipe.data.seed, pool.scenes
    wrong = random_distractors(pool.labels, seed, 1, [in_view(scene) for scene in scenes])
    return [
        *training_instructions(scenes, seed, recipe.instructions),
        *choice_questions(pool.labels, wrong, seed),
    ]
