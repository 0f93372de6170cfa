"""The questions under each control are what they are said to be; the published artefact is there by construction."""

import numpy as np
import pandas as pd
import pytest

from clipkit.lmm import CoinFlip, Lmm
from clipkit.pocket.instructions import Instruction
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections.lmm_interaction import (
    ALL_NAMES,
    CONTROLS,
    PUBLISHED,
    Pickers,
    answers_to,
    decisions,
    questions_under,
)

N = 400
LABELS = np.arange(N) % len(CLASS_NAMES)


@pytest.fixture(scope="module")
def pickers():
    """A CLIP that is right on a third of the images, another model, and names near those that follow them."""
    rng = np.random.default_rng(0)
    own, other = rng.normal(size=(2, N, len(CLASS_NAMES)))
    own[np.arange(N), LABELS] += 1.5
    distance = (np.arange(len(CLASS_NAMES)) - LABELS[:, None]) % len(CLASS_NAMES)
    in_view = [frozenset({CLASS_NAMES[label], CLASS_NAMES[label - 1]}) for label in LABELS]
    return Pickers(own, other, -distance.astype(float), in_view)


class Knows(Lmm):
    """Prefers the right name of every question, and says what it is told to say."""

    name = "knows"

    def __init__(self, right, texts=()):
        self.right, self.texts = right, texts

    def _score(self, images, questions, answers):
        return [
            (np.array([0.0 if a == r else -1.0 for a in own]), np.ones(len(own)))
            for own, r in zip(answers, self.right, strict=True)
        ]

    def _generate(self, images, questions):
        return list(self.texts)


@pytest.mark.parametrize("control", CONTROLS)
def test_each_control_offers_the_right_name_among_different_ones(control, pickers):
    questions = questions_under(control, LABELS, pickers)
    assert [q.answer for q in questions] == [CLASS_NAMES[label] for label in LABELS]
    assert all(q.answer in q.choices and len(set(q.choices)) == len(q.choices) for q in questions)
    assert {len(q.choices) for q in questions} == ({26} if control == ALL_NAMES else {2})
    first = np.mean([q.choices[0] == q.answer for q in questions])
    assert first == 1 if control == PUBLISHED else first < 0.6
    if CONTROLS[control].picked_by in ("supervised", "random", "nearest"):
        wrong = [next(n for n in q.choices if n != q.answer) for q in questions]
        assert not any(name in seen for name, seen in zip(wrong, pickers.in_view, strict=True))


def test_the_nearest_name_is_the_nearest_that_is_not_in_view(pickers):
    questions = questions_under("nearest name", LABELS, pickers)
    following = [CLASS_NAMES[(label + 1) % len(CLASS_NAMES)] for label in LABELS]
    assert all(name in q.choices for name, q in zip(following, questions, strict=True))


def test_on_its_own_wrong_names_a_clip_scores_its_top_1_and_a_coin_one_half(pickers):
    found = decisions({"coin": CoinFlip()}, [None] * N, LABELS, pickers, speaks="")
    by = found.groupby("control")
    top1 = (pickers.own.argmax(1) == LABELS).mean()
    assert 0.2 < top1 < 0.45, "a hard set"
    for control in (PUBLISHED, "own, shuffled", ALL_NAMES):
        assert by.get_group(control).tower_right.mean() == top1
    for control in ("supervised", "random", "nearest name"):
        assert by.get_group(control).tower_right.mean() > top1 + 0.2
    error = 3 * 0.5 / N**0.5
    assert all(abs(by.get_group(c).right.mean() - 0.5) < error for c in CONTROLS if c != ALL_NAMES)
    assert by.get_group(PUBLISHED).right.mean() > top1 + error / 3, "the coin appears to win"
    assert by.get_group(ALL_NAMES).right.mean() < 0.1
    assert (found.said == "").all() and not found.agrees.any()


def test_whoever_knows_is_right_and_every_outcome_of_its_words_is_told():
    questions = [Instruction(i, "choice", "mug or bottle?", "mug", ("mug", "bottle")) for i in range(4)]
    texts = ["mug", "a bottle", "no idea", "mug or bottle"]
    found = answers_to(Knows(["mug", "mug", "bottle", "mug"], texts), [None] * 4, questions, speak=True)
    assert found.right.tolist() == [True, True, False, True]
    assert found.said.tolist() == ["right", "wrong", "neither", "both"]
    assert found.agrees.tolist() == [True, False, False, False]
    sure = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(found.probability, [sure, sure, 1 - sure, sure], rtol=1e-6)


def test_decisions_have_a_row_for_each_answerer_image_and_control(pickers):
    right = [CLASS_NAMES[label] for label in LABELS]
    found = decisions({"coin": CoinFlip(), "knows": Knows(right)}, [None] * N, LABELS, pickers, speaks="")
    assert (
        len(found) == 2 * N * len(CONTROLS) and not found.duplicated(["answerer", "control", "image"]).any()
    )
    assert found[found.answerer == "knows"].right.all()
    wrong = found[found.control != ALL_NAMES].wrong
    assert wrong.isin(CLASS_NAMES).all() and (found[found.control == ALL_NAMES].wrong == "").all()
    mined = pd.Series(pickers.supervised.argmax(1) != LABELS)
    assert (found.groupby("image").mined.first() == mined).all()
