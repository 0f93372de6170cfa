"""The factors of planted answers come back, by hand and from the oracle."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import factor_accuracy
from clipkit.pocket.oracle import OracleModel, by_prompts, exact, population
from clipkit.sections.measure.visual_factors import FACTORS, counterfactuals, from_annotations, measure
from clipkit.sections.measured import DRAWS

DROPS = {"pose": 0.4, "style": 0.25, "brighter": -0.05}


@pytest.fixture(scope="module")
def planted():
    return exact.factors(0.8, DROPS, regained=0.2, n=40)


class Head(OracleModel):
    """Planted answers of a model with a head, which ignores prompts."""

    def __init__(self, *planted):
        super().__init__("head", *planted, prompts=False)

    def logits(self, dataset, prompts=""):
        return super().logits(dataset, "1")


def numbers(found, prompts="80"):
    return {(m.subset, m.metric): m for m in found if m.prompts == prompts}


def test_what_was_planted_comes_back(planted):
    found = numbers(measure(OracleModel("exact", planted)))
    assert found["base", "accuracy"].value == pytest.approx(planted.truth["accuracy/base"])
    for factor in FACTORS:
        assert found[factor, "accuracy"].value == pytest.approx(planted.truth[f"accuracy/{factor}"])
        assert found[factor, "drop"].value == pytest.approx(planted.truth[f"drop/{factor}"])
    assert found["all factors", "drop"].value == pytest.approx(sum(DROPS.values()) / 16)
    assert {m.draws.shape for m in found.values()} == {(DRAWS,)} and {m.n for m in found.values()} == {40}


def test_a_model_with_a_head_has_the_same_rows_once(planted):
    found = measure(Head(planted))
    zero_shot = measure(OracleModel("exact", planted))
    assert {m.prompts for m in found} == {""}
    assert numbers(found, "").keys() == numbers(zero_shot).keys() and len(found) == 35
    assert [m.value for m in found] == [m.value for m in zero_shot if m.prompts == "80"]


def test_smaller_sets_of_prompts_have_the_headline_numbers():
    model = OracleModel(
        "prompts", by_prompts({"1": exact.factors(0.7, {}, n=40), "80": exact.factors(0.9, {}, n=40)})
    )
    found = measure(model)
    assert len(found) == 35 + 3 * 3
    headline = {("base", "accuracy"), ("all factors", "accuracy"), ("all factors", "drop")}
    for prompts in ("1", "5", "30"):
        assert numbers(found, prompts).keys() == headline
    assert numbers(found, "1")["base", "accuracy"].value == pytest.approx(0.7)
    assert numbers(found)["base", "accuracy"].value == pytest.approx(0.9)


def test_a_scene_is_resampled_with_all_its_twins():
    """Where no twin differs from its base, no resample may show a drop, though accuracies vary."""
    found = numbers(measure(OracleModel("same", exact.factors(0.6, {}, n=40))))
    assert not found["all factors", "drop"].draws.any()
    assert found["all factors", "accuracy"].draws.std() > 0.05


def test_pairing_makes_drops_surer_than_two_separate_accuracies():
    """A tenth of the scenes is lost and none is won: the drop varies as one in ten does."""
    found = numbers(measure(OracleModel("exact", exact.factors(0.8, {"pose": 0.1}, n=40))))
    drop = found["pose", "drop"].draws.std()
    assert drop == pytest.approx(np.sqrt(0.1 * 0.9 / 40), rel=0.1)
    assert drop < 0.6 * np.hypot(found["base", "accuracy"].draws.std(), found["pose", "accuracy"].draws.std())


def test_intervals_cover_a_planted_drop():
    inside = []
    for seed in range(120):
        planted = population.factors(0.8, {"pose": 0.3}, 0.1, n=104, seed=seed)
        found = numbers(measure(Head(planted)), "")
        low, high = np.quantile(found["pose", "drop"].draws, [0.025, 0.975])
        inside.append(low <= 0.3 <= high)
    assert np.mean(inside) > 0.89


@pytest.mark.parametrize(
    ("factor", "pair", "message"),
    [
        (["pose", "pose"], [0, 1], "no image is of the base"),
        (["base", "base"], [0, 1], "all images are of the base"),
        (["base", "pose", "pose"], [3, 3, 3], "pair 3 has 2 images of 'pose'"),
        (["base", "base", "pose"], [0, 1, 0], "pair 1 has 0 images of 'pose'"),
    ],
)
def test_sets_that_are_no_pairs_are_refused(factor, pair, message):
    with pytest.raises(BadInput, match=message):
        counterfactuals(np.ones(len(factor)), factor, pair)


def test_annotated_photographs_give_the_accuracies_of_the_metric():
    rng = np.random.default_rng(0)
    correct, factors = rng.random(300) < 0.7, rng.random((300, 16)) < 0.3
    found = numbers(from_annotations(correct, factors), "")
    assert [found[f, "accuracy"].value for f in FACTORS] == pytest.approx(factor_accuracy(correct, factors))
    assert [found[f, "accuracy"].n for f in FACTORS] == factors.sum(axis=0).tolist()
    assert found["base", "accuracy"].value == pytest.approx(correct.mean())
    pose = found["pose", "accuracy"]
    assert pose.draws.std() == pytest.approx(np.sqrt(pose.value * (1 - pose.value) / pose.n), rel=0.15)


def test_twins_seen_as_photographs_give_the_same_numbers(planted):
    model = OracleModel("exact", planted)
    table = model.table("factors")
    correct = model.logits("factors").argmax(axis=1) == model.labels("factors")
    base = (table["factor"] == "base").to_numpy()
    marked = np.array([table["factor"] == f for f in FACTORS]).T[~base]
    found = numbers(from_annotations(correct[~base], marked, typical=correct[base]), "")
    paired = numbers(measure(model))
    for subset in ("base", "pose", "all factors"):
        assert found[subset, "accuracy"].value == pytest.approx(paired[subset, "accuracy"].value)
    assert found["pose", "gap"].value == pytest.approx(paired["pose", "drop"].value)


@pytest.mark.parametrize(
    ("factors", "names", "message"),
    [
        ([[1, 0], [1, 0]], ["pose", "style"], "no image carries 'style'"),
        ([[1, 1], [1, 0]], ["pose"], "1 names for 2 factors"),
    ],
)
def test_annotations_that_do_not_fit_are_refused(factors, names, message):
    with pytest.raises(BadInput, match=message):
        from_annotations([1, 0], factors, names)
