"""The zoo asked in many ways: from stored embeddings alone, and as shipped."""

import datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from clipkit.claims import under_prompts
from clipkit.cli import app
from clipkit.models.model import Model
from clipkit.pocket.images import PocketImages
from clipkit.pocket.prompt_variants import SET, prompt_variants
from clipkit.pocket.zoo import band, together
from clipkit.sections.headlines import HEADLINES
from clipkit.sections.pocket.prompt_band import BAND_FILE, KEY, read_band
from clipkit.sections.pocket.results import SHIPPED, zoo_results
from clipkit.store import EmbeddingStore

SHIPPED_BAND = SHIPPED / BAND_FILE
BAND = read_band(SHIPPED_BAND)


@pytest.fixture(scope="module")
def of_the_day():
    names = sorted(band.prompted())
    return names[datetime.date.today().toordinal() % len(names)]


def test_the_band_holds_every_model_with_prompts_as_it_is_today():
    expected = {name: together.made_by(name, band.code_digest()) for name in band.prompted()}
    assert BAND.said == expected, "run clipkit pocket band"
    assert SHIPPED_BAND.stat().st_size < 2e6
    per_model = BAND.frame.groupby("model").size()
    assert set(per_model.index) == set(BAND.said) and per_model.nunique() == 1
    assert set(BAND.frame.prompts) == {v.name for v in prompt_variants()}


def test_values_of_the_sets_are_those_that_were_measured():
    measured = zoo_results().frame
    sets = BAND.frame[BAND.frame.kind == SET]
    both = sets.merge(measured, on=["model", *KEY, "prompts"], suffixes=("", "_measured"))
    assert len(both[both.prompts == "80"]) == len(sets[sets.prompts == "80"])
    # An image or two may be decided otherwise where a cosine is rounded otherwise.
    assert (np.abs(both["value"] - both.value_measured) <= 3 / both.n).all()


def test_every_headline_but_recall_has_a_band():
    asked = set(BAND.frame[KEY].drop_duplicates().itertuples(index=False, name=None))
    has = {h.title for h in HEADLINES if tuple(h.key.values()) in asked}
    assert has == {h.title for h in HEADLINES if h.section != "retrieval"}


def test_asking_otherwise_runs_no_image_tower(tmp_path, monkeypatch, of_the_day):
    store = EmbeddingStore(tmp_path)
    outputs = band.asked_outputs(of_the_day, store)
    outputs.features("far-empty")
    assert store.images_embedded == len(PocketImages(outputs.data("far-empty")))

    def tower(self, images):
        raise AssertionError("an image went through the tower again")

    monkeypatch.setattr(Model, "encode_image", tower)
    again = EmbeddingStore(tmp_path)
    outputs = band.asked_outputs(of_the_day, again)
    seen = {v.name: outputs.cosines("far-empty", v.name).max(axis=1).mean() for v in prompt_variants()}
    assert len(set(seen.values())) >= len(seen) - 1 and again.images_embedded == 0


def test_a_model_of_the_day_is_asked_again(tmp_path, of_the_day):
    outputs = band.asked_outputs(of_the_day, tmp_path)
    rows = BAND.frame.query("model == @of_the_day and dataset == 'hard-images'").set_index("prompts")["value"]
    labels = outputs.labels("hard-images")
    assert len(rows) == len(prompt_variants())
    for prompts, shipped in rows.items():
        found = (outputs.logits("hard-images", prompts).argmax(axis=1) == labels).mean()
        assert found == pytest.approx(shipped, abs=3 / len(labels)), prompts


@pytest.mark.slow
def test_the_claims_are_judged_again_in_a_way_of_the_day():
    ways = under_prompts.judged_variants()
    way = ways[datetime.date.today().toordinal() % len(ways)]
    shipped = under_prompts.claims_band().query("kind == @way.kind and prompts == @way.name").set_index("id")
    asked = zoo_results(), BAND, way.kind, way.name
    for verdict in under_prompts.verdicts_under(*asked, under_prompts.kept_evidence()):
        assert shipped.verdict.pop(verdict.id) == verdict.verdict, verdict
        if verdict.effect is not None:
            assert shipped.effect[verdict.id] == pytest.approx(verdict.effect, rel=1e-3, abs=1e-3), verdict


def test_the_command_says_what_was_new(tmp_path, monkeypatch):
    monkeypatch.setattr(band, "update_band", lambda *_: iter([("a", True), ("b", False)]))
    monkeypatch.setattr(under_prompts, "update_claims", lambda *_: iter([("80", True)]))
    shown = CliRunner().invoke(app, ["pocket", "band", "--store", str(tmp_path)], catch_exceptions=False)
    assert "1 models asked and 1 ways judged, the others were up to date" in shown.stdout
