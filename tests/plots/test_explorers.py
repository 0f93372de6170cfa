"""The data of the explorers are the numbers, pictures and points that they are said to be."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from prompt_zoo import LOSSES, asked_zoo

from clipkit.card import record_map, zoo_map
from clipkit.card.numbers import robustness_card
from clipkit.errors import UnknownName
from clipkit.models import load
from clipkit.plots.correspondence import dense_maps, views
from clipkit.plots.explorers import matches, prompts, reliability, shell, twins
from clipkit.pocket.prompt_variants import SET, TEMPLATE
from clipkit.pocket.sets import SETS as POCKET_SETS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections import natural_shifts
from clipkit.sections.measure.correspondence import SETS, pair_scores
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.sections.pocket.results import zoo_results


def data_of(html: str) -> dict:
    """What an explorer's script reads."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])


def test_no_text_ends_the_data_early():
    said = {"name": "</script><b>"}
    assert data_of(shell.explorer("x", "X", [], said)) == said


def test_what_is_chosen_at_first_must_be_among_the_options():
    choice = shell.Choice("x", "Across", ["a < b", "c"], "c")
    assert '<option value="1" selected>c</option>' in shell.explorer("x", "X", [choice], {})
    assert "a &lt; b" in shell.explorer("x", "X", [choice], {})
    with pytest.raises(UnknownName, match="'Across' has no 'accurcy'"):
        shell.explorer("x", "X", [choice._replace(chosen="accurcy")], {})


@pytest.mark.parametrize("name", ["vit-wild-s0", "linear-probe-wild-s1"])
def test_the_map_has_the_numbers_of_the_card(name):
    frame = zoo_map.headline_frame(zoo_results())
    own = frame[frame.model == name].set_index("metric")
    lines = robustness_card(name).lines
    assert set(own.index) == {line.headline.title for line in lines}
    for line in lines:
        assert own.loc[line.headline.title, ["value", "low", "high"]].tolist() == pytest.approx(
            [line.value, line.low, line.high]
        )


def marked(said: dict) -> set[str]:
    """The models of a map, each in a group by each factor, of which none is empty or looks like another."""
    for factor, kinds in enumerate(said["groups"]):
        assert {model["groups"][factor] for model in said["models"]} == set(range(len(kinds)))
        assert len(kinds) <= 42, "seven colours and six shapes tell so many apart"
    return {model["name"] for model in said["models"]}


def test_the_map_groups_all_models_and_has_a_mark_for_each_group():
    assert marked(data_of(zoo_map.zoo_map())) == set(zoo_results().said)
    with pytest.raises(UnknownName, match="'Model' has no 'resnet-wild'"):
        zoo_map.zoo_map(model="resnet-wild")


def test_the_map_of_published_results_has_the_published_numbers(public):
    said = data_of(record_map.record_map())
    assert marked(said) == set(natural_shifts.record_models().model)
    (one,) = [model for model in said["models"] if model["name"] == "ViT-L-14/openai"]
    found = dict(zip(said["metrics"], one["values"], strict=True))
    value, low, high = found["ImageNet"]
    assert value == pytest.approx(0.7554, abs=1e-3)
    assert high - low == pytest.approx(2 * 1.96 * (value * (1 - value) / 50_000) ** 0.5, abs=1.1e-3)
    (baseline,) = [model for model in said["models"] if model["name"] == "vgg16.tv_in1k"]
    assert dict(zip(said["metrics"], baseline["values"], strict=True))["COCO, text recall@1"] is None
    assert said["groups"][5][baseline["groups"][5]] == "no: it has a head of its own"


