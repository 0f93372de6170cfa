"""The explorers: their functions without widgets, then their widgets by the widgets' own means."""

import re

import numpy as np
import pytest
from scipy.special import softmax

from clipkit.errors import BadInput, UnknownName
from clipkit.metrics import auroc
from clipkit.workshop import data, live_prompt, live_scene, live_temperature, live_threshold
from clipkit.workshop.explorer import NOTE

MODEL = data.MODELS[0]


def test_a_scene_is_what_the_controls_say():
    scene = live_scene.arrange("bus", yaw=30, elevation=60, light="dark", texture="giraffe", occluder="crate")
    assert (scene.label, scene.yaw, scene.elevation, scene.light) == ("bus", 30, 60, "dark")
    assert scene.pattern == "cracked" and scene.texture_of == "giraffe" and scene.repaint
    assert scene.occluder.kind == "crate"
    assert live_scene.arrange("bus").occluder is None
    assert live_scene.arrange("bus", texture="grey").colour == "gray"


def test_a_look_asks_each_model_about_the_picture_that_the_scene_gives():
    seen = live_scene.look(live_scene.start("truck"), data.MODELS[:2])
    assert seen.image.shape == (48, 48, 3)
    assert list(seen.answers) == list(data.MODELS[:2])
    assert all(sum(p.values()) == pytest.approx(1) for p in seen.answers.values())
    assert seen.said(MODEL) == "truck"


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"label": "zebra"}, "unknown class 'zebra'"),
        ({"label": "bus", "light": "darkk"}, "Did you mean dark"),
        ({"label": "bus", "texture": "silk"}, "unknown texture 'silk'"),
        ({"label": "bus", "occluder": "wall"}, "unknown occluder 'wall'"),
    ],
)
def test_a_scene_refuses_words_it_does_not_know(wrong, told):
    with pytest.raises(UnknownName) as caught:
        live_scene.arrange(**wrong)
    assert told in str(caught.value)


def test_no_model_is_refused():
    with pytest.raises(BadInput, match="no model is chosen"):
        live_scene.look(live_scene.start("bus"), [])


@pytest.mark.parametrize(
    "text, told",
    [
        ("   ", "The prompt is empty"),
        ("a photo", "has 0 places for the class"),
        ("{} and {}", "has 2 places for the class"),
        ("a photo of a zebra and a {}", "These models never met 'zebra'"),
        ("a " * 30 + "{}", "31 words are more than these models read"),
    ],
)
def test_a_prompt_is_refused_politely(text, told):
    with pytest.raises(BadInput) as caught:
        live_prompt.check_template(text)
    assert told in caught.value.problem and caught.value.remedy


def test_probabilities_are_those_of_the_model_and_move_with_the_prompt():
    said = live_prompt.probabilities("a photo of a {}", 4, MODEL)
    expected = softmax(data.logits(MODEL, "wild")[4])
    np.testing.assert_allclose(list(said.values()), expected, rtol=1e-5)
    moved = live_prompt.probabilities("  a sketch of a {} ", 4, MODEL)
    assert abs(np.array(list(moved.values())) - expected).max() > 0.01
    with pytest.raises(BadInput, match="no picture 9999"):
        live_prompt.probabilities("a {}", 9999, MODEL)


def test_a_temperature_leaves_accuracy_and_moves_confidence():
    logits, labels = data.logits("resnet-studio-s0", "wild"), data.labels("wild")
    plain, warm = (live_temperature.calibrated(logits, labels, t) for t in (1, 5))
    assert plain.accuracy == warm.accuracy
    assert warm.confidence < plain.confidence and warm.ece < plain.ece and warm.nll < plain.nll
    assert plain.bins.count.sum() == len(labels)
    with pytest.raises(BadInput, match="temperature of 0 cannot be"):
        live_temperature.calibrated(logits, labels, 0)


