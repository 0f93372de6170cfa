"""What was planted comes back; what cannot be decided is said."""

import numpy as np
import pytest
from scipy.special import softmax

from clipkit.errors import BadInput
from clipkit.metrics import class_probabilities, shape_bias
from clipkit.pocket.oracle import OracleModel, by_prompts, exact, oracle_suite
from clipkit.sections.measure.shape_bias import (
    ALL_CLASSES,
    BACKGROUNDS,
    DATASETS,
    TWO_CUES,
    cue_conflict,
    measure,
)
from clipkit.sections.measured import DRAWS, KEY
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.stats import shared_counts


class Head(OracleModel):
    """A model with a classification head, which ignores prompts."""

    def __init__(self, name, *planted):
        super().__init__(name, *planted, prompts=False)

    def logits(self, dataset, prompts=""):
        return super().logits(dataset)


def number(found, **wanted):
    (one,) = [m for m in found if all(getattr(m, k) == v for k, v in wanted.items())]
    return one


def scores_of(followed, shape, texture, k=4):
    """One-hot scores (n, k) of decisions: 0 the shape, 1 the texture, 2 class k - 1."""
    return np.eye(k)[np.choose(followed, [shape, texture, np.full(len(shape), k - 1)])]


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_planted_bias_and_cue_accuracy_come_back(background):
    found = measure(oracle_suite("bias", shape_bias=0.25, cue_accuracy=0.5, accuracy=0.75, n=104))
    where = {"dataset": f"cue-conflict-{background}", "subset": ALL_CLASSES, "prompts": "80"}
    assert number(found, metric="shape_bias", **where).value == 0.25
    assert number(found, metric="shape_bias", **where).n == 52
    assert number(found, metric="cue_accuracy", **where).value == 0.5
    assert number(found, metric="shape_share", **where).value == 0.125
    assert number(found, metric="texture_share", **where).value == 0.375
    for control in ("shape-only", "texture-only"):
        accuracy = number(found, dataset=f"{control}-{background}", metric="accuracy")
        assert (accuracy.value, accuracy.n, accuracy.prompts) == (0.75, 104, "80")


def test_two_cues_leave_no_third_answer():
    model = oracle_suite("two", shape_bias=0.25, cue_accuracy=1.0, n=104)
    found = number(measure(model), dataset="cue-conflict-other", subset=TWO_CUES, prompts="80")
    assert (found.value, found.n) == (0.25, 104)


def test_each_prompt_set_is_asked_for():
    biases = dict(zip(PROMPT_SETS, (0.125, 0.25, 0.5, 0.75), strict=True))
    planted = by_prompts({p: exact.cue_conflict("cue-conflict-neutral", b, n=104) for p, b in biases.items()})
    found = measure(oracle_suite("prompts", planted, n=104))
    for prompts, bias in biases.items():
        for subset in (ALL_CLASSES, TWO_CUES):
            asked = {"dataset": planted.name, "subset": subset, "metric": "shape_bias", "prompts": prompts}
            assert number(found, **asked).value == bias


def test_the_rows_of_a_model_with_prompts_and_of_one_with_a_head():
    suite = oracle_suite("rows", n=52)
    with_prompts, with_head = measure(suite), measure(Head("head", *suite.sets.values()))
    assert {m.dataset for m in with_prompts} == set(DATASETS)
    for found in (with_prompts, with_head):
        assert len({tuple(getattr(m, k) for k in KEY) for m in found}) == len(found)
        assert all(m.draws.shape == (DRAWS,) for m in found)
    default = [m._replace(prompts="") for m in with_prompts if m.prompts == "80"]
    assert [m[:4] for m in default] == [m[:4] for m in with_head]
    assert {m.prompts for m in with_head} == {""}
    assert {(m.metric, m.prompts) for m in with_prompts if m.prompts != "80"} == {
        ("shape_bias", p) for p in ("1", "5", "30")
    }


