"""Checks in general, and hints that single ones give to wrong answers that people do give."""

from dataclasses import replace

import numpy as np
import pytest

from clipkit.workshop import data
from clipkit.workshop.checks import doubting, extending, looking, rejecting, shortcuts, training, trusting
from clipkit.workshop.feedback import Feedback, check, choose, near, number
from clipkit.workshop.live_scene import start


@check
def three(answer):
    near(answer, 3.0, 0.01, {4.0: "One too many.", 299.0: "Write it as a share."}, "Count again.")
    return "Three."


@pytest.mark.parametrize(
    "answer, passed, told",
    [
        (3, True, "Three."),
        (np.float32(3.001), True, "Three."),
        (4, False, "your answer is 4. One too many."),
        (
            298.9,
            False,
            "Write it as a share.",
        ),  # 299 rounded as roughly as three may be, a hundred times over
        (7, False, "Count again."),
        (..., False, "where the three dots are"),
        ([...], False, "where the three dots are"),
        ({"near": 3, "far": ...}, False, "Still open: far."),
        (None, False, "does that end with `return`?"),
        ("three", False, "'three', and a number is wanted"),
        ([3, 3], False, "one finite number"),
        (float("nan"), False, "one finite number"),
    ],
)
def test_a_check_never_raises_and_never_says_just_no(answer, passed, told):
    said = three(answer)
    assert said.passed is passed and told in said.message
    assert str(said).startswith("✓ Right." if passed else "→ Not yet.")


def test_what_a_learners_code_raises_is_told():
    @check
    def runs(function):
        number(function())
        return "It ran."

    assert runs(lambda: 1 / 0) == Feedback(
        False, "Your code stopped with ZeroDivisionError: division by zero"
    )


def test_choices_take_a_letter_as_people_write_it():
    @check
    def pick(letter):
        choose(letter, "b", {"a": "Too small."})
        return "Yes."

    assert all(pick(text).passed for text in ("b", "B", " (b) ", "b)"))
    assert pick("a").message == "Too small." and "none of the letters a, b" in pick("c").message


def test_html_is_escaped():
    assert Feedback(False, "<b> & co")._repr_html_().count("&lt;b&gt; &amp; co") == 1


GAPS = ([30, 50, 20], [0.60, 0.80, 0.95], [0.70, 0.74, 0.65])


def one_bin_too_few(confidence, correct, bins):
    which = np.floor(confidence * bins).astype(int)  # 1.0 gets a bin of its own
    inside = which < bins
    return sum(abs((correct - confidence)[inside & (which == b)].sum()) for b in range(bins)) / len(
        confidence
    )


def changed(**fields):
    return replace(start("truck"), **fields)


def two_changes():
    return changed(light="dark", size="tiny")


@pytest.mark.parametrize(
    "said, told",
    [
        (lambda: trusting.ece_by_hand(0.1533, *GAPS), "weigh the distances by the counts"),
        (lambda: trusting.ece_by_hand(0.06, *GAPS), "without its sign"),
        (lambda: trusting.ece_in_code(one_bin_too_few), "confidence of exactly 1"),
        (lambda: trusting.ece_in_code(lambda *arguments: None), "does that end with `return`?"),
        (lambda: looking.softmax_by_hand(0.3615, [0.30, 0.25, 0.10], 20.0), "multiply them by the logit scale"),
        (lambda: looking.model_broken(start("truck"), "truck", data.MODELS[0]), "the scene that you began with"),
        (lambda: looking.model_broken(two_changes(), "truck", data.MODELS[0]), "You changed size, light"),
        (lambda: looking.model_broken(changed(yaw="90"), "truck", data.MODELS[0]), "a number without quotes"),
        (lambda: looking.model_broken(changed(yaw=float("nan")), "truck", data.MODELS[0]), "a number without quotes"),
        (lambda: looking.model_broken(changed(sun="low"), "truck", data.MODELS[0]), "a pair or list"),
        (lambda: looking.bars_read("mug", 90, {"mug": 0.899, "bed": 0.1}), "between 0 and 1"),
        (lambda: looking.prompt_set_made(["a zebra {}"], data.MODELS[0]), "never met 'zebra'"),
        (lambda: looking.unknown_found(["lawn"], ["lawn", "zebra"]), "1 more of them"),
        (lambda: doubting.one_draw(lambda s, rng: rng.permutation(s).mean(), [0, 1, 1, 0] * 9), "*with* replacement"),
        (lambda: doubting.one_draw(lambda s, rng: rng.choice(s, 9).mean(), [0, 1, 1, 0] * 9), "as many as there are"),
        (lambda: doubting.accuracy_counted(2, "aab", "abb"), "Divide by the number"),
        (lambda: rejecting.auroc_counted(7 / 9, [0.9, 0.6, 0.4], [0.6, 0.3, 0.2]), "count it as half"),
        (lambda: rejecting.threshold_picked(0.0, data.MODELS[0]), "go higher"),
        (lambda: rejecting.better_score(lambda c: c, data.MODELS[0]), "one score a picture"),
        (lambda: shortcuts.confound_found("d", "resnet-studio-s0"), "The pictures are the same"),
        (lambda: shortcuts.bias_by_hand(0.24, 24, 36, 100), "for *either* cue"),
        (lambda: shortcuts.controls_chosen(["a", "c"], "abc"), "outline alone"),
        (lambda: extending.balanced_accuracy(lambda p, t: float(np.mean(p == t))), "plain accuracy"),
        (lambda: extending.own_test(lambda m: None, max, {"says 1": min}), "lets one pass that says 1"),
        (lambda: extending.claim_added("[[claim]]\nverdict = 1"), "never typed"),
        (lambda: extending.above_the_line(-26, 0.9, -25, 70, 44), "what the line expects"),
        (lambda: training.recipe_written('model = "pocket-resnet"'), "24,000 pictures would be rendered"),
        (lambda: training.recipe_written("model = pocket"), "no TOML yet"),
        (lambda: training.recipe_broken('model = "pocket-resnet"'), "This is accepted"),
        (lambda: training.byte_changed(lambda folder: None), "Every byte is as it was"),
        (lambda: training.byte_changed(lambda folder: (folder / "more").touch()), "added or removed"),
        (lambda: training.loss_written(lambda i, t, s: -s * (i * t).sum() * 0 + 1), "does not depend on the images"),
        (lambda: training.identity_told(["minutes"], {"minutes": 9.0}), "leave the weights as they are"),
    ],
)  # fmt: skip
def test_a_common_slip_gets_a_hint_of_its_own(said, told):
    found = said()
    assert not found.passed and told in found.message
