"""CLIP and LMM interaction: the same images and names to a model that sees through a tower, and to the tower itself.

The paper asks LLaVA to choose between an image's class and the name that a CLIP gets wrong. Where that CLIP is the one
it is compared with, the comparison is decided before LLaVA says a word (see `PUBLISHED`). Each of `CONTROLS` asks again
without one of the causes.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.lmm import ONE, Lmm, parse_choice
from clipkit.pocket.instructions import (
    Instruction,
    answers_of,
    choice_questions,
    hard_distractors,
    random_distractors,
)
from clipkit.pocket.world.palette import CLASS_NAMES

SECTION = "LMM interaction"
PUBLISHED, ALL_NAMES = "as published", "all names"
FAIR = "supervised"
NAME_QUESTION = "what is this?"
_ORDER_SEED, _NAME_SEED = 0, 1


class Control(NamedTuple):
    """Who picks the wrong name, whether the right one always stands first, and what that tests."""

    picked_by: str
    order: str
    about: str


CONTROLS = {
    PUBLISHED: Control("own", "right first", "wrong name by the same CLIP, right name first"),
    "own, shuffled": Control("own", "shuffled", "wrong name by the same CLIP"),
    FAIR: Control("supervised", "shuffled", "wrong name by a supervised model"),
    "random": Control("random", "shuffled", "wrong name by chance"),
    "nearest name": Control("nearest", "shuffled", "wrong name that is nearest in text"),
    ALL_NAMES: Control("", "", "all names on offer to both, none in the question"),
}
"""The published protocol, and what is changed to see which of its results remain.

In the first two, CLIP's best wrong name beats the right one exactly when its top-1 is wrong: its accuracy on two names
is its top-1 accuracy on all. Anyone else starts from one half.
"""


class Pickers(NamedTuple):
    """Logits (n, 26) by which the wrong names of n images are picked.

    own: of the CLIP that is compared; supervised: of a model that is not; nearest: how near the names' texts are.
    in_view: the classes that each image shows, none of which is a wrong name.
    """

    own: np.ndarray
    supervised: np.ndarray
    nearest: np.ndarray
    in_view: Sequence[frozenset[str]]


def questions_under(control: str, labels: np.ndarray, pickers: Pickers) -> list[Instruction]:
    """One question about each image under one of `CONTROLS`; labels int (n,), positions in CLASS_NAMES."""
    picked_by, order, _ = CONTROLS[control]
    if not picked_by:
        return [
            Instruction(i, "name", NAME_QUESTION, CLASS_NAMES[label], CLASS_NAMES)
            for i, label in enumerate(labels)
        ]
    if picked_by == "random":
        wrong = random_distractors(labels, _NAME_SEED, 1, pickers.in_view)
    else:
        seen = None if picked_by == "own" else pickers.in_view
        wrong = hard_distractors(getattr(pickers, picked_by), labels, 1, seen)
    return choice_questions(labels, wrong, _ORDER_SEED, order)


def answers_to(lmm: Lmm, images, questions: Sequence[Instruction], speak: bool) -> pd.DataFrame:
    """What an LMM answers, one row per question.

    right: whether the likeliest name is the right one; probability: of the right name among those on offer. If it may
    `speak`: said, whether its own words name the right one, a wrong one, neither or both; agrees, whether they name
    the likeliest. Else said is "" and agrees False.
    """
    scores = lmm.score(images, [q.question for q in questions], [q.choices for q in questions])
    likeliest = [q.choices[int(s.argmax())] for q, s in zip(questions, scores, strict=True)]
    right = [
        float(np.exp(s - np.logaddexp.reduce(s))[q.choices.index(q.answer)])
        for q, s in zip(questions, scores, strict=True)
    ]
    said, agrees = [""] * len(questions), [False] * len(questions)
    if speak:
        texts = lmm.generate(images, [q.question for q in questions])
        for i, (q, text) in enumerate(zip(questions, texts, strict=True)):
            option, outcome = parse_choice(text, q.choices)
            name = q.choices[option] if outcome == ONE else ""
            said[i] = ("right" if name == q.answer else "wrong") if name else outcome
            agrees[i] = name == likeliest[i]
    return pd.DataFrame(
        {
            "right": [name == q.answer for name, q in zip(likeliest, questions, strict=True)],
            "probability": np.array(right, np.float32),
            "said": said,
            "agrees": agrees,
        }
    )


def decisions(
    answerers: Mapping[str, Lmm], images, labels: np.ndarray, pickers: Pickers, speaks: str
) -> pd.DataFrame:
    """Every answerer's and CLIP's decision on every image under every control.

    answerers: name → model, of which the one called `speaks` also answers in words. Columns: control; image; mined
    (whether `pickers.supervised` is wrong); wrong (the name on offer besides the right one, "" where all are);
    tower_right (whether `pickers.own` is, given the same names); answerer, and those of `answers_to`.
    """
    found = []
    for control in CONTROLS:
        questions = questions_under(control, labels, pickers)
        two = len(questions[0].choices) == 2
        common = pd.DataFrame(
            {
                "control": control,
                "image": np.arange(len(labels), dtype=np.int16),
                "mined": pickers.supervised.argmax(1) != labels,
                "wrong": [next(n for n in q.choices if n != q.answer) if two else "" for q in questions],
                "tower_right": [
                    a == q.answer for a, q in zip(answers_of(pickers.own, questions), questions, strict=True)
                ],
            }
        )
        for name, lmm in answerers.items():
            own = answers_to(lmm, images, questions, speak=name == speaks)
            found.append(common.assign(answerer=name, **own))
    return pd.concat(found, ignore_index=True)
