"""What was planted in a made-up zoo comes back as evidence, with its sign, clusters and notes."""

import numpy as np
import pytest
from correspondence_zoo import CONTROLS, LEVELS, zoo

from clipkit.errors import MissingData
from clipkit.sections.measure.correspondence import ALL, MATCHED, SECTION, SETS, bins_of
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket import correspondence as section

CONVOLUTIONAL = 100 * (np.mean([LEVELS["resnet-wild"], LEVELS["convnext-wild"]]) - LEVELS["vit-wild"])


@pytest.fixture(scope="module")
def table():
    return zoo(matched={"vit-wild": -0.05})


def without(table, *recipes):
    keep = ~table.frame.model.str.rpartition("-s")[0].isin(recipes).to_numpy()
    return MeasuredTable(table.frame[keep].reset_index(drop=True), table.draws[keep], {})


def test_convolutional_towers_are_compared_with_transformers(table):
    found = section.convolutional_find_more(table)
    assert found.low < CONVOLUTIONAL < found.high and found.low > 0 and found.p < 0.01
    assert abs(found.effect - CONVOLUTIONAL) < 1 and found.high - found.low < 3
    assert (found.n_models, found.n_clusters) == (9, 9)
    assert found.note.startswith("convnext-wild, resnet-wild on 6 × 6 cells against vit-wild on 12 × 12")
    for said in ("objects +", "scenes +", "parts +", "the hybrid edgenext-wild +"):
        assert said in found.note
    on_one = float(found.note.split("on one grid of 6 × 6 ")[1].split(" ")[0])
    assert on_one == pytest.approx(CONVOLUTIONAL + 5, abs=1)


def test_the_sign_is_that_of_the_zoo():
    found = section.convolutional_find_more(zoo({**LEVELS, "vit-wild": 0.5}))
    assert found.high < 0


def test_a_convnext_that_is_not_trained_yet_is_not_waited_for_but_the_transformer_is(table):
    found = section.convolutional_find_more(without(table, "convnext-wild", "edgenext-wild"))
    assert (
        found.n_models == 6 and found.note.startswith("resnet-wild on 6 × 6") and "hybrid" not in found.note
    )
    with pytest.raises(MissingData, match="no model vit-wild has been measured"):
        section.convolutional_find_more(without(table, "vit-wild"))
    with pytest.raises(MissingData, match="no model resnet-wild has been measured"):
        section.convolutional_find_more(without(table, "resnet-wild", "convnext-wild"))


def test_curation_is_compared_with_unfiltered_captions(table):
    found = section.curation_helps(table)
    assert found.effect == pytest.approx(2, abs=0.8) and found.n_models == 9
    assert found.note.startswith("curated +") and "scored +" in found.note


def test_contrasts_are_those_of_the_design_on_either_grid(table):
    own, one = (section.contrasts_on(control=c, table=table).set_index("id").effect for c in ("", MATCHED))
    assert own["architecture-vit"] == pytest.approx(-0.04, abs=0.01)
    assert one["architecture-vit"] - own["architecture-vit"] == pytest.approx(-0.05, abs=0.001)
    assert "distribution-studio" in own.index and "prompts-1" not in own.index
    objects = section.contrasts_on("view-pairs", table=table).set_index("id").effect
    assert objects["size-10"] == pytest.approx(-0.07, abs=0.01)


def test_bins_of_each_recipe_are_means_over_seeds(table):
    frame = section.by_bin(table)
    assert "flyp-studio" not in set(frame.recipe) and "supervised-resnet-wild" in set(frame.recipe)
    one = frame.query("recipe == 'vit-wild' and dataset == 'scene-pairs'").set_index("subset")
    assert list(one.index) == [ALL, "0–15°", "15–30°", "30–60°"]
    rows = table.rows(section=SECTION, dataset="scene-pairs", subset="0–15°", metric="recall@5 px")
    values = table.frame.loc[rows].query("model.str.startswith('vit-wild-s')").value
    assert (
        one.value["0–15°"] == pytest.approx(values.mean())
        and one.low["0–15°"] < one.value["0–15°"] < one.high["0–15°"]
    )
    assert one.random.iloc[0] == pytest.approx(CONTROLS["random features"])


def test_numbers_of_other_sections_alone_are_no_numbers(table):
    other = MeasuredTable(table.frame.assign(section="retrieval"), table.draws, {})
    for asked in (section.by_bin, section.outside_controls):
        with pytest.raises(MissingData, match="no model's correspondence has been measured"):
            asked(other)


def test_a_model_no_better_than_chance_is_named_with_its_bin(table):
    assert section.outside_controls(table).empty
    found = section.outside_controls(zoo({"resnet-wild": 0.40, "vit-wild": 0.05}, noise=0.002))
    assert set(found.model) <= {f"vit-wild-s{s}" for s in range(3)} and len(found)
    assert set(found.subset) <= {ALL, *(b for a in SETS.values() for b in bins_of(a))}
    above = section.outside_controls(zoo({"resnet-wild": 0.95}))
    assert (above.value >= above.truth).all() and {"view-pairs", "scene-pairs", "part-pairs"} == set(
        above.dataset
    )