def test_value_is_the_metric_and_draws_are_the_metric_of_repeated_images():
    rng = np.random.default_rng(0)
    scores, (shape, texture) = rng.normal(size=(60, 4)), rng.integers(4, size=(2, 60))
    found = cue_conflict("any", scores, shape, texture)
    plain = shape_bias(scores.argmax(1), shape, texture)
    bias, cue = (number(found, metric=m, subset=ALL_CLASSES) for m in ("shape_bias", "cue_accuracy"))
    assert (bias.value, bias.n) == (plain.shape_bias, plain.n_shape + plain.n_texture)
    assert (cue.value, cue.n) == (plain.cue_accuracy, plain.n)
    for draw in (0, 1):
        drawn = np.repeat(np.arange(60), shared_counts("any", 60, DRAWS)[draw])
        again = shape_bias(scores[drawn].argmax(1), shape[drawn], texture[drawn])
        assert bias.draws[draw] == pytest.approx(again.shape_bias)
        assert cue.draws[draw] == pytest.approx(again.cue_accuracy)


def test_a_tie_between_the_cues_counts_half():
    found = cue_conflict("ties", [[0.4, 0.4, 0.9], [0.5, 0.1, 0.0]], [0, 0], [1, 1])
    assert number(found, subset=TWO_CUES).value == 0.75
    assert number(found, subset=ALL_CLASSES, metric="cue_accuracy").value == 0.5


def test_a_classifier_of_many_classes_decides_by_its_categories():
    logits = np.log([[0.5, 0.1, 0.4, 0.0001], [0.4, 0.3, 0.2, 0.1]])  # classes 0 and 1 are dogs
    scores = class_probabilities(softmax(logits, axis=1), {"dog": [0, 1], "cat": [2], "car": [3]})
    found = cue_conflict("categories", scores, shape=[0, 0], texture=[1, 1])
    assert number(found, subset=ALL_CLASSES, metric="shape_share").value == 0.5  # by sums it would be both
    assert number(found, subset=TWO_CUES).value == 0.5


def test_intervals_cover_what_was_planted():
    truth, n, hits = {"shape_bias": 0.3, "cue_accuracy": 0.55}, 260, {"shape_bias": 0, "cue_accuracy": 0}
    rng = np.random.default_rng(1)
    shape, texture = np.zeros(n, int), np.ones(n, int)
    for _ in range(200):
        followed = rng.choice(3, n, p=[0.55 * 0.3, 0.55 * 0.7, 0.45])
        found = cue_conflict("covered", scores_of(followed, shape, texture), shape, texture)
        for metric, true in truth.items():
            low, high = np.quantile(number(found, metric=metric, subset=ALL_CLASSES).draws, [0.025, 0.975])
            hits[metric] += low <= true <= high
    assert all(0.9 <= hit / 200 <= 0.99 for hit in hits.values()), hits


def test_a_model_that_never_names_a_cue_has_no_shape_bias():
    found = cue_conflict("neither", [[0.0, 0.1, 0.9]] * 3, [0, 0, 0], [1, 1, 1])
    bias = number(found, subset=ALL_CLASSES, metric="shape_bias")
    assert np.isnan(bias.value) and np.isnan(bias.draws).all() and bias.n == 0
    assert number(found, subset=ALL_CLASSES, metric="cue_accuracy").value == 0
    assert number(found, subset=TWO_CUES).value == 0


@pytest.mark.parametrize(
    ("shape", "texture", "said"),
    [
        ([0, 1], [0, 1], "agree: shape and texture agree in all 2 trials"),
        ([0, 3], [1, 1], r"shape\[1\] is 3, but there are 3 classes"),
        ([0], [1], "sample counts differ: scores has 2, shape has 1"),
    ],
)
def test_what_no_trials_can_have(shape, texture, said):
    with pytest.raises(BadInput, match=said):
        cue_conflict("agree", np.eye(3)[:2], shape, texture)


def test_a_texture_that_is_nobodys_shape_is_named():
    short = OracleModel("short", exact.cue_conflict("cue-conflict-neutral", 0.5, n=2))
    unknown = set(short.table("cue-conflict-neutral").texture) - set(
        short.table("cue-conflict-neutral")["shape"]
    )
    with pytest.raises(BadInput, match=f"no image has the shape of '{min(unknown)}'"):
        measure(short)
