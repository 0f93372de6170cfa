"""Choices read from text, and what every LMM refuses to score."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.lmm import CoinFlip, parse_choice


@pytest.mark.parametrize(
    "text, options, option, outcome",
    [
        ("mug", ["bottle", "mug"], 1, "one"),
        ("It is a MUG!", ["bottle", "mug"], 1, "one"),
        ("a mug, a mug, a mug", ["bottle", "mug"], 1, "one"),
        ("", ["bottle", "mug"], -1, "neither"),
        ("a smuggler's bottleneck", ["bottle", "mug"], -1, "neither"),
        ("a mug or a bottle", ["bottle", "mug"], -1, "both"),
        ("a coffee mug", ["coffee mug", "mug"], 0, "one"),
        ("a coffee mug and a mug", ["coffee mug", "mug"], -1, "both"),
        ("C++ (the language)", ["c", "(the language)"], 0, "one"),
    ],
)
def test_a_text_names_one_option_neither_or_both(text, options, option, outcome):
    assert parse_choice(text, options) == (option, outcome)


def test_a_synonym_stands_for_its_option():
    synonyms = {"mug": ["cup", "coffee cup"]}
    assert parse_choice("a Coffee Cup", ["bottle", "mug"], synonyms) == (1, "one")
    assert parse_choice("a cup and a mug", ["bottle", "mug"], synonyms) == (1, "one")


def test_options_that_repeat_have_no_right_answer():
    with pytest.raises(BadInput, match="the options .* repeat mug"):
        parse_choice("a mug", ["mug", "bottle", "Mug"])


@pytest.mark.parametrize(
    "images, questions, answers, message",
    [
        (2, ["a?"], [["x"]], "2 images, 1 questions, 1 lists of answers"),
        (1, ["a?"], [["x"], ["y"]], "1 images, 1 questions, 2 lists of answers"),
        (1, ["a?"], [["x", "x"]], "repeat x"),
        (1, ["a?"], [["x", ""]], "hold an empty one"),
        (1, ["a?"], [[]], "hold an empty one"),
    ],
)
def test_what_cannot_be_scored_is_named(images, questions, answers, message):
    with pytest.raises(BadInput, match=message):
        CoinFlip().score([None] * images, questions, answers)


def test_images_without_questions_are_refused_by_generate():
    with pytest.raises(BadInput, match="2 images, 1 questions"):
        CoinFlip().generate([None, None], ["a?"])
    with pytest.raises(BadInput, match="a coin has no words"):
        CoinFlip().generate([None], ["a?"])


def test_a_coin_prefers_no_place_and_gives_probabilities():
    found = np.exp(CoinFlip(3).score([None] * 4000, ["a?"] * 4000, [["x", "y"]] * 4000))
    np.testing.assert_allclose(found.sum(1), 1)
    assert abs((found[:, 0] > found[:, 1]).mean() - 0.5) < 3 * 0.5 / 4000**0.5