def test_a_threshold_lets_in_the_share_that_was_asked_for():
    known, foreign = (live_threshold.scores(MODEL, name) for name in ("wild", "near-ood"))
    found = live_threshold.gate(known, foreign, np.quantile(known, 0.05, method="lower"))
    assert found.tpr == pytest.approx(0.95, abs=1 / len(known))
    assert found.fpr == np.mean(foreign >= np.quantile(known, 0.05, method="lower"))
    assert found.auroc == auroc(known, foreign)
    assert live_threshold.gate(known, foreign, -1)[:2] == (1, 1)
    for wrong, told in (({"share": 120}, "120 per cent"), ({"share": -1}, "-1 per cent")):
        with pytest.raises(BadInput, match=told):
            live_threshold.page(**wrong)
    with pytest.raises(UnknownName, match="unknown score 'odin'"):
        live_threshold.scores(MODEL, "wild", "odin")
    with pytest.raises(BadInput, match="threshold of nan"):
        live_threshold.gate(known, foreign, float("nan"))


def test_the_slider_chooses_on_validation_pictures_and_tells_of_test_pictures():
    threshold = np.quantile(live_threshold.scores(MODEL, "wild/validation"), 0.05, method="lower")
    known, foreign = (live_threshold.scores(MODEL, name) for name in ("wild", "near-ood"))
    found, shown = live_threshold.gate(known, foreign, threshold), live_threshold.page(95.0)
    assert f"Threshold {threshold:.4f}" in shown and f"<td>{found.tpr:.1%}</td>" in shown


def test_the_explorer_begins_where_the_exercise_does():
    controls, base = live_scene.explore("truck", [MODEL]).controls, live_scene.start("truck")
    assert (controls["yaw"].value, controls["elevation"].value) == (round(base.yaw), round(base.elevation))


def test_what_the_teacher_is_told_of_the_truck():
    """Turning and occluders break nothing; glaring light does, a steep look from above, most other surfaces."""

    def broken(field, values):
        start = {"yaw": -86, "elevation": 30}
        looks = [live_scene.look(live_scene.arrange("truck", **start | {field: v}), [MODEL]) for v in values]
        return [v for v, seen in zip(values, looks, strict=True) if seen.said(MODEL) != "truck"]

    assert not broken("yaw", range(-180, 180, 30)) and not broken("occluder", live_scene.OCCLUDERS)
    assert broken("light", ["dark", "dim", "bright", "glaring"]) == ["glaring"]
    assert broken("elevation", [60, 70, 75, 80]) == [60, 70, 75, 80]
    assert len(broken("texture", ["bus", "car", "giraffe", "house", "duck"])) >= 4


@pytest.mark.parametrize(
    "explore, moves",
    [
        (
            live_scene.explore,
            {"yaw": 120, "elevation": 70, "light": "dark", "texture": "bus", "occluder": "person"},
        ),
        (live_prompt.explore, {"template": "a sketch of a {}", "index": 30, "model": "vit-wild-s0"}),
        (live_temperature.explore, {"temperature": 4.0, "model": "vit-wild-s0", "name": "studio"}),
        (live_threshold.explore, {"share": 50, "foreign": "far-textures", "score": "largest cosine"}),
    ],
    ids=["scene", "prompt", "temperature", "threshold"],
)
def test_each_control_moves_the_view(explore, moves):
    explorer = explore()
    assert set(moves) <= set(explorer.controls)
    for name, value in moves.items():
        before = explorer.view.value
        explorer.controls[name].value = value
        assert explorer.view.value != before, name


def test_a_bad_value_is_answered_where_the_picture_was():
    explorer = live_prompt.explore()
    explorer.controls["template"].value = "a zebra {}"
    assert "never met" in explorer.view.value and "<img" not in explorer.view.value
    explorer.controls["template"].value = "a photo of a {}"
    assert "<img" in explorer.view.value


@pytest.mark.parametrize("module", [live_scene, live_prompt, live_temperature, live_threshold])
def test_on_a_static_page_a_picture_stands_with_a_note(module):
    shown = module.explore()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    still = shown["text/html"]
    assert NOTE in still and re.search(
        r"<img [^>]*alt=\"[^\"]{10,}|<svg role='img' aria-label='[^']{10,}", still
    )
    assert "<table" in still or "<p>accuracy" in still  # the same numbers as text
