"""Prompts as a band, on a zoo that was asked in ways of known effect."""

import numpy as np
import pandas as pd
import pytest
from prompt_zoo import LOSSES, WILD, asked_zoo

from clipkit.errors import CorruptData, MissingData, UnknownName
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.headlines import HEADLINES
from clipkit.sections.pocket.prompt_band import (
    PromptBand,
    asked_with,
    contrast_band,
    contrast_effects,
    noise_ratio,
    prompted_headlines,
    read_band,
    widths,
    zoo_band,
)
from clipkit.sections.stored_draws import write_frame

ACCURACY = next(h for h in HEADLINES if h.dataset == "wild" and h.metric == "accuracy")
FACTORS = next(h for h in HEADLINES if h.section == "visual factors")


@pytest.fixture(scope="module")
def zoo():
    return asked_zoo()


def of(table, **key):
    return table.frame["value"].to_numpy()[table.rows(**key)]


def test_asking_otherwise_moves_values_and_their_draws_and_nothing_else(zoo):
    table, band = zoo
    asked = asked_with(table, band, "poor {}")
    key = {"section": "natural shifts", "metric": "accuracy"}
    np.testing.assert_allclose(of(asked, prompts="80", **key), of(table, prompts="80", **key) - 0.10)
    for same in ({"prompts": "1"}, {"prompts": ""}, {"section": "retrieval"}):
        np.testing.assert_array_equal(of(asked, **same), of(table, **same))
    before, after = (t.draws - t.frame["value"].to_numpy()[:, None] for t in (table, asked))
    left_out = (
        (table.frame.prompts == "80") & (table.frame.metric == "drop") & (table.frame.subset != "all factors")
    )
    before = before[~left_out]
    np.testing.assert_allclose(after, before, atol=1e-12)


def test_what_nobody_was_asked_is_left_out_rather_than_mixed(zoo):
    asked = asked_with(*zoo, "poor {}")
    one = {"metric": "drop", "subset": "pose", "prompts": "80"}
    assert len(of(zoo[0], **one)) and not len(of(asked, **one))
    assert len(of(asked, metric="drop", prompts="1"))


def test_a_template_can_stand_for_the_one(zoo):
    table, band = zoo
    asked = asked_with(table, band, "good {}", in_place_of="1")
    key = {"dataset": "wild", "section": "natural shifts"}
    np.testing.assert_allclose(of(asked, prompts="1", **key), of(table, prompts="80", **key) + 0.03)
    np.testing.assert_array_equal(of(asked, prompts="80", **key), of(table, prompts="80", **key))


def test_the_full_set_changes_nothing(zoo):
    asked = asked_with(*zoo, "80")
    np.testing.assert_array_equal(of(asked, metric="accuracy"), of(zoo[0], metric="accuracy"))


def test_a_template_that_nobody_used_gets_the_near_miss(zoo):
    with pytest.raises(UnknownName, match="Did you mean poor {}"):
        asked_with(*zoo, "poor")


def test_effects_of_contrasts_are_those_of_contrast_frame(zoo):
    found = contrast_effects(*zoo, ACCURACY)
    frame = contrast_frame(zoo[0], **ACCURACY.key).set_index("id")
    recipes = [i for i in found.index if not i.startswith("prompts")]
    assert {"distribution-studio", "architecture-vit", "flyp-wild", "cross-entropy-wild"} <= set(recipes)
    np.testing.assert_allclose(found.loc[recipes, (SET, "80")], frame.effect[recipes])
    # Both arms asked alike lose alike; a head loses nothing.
    lost = {(kind, p): loss for (kind, p), loss in LOSSES.items()}
    for way, loss in lost.items():
        assert found.loc["distribution-studio", way] == pytest.approx(frame.effect["distribution-studio"])
        assert found.loc["cross-entropy-wild", way] == pytest.approx(
            frame.effect["cross-entropy-wild"] + loss
        )


def test_a_contrast_of_prompt_sets_becomes_each_template_against_all(zoo):
    found = contrast_effects(*zoo, ACCURACY)
    assert found.loc["prompts-1", [(SET, "1"), (TEMPLATE, "good {}"), (TEMPLATE, "poor {}")]].tolist() == (
        pytest.approx([-0.04, 0.03, -0.10])
    )
    assert np.isnan(found.loc["prompts-1", (NAMES, "synonyms")]) and np.isnan(
        found.loc["prompts-1", (SET, "5")]
    )
    assert found.loc["prompts-5"].dropna().to_dict() == {(SET, "5"): pytest.approx(-0.02)}


