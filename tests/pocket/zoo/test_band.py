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
from clipkit.pocket.zoo import band
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
    assert BAND.said == {name: band.made_by(name) for name in band.prompted()}, "run clipkit pocket band"
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
    for verdict in under_prompts.verdicts_under(zoo_results(), BAND, way.kind, way.name):
        assert shipped.verdict.pop(verdict.id) == verdict.verdict, verdict
        if verdict.effect is not None:
            assert shipped.effect[verdict.id] == pytest.approx(verdict.effect, rel=1e-3, abs=1e-3), verdict


def test_what_is_up_to_date_is_left_alone():
    shown = CliRunner().invoke(app, ["pocket", "band"], catch_exceptions=False).stdout
    assert "0 models asked and 0 ways judged, the others were up to date" in shown


def test_a_model_that_changed_is_asked_again_and_the_others_are_kept(tmp_path, monkeypatch):
    names, asked = ["resnet-wild-s0", "vit-wild-s0"], []

    def ask(name, store):
        asked.append(name)
        return BAND.frame[BAND.frame.model == name]

    path = tmp_path / BAND_FILE
    monkeypatch.setattr(band, "prompted", lambda: names)
    monkeypatch.setattr(band, "ask", ask)
    monkeypatch.setattr(band, "load_set", lambda name: None)
    monkeypatch.setattr(band, "ProcessPoolExecutor", InThisProcess)
    assert list(band.update_band(path, tmp_path)) == [(name, True) for name in names]
    monkeypatch.setattr(band, "made_by", lambda name: {**MADE_BY(name), "weights": name})
    monkeypatch.setattr(band, "prompted", lambda: names[1:])
    assert list(band.update_band(path, tmp_path)) == [("vit-wild-s0", True)]
    assert list(band.update_band(path, tmp_path)) == [("vit-wild-s0", False)]
    assert asked == [*names, "vit-wild-s0"] and set(read_band(path).frame.model) == {"vit-wild-s0"}


MADE_BY = band.made_by


class InThisProcess:
    """Stands for a pool of processes."""

    def __init__(self, jobs, mp_context):
        self.map = map

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False