def test_twins_are_scenes_of_the_measured_set_pixel_by_pixel():
    spec = POCKET_SETS["factors"]
    at, n = CLASS_NAMES.index("fish"), len(CLASS_NAMES)
    whole = spec.draw(spec.seed, spec.n, spec.size).scenes
    assert twins.draw("factors", n).scenes[at::n] == whole[at :: spec.n]
    (scene,) = data_of(twins.twins(["fish"], ["vit-wild-s0", "cross-entropy-wild-s0"]))["scenes"]
    sheet = Image.open(BytesIO(base64.b64decode(scene["sheet"].partition(",")[2]))).convert("RGB")
    images = twins.scene_sheet("fish")
    np.testing.assert_array_equal(np.asarray(sheet), np.concatenate(list(images), axis=1))
    for model, name in enumerate(["vit-wild-s0", "cross-entropy-wild-s0"]):
        p = twins.probabilities(name, images)
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
        first = [answers[model][0] for answers in scene["answers"]]
        assert first == [[i, round(1000 * float(q[i]))] for q, i in zip(p, p.argmax(axis=1), strict=True)]
    with pytest.raises(UnknownName, match="no class 'fihs'"):
        twins.twins(["fihs"], ["vit-wild-s0"])


def test_the_band_holds_all_bins_of_a_calibrated_model_together():
    """Confidences of a bin differ, as they do in truth: the band may only become safer."""
    rng = np.random.default_rng(0)
    bins = [rng.uniform(low, low + 1 / 15, n) for low, n in ((0.2, 40), (0.5, 80), (0.8, 200), (0.93, 900))]
    found = pd.DataFrame({"n": [len(b) for b in bins], "confidence": [b.mean() for b in bins]})
    low, high = reliability.calibrated_band(found)
    accuracy = np.array([(rng.random((4000, len(b))) < b).mean(axis=1) for b in bins]).T
    assert 0.945 < ((accuracy >= low) & (accuracy <= high)).all(axis=1).mean() < 0.99


def test_there_is_a_diagram_for_each_recipe_set_and_part():
    said = data_of(reliability.reliability("resnet-wild-s1", "sketch"))
    assert "resnet-wild-s1" in said["models"] and "resnet-wild-s0" in said["models"]
    diagrams = np.array(said["diagrams"], dtype=object)
    assert diagrams.shape == (len(said["models"]), len(said["shifts"]), 2)
    found = reliability.bins(zoo_results(), "resnet-wild-s1", "sketch")
    own = diagrams[said["models"].index("resnet-wild-s1"), said["shifts"].index("sketch"), 0]
    assert [row[0] for row in own["bins"]] == found.n.tolist()
    assert [row[2] / 1000 for row in own["bins"]] == pytest.approx(found.accuracy.tolist(), abs=5e-4)


@pytest.mark.parametrize("dataset", ["view-pairs", "part-pairs"])
def test_the_points_that_count_give_the_recall_of_their_pair(dataset, monkeypatch):
    monkeypatch.setattr(matches, "POINTS", 10_000)
    said = matches.pair_data(dataset, 3, ("resnet-wild-s0", "vit-wild-s0"))
    images, _, truth = views(dataset, 3, 48)
    for m, name in enumerate(("resnet-wild-s0", "vit-wild-s0")):
        of_model = [point["found"][m] for point in said["points"]]
        scores = pair_scores(*dense_maps(load(name), images), truth, SETS[dataset])
        right = [found["right"] for found in of_model if found["kept"]]
        assert np.mean(right) == pytest.approx(scores[SETS[dataset].headline])


def test_prompts_show_every_set_and_every_template():
    table, band = asked_zoo()
    (headline,) = [h for h in prompts.prompted_headlines() if h.section == "natural shifts"]
    found = prompts.of_headline(headline, table, band)
    assert set(found) == set(band.frame.model)
    for own in found.values():
        sets = [value for value, low, high in own["sets"] if low <= value <= high]
        lost = [LOSSES[SET, size] for size in PROMPT_SETS]
        assert [sets[-1] - value for value in sets] == pytest.approx(lost, abs=1e-4)
        alone = sorted(loss for (kind, _), loss in LOSSES.items() if kind == TEMPLATE)
        assert sorted(sets[-1] - value for value in own["alone"]) == pytest.approx(alone, abs=1e-4)
