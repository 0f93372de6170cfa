"""Evidence on 3D corruptions from a zoo whose accuracies were planted."""

import numpy as np
import pytest
from corruption_zoo import ACCURACY, CNN, MODELS, ZERO_SHOT, on_the_line, zoo
from planted_zoo import BASELINES, named

from clipkit.claims import load
from clipkit.errors import MissingData
from clipkit.sections.pocket import corruption_3d as section


@pytest.fixture(scope="module")
def robust():
    """Convolutional towers gain two points for each severity; filtered captions gain five points everywhere."""

    def beyond(model, severity):
        return 0.02 * severity * (model in CNN) + 0.05 * model.startswith(("resnet-curated", "resnet-scored"))

    return zoo(beyond=beyond)


@pytest.fixture(scope="module")
def confounded():
    """All on one line, but convolutional towers have the higher clean accuracy."""
    return zoo(clean=lambda m: 0.7 if m in CNN else 0.5)


def test_claims_are_judged_in_the_claims_own_unit():
    assert {load()[c].unit for c in ("D2", "D3")} == {"pp"}
    assert "severity five" in load()["D2"].statistic and "filtered minus unfiltered" in load()["D3"].statistic


def test_convolutional_towers_that_withstand_more_are_found_out(robust):
    found = section.convolutional_withstand(robust)
    assert found.low > 0 and found.low < 100 * 0.10 / 0.62 < found.high
    assert found.n_models == found.n_clusters == 9
    assert "resnet-wild, convnext-wild against vit-wild" in found.note
    assert "at equal clean accuracy an advantage stays" in found.note
    change = float(found.note.split("changes by ")[1].split(" pp")[0])
    assert change == pytest.approx(100 * 0.08 / 0.62, abs=4)


def test_an_advantage_of_clean_accuracy_alone_does_not_survive_matching(confounded):
    found = section.convolutional_withstand(confounded)
    assert found.low > 0
    assert "at equal clean accuracy an advantage is not sure" in found.note


def test_without_enough_baselines_the_note_says_that_nothing_was_matched():
    found = section.convolutional_withstand(zoo(models=[*BASELINES[:2], *ZERO_SHOT]))
    assert "not matched on clean accuracy, since 2 supervised baselines" in found.note


def test_one_convolutional_recipe_is_enough_and_none_is_named():
    found = section.convolutional_withstand(zoo(models=[*BASELINES, *named("resnet-wild", "vit-wild")]))
    assert found.n_models == 6 and found.note.startswith("resnet-wild against vit-wild")
    with pytest.raises(MissingData, match="no model vit-wild"):
        section.convolutional_withstand(zoo(models=[*BASELINES, *CNN]))


def test_filtering_that_helps_is_found_and_one_that_does_not_is_not(robust, confounded):
    found = section.filtering_helps(robust)
    assert found.low > 0 and found.low < 100 * 0.05 / 0.62 < found.high and found.n_models == 6
    assert "curated +" in found.note and "scored +" in found.note
    none = section.filtering_helps(confounded)
    assert none.low < 0 < none.high
    with pytest.raises(MissingData, match="no model resnet-curated"):
        section.filtering_helps(zoo(models=[*BASELINES, *CNN, *named("vit-wild")]))


def test_the_reference_has_an_error_of_a_hundred_and_the_rest_in_proportion(robust):
    frame = section.corruption_errors("3D", robust)
    assert frame.loc[section.REFERENCE, ["value", "low", "high"]].tolist() == pytest.approx([100, 100, 100])
    assert frame.value.is_monotonic_increasing and set(frame.index) == set(MODELS)
    error = sum(1 - on_the_line(0.62, s) - 0.02 * s for s in range(1, 6))
    against = sum(1 - on_the_line(ACCURACY[section.REFERENCE], s) for s in range(1, 6))
    row = frame.loc["resnet-wild-s0"]
    assert row.low < row.value < row.high and row.value == pytest.approx(100 * error / against, abs=6)
    assert len(section.corruption_errors("2D", robust)) == len(MODELS)
    with pytest.raises(MissingData, match=section.REFERENCE):
        section.corruption_errors("3D", zoo(models=ZERO_SHOT))


def test_differences_by_severity_grow_as_planted(robust):
    frame = section.architecture_frame(robust)
    assert frame.groupby("measure").size().tolist() == [5, 5]
    beyond = frame[frame.measure == section.METRIC].set_index("severity")
    assert beyond.value.to_numpy() == pytest.approx(2.0 * np.arange(1, 6), abs=3)
    assert (beyond.low < beyond.value).all() and (beyond.value < beyond.high).all()


def test_severities_start_at_clean_pictures(robust):
    frame = section.severity_frame(robust)
    three = frame[(frame.family == "3D") & (frame.recipe == "resnet-wild")]
    assert three.severity.tolist() == [0, 1, 2, 3, 4, 5] and set(three.n_models) == {3}
    assert frame[frame.family == "2D"].severity.unique().tolist() == [0, 3, 5]
    assert (np.diff(three.value) < 0).all() and (three.low < three.value).all()


def test_contrasts_stand_for_both_measures(robust):
    for metric in (section.RETAINED, section.METRIC):
        frame = section.contrasts_on(metric, robust).set_index("id")
        assert frame.loc["architecture-vit", "effect"] < 0 < frame.loc["curation-text", "effect"]