def test_a_change_of_sign_is_counted():
    """Under one of three templates pictures of the studio do better than wild ones."""
    table, band = asked_zoo(
        lambda model, prompts: 0.5 if prompts == "fair {}" and not model.startswith("resnet-studio") else 0.0
    )
    frame = contrast_band(table, band, ACCURACY).set_index("id")
    studio, cross = frame.loc["distribution-studio"], frame.loc["cross-entropy-wild"]
    assert studio.same_sign == pytest.approx(2 / 3) and studio.least < 0 < studio.most
    assert cross.same_sign == 1 and cross.names_least == cross.names_most == pytest.approx(cross.effect + 0.2)
    assert np.isnan(frame.loc["prompts-5"].same_sign)


def test_the_width_of_the_band_stands_beside_what_else_moves_a_number(monkeypatch, zoo):
    module = "clipkit.sections.pocket.prompt_band.prompted_headlines"
    monkeypatch.setattr(module, lambda: (ACCURACY, FACTORS))
    found = widths(*zoo)
    assert list(found.index) == [ACCURACY.title, FACTORS.title]
    assert found[["templates", "sets", "names"]].to_numpy() == pytest.approx(
        np.tile([0.13, 0.04, 0.20], (2, 1))
    )
    assert found[["rank", "least"]].to_numpy() == pytest.approx(1) and (found.images > 0).all()
    values = [v for r, v in WILD.items() if r != "cross-entropy-wild" for _ in (0, 1)]
    assert found.models[ACCURACY.title] == pytest.approx(np.std(values, ddof=1), abs=0.03)


@pytest.mark.parametrize("factor", [1, 3])
def test_whether_the_noise_of_images_depends_on_the_wording_can_be_seen(monkeypatch, zoo, factor):
    monkeypatch.setattr("clipkit.sections.pocket.prompt_band.prompted_headlines", lambda: (ACCURACY,))
    table, full = zoo[0], {"section": "natural shifts", "dataset": "wild", "prompts": "80"}
    draws = table.draws.copy()
    draws[table.rows(**full | {"prompts": "1"})] = factor * draws[table.rows(**full)]
    assert noise_ratio(table._replace(draws=draws)) == pytest.approx(factor)


def test_recall_has_no_band(zoo):
    assert {h.section for h in HEADLINES} - {h.section for h in prompted_headlines()} == {"retrieval"}
    with pytest.raises(MissingData, match="Recall@1, both ways does not depend on templates"):
        zoo[1].of(next(h for h in HEADLINES if h.section == "retrieval"))


def test_a_band_comes_back_from_its_file(zoo, tmp_path):
    path = tmp_path / "band.parquet"
    write_frame(zoo[1].frame, path, models='{"a": {"weights": "1"}}')
    back = read_band(path)
    pd.testing.assert_frame_equal(back.frame, zoo[1].frame, check_dtype=False)
    assert back.said == {"a": {"weights": "1"}} and isinstance(back, PromptBand)


def test_a_missing_and_a_damaged_file_are_told_apart(tmp_path):
    path = tmp_path / "band.parquet"
    with pytest.raises(MissingData, match="has not been asked in other ways"):
        read_band(path)
    path.write_bytes(b"not a table")
    with pytest.raises(CorruptData, match="band.parquet cannot be read"):
        read_band(path)


def test_a_band_of_other_weights_than_the_zoo_is_not_shown(zoo, monkeypatch):
    module = "clipkit.sections.pocket.prompt_band"
    table, band = zoo
    weights = {model: {"weights": model} for model in table.frame.model.unique()}
    asked = {model: by for model, by in weights.items() if model in set(band.frame.model)}
    monkeypatch.setattr(f"{module}.zoo_results", lambda: table._replace(said=weights))
    monkeypatch.setattr(f"{module}._read", lambda path: band._replace(said=asked))
    assert zoo_band().said == asked
    for stale in (dict(list(asked.items())[1:]), asked | {"vit-wild-s0": {"weights": "old"}}):
        monkeypatch.setattr(f"{module}._read", lambda path, stale=stale: band._replace(said=stale))
        with pytest.raises(MissingData, match="the zoo has changed since it was asked in other ways"):
            zoo_band()


def test_sections_that_were_not_asked_keep_their_numbers(zoo):
    table, band = zoo
    other = table._replace(frame=table.frame.assign(section="3D corruption"))
    pd.testing.assert_frame_equal(asked_with(other, band, "poor {}").frame, other.frame, check_dtype=False)
