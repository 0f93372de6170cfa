import re

import numpy as np
import pandas as pd
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import class_probabilities, shape_bias

CLASSES = np.array(["cat", "dog", "car", "oven"])


def test_equals_a_count_by_hand_in_pandas():
    rng = np.random.default_rng(0)
    trials = pd.DataFrame(CLASSES[rng.integers(0, 4, (500, 3))], columns=["decision", "shape", "texture"])
    kept = trials[trials["shape"] != trials["texture"]]
    n_shape = len(kept.query("decision == shape"))
    n_texture = len(kept.query("decision == texture"))
    found = shape_bias(trials["decision"], trials["shape"], trials["texture"])
    assert found.n_shape == n_shape and found.n_texture == n_texture and found.n == len(kept) < 500
    assert found.shape_bias == n_shape / (n_shape + n_texture)
    assert found.cue_accuracy == (n_shape + n_texture) / len(kept)


def test_known_truth_is_recovered():
    """Of 20,000 deciders 60 % choose a cue, and of those 3 in 4 the shape."""
    rng = np.random.default_rng(1)
    shape = rng.integers(0, 16, 20_000)
    texture = (shape + rng.integers(1, 15, 20_000)) % 16
    other = np.full(20_000, 99)
    draw = rng.random(20_000)
    found = shape_bias(np.where(draw < 0.45, shape, np.where(draw < 0.6, texture, other)), shape, texture)
    assert found.shape_bias == pytest.approx(0.75, abs=0.012)  # 3 standard errors
    assert found.cue_accuracy == pytest.approx(0.60, abs=0.011)


def test_neither_cue_chosen_is_nan():
    found = shape_bias(["oven", "oven"], ["cat", "dog"], ["dog", "cat"])
    assert np.isnan(found.shape_bias) and found.cue_accuracy == 0 and found.n == 2


def test_no_conflict_is_an_error():
    with pytest.raises(BadInput, match="agree in all 2 trials\n.*cue-conflict"):
        shape_bias(["cat", "dog"], ["cat", "dog"], ["cat", "dog"])


def test_mean_not_sum_over_members():
    p = np.array([[0.15, 0.15, 0.15, 0.25, 0.30]])
    coarse = class_probabilities(p, {"dog": [0, 1, 2], "cat": [3], "car": [4]})
    np.testing.assert_allclose(coarse, [[0.15, 0.25, 0.30]])
    assert coarse.argmax() == 2, "the sum would have chosen dog"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({}, "members is empty"),
        ({"dog": [0, 9]}, r"members\['dog'\]\[1\] is 9, but there are 2 classes"),
        ({"dog": [0, 0]}, r"members\['dog'\] holds 0 more than once"),
    ],
)
def test_wrong_members_are_named(members, text):
    with pytest.raises(BadInput, match=text):
        class_probabilities([[0.5, 0.5]], members)


def test_published_shape_bias_of_people(shared):
    """Ten observers of Geirhos et al. have a mean shape bias of 0.958, between 0.919 and 0.987."""
    folder = shared / "records/bethgelab/model-vs-human/raw-data/cue-conflict"
    found = []
    for path in sorted(folder.glob("*.csv")):
        trials = pd.read_csv(path)
        texture = [re.search(r"-([a-z]+)\d+\.png$", name)[1] for name in trials["imagename"]]
        found.append(shape_bias(trials["object_response"].fillna("none"), trials["category"], texture))
    assert [f.n for f in found] == [1200] * 10
    values = [f.shape_bias for f in found]
    assert np.mean(values) == pytest.approx(0.958, abs=5e-4)
    assert (min(values), max(values)) == pytest.approx((0.919, 0.987), abs=5e-4)
