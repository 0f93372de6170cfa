"""The headline metrics are measured, and `clipkit pocket contrasts` prints what each change does to them."""

import json

import pytest
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import UnknownName
from clipkit.pocket.zoo.design import contrasts
from clipkit.sections.headlines import HEADLINES, headline_contrasts
from clipkit.sections.pocket.results import zoo_results


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda h: h.title)
def test_a_headline_is_measured_for_every_model_that_can_have_it(headline):
    table = zoo_results()
    models = set(table.frame.model.iloc[table.rows(**headline.key)])
    assert {"resnet-wild-s0", "vit-wild-s0"} <= models


def test_contrasts_are_printed_with_interval_and_smallest_detectable_effect():
    printed = CliRunner().invoke(app, ["pocket", "contrasts", "--factor", "architecture", "--json"])
    rows = json.loads(printed.stdout)
    assert {r["headline"] for r in rows} == {h.title for h in HEADLINES}
    for r in rows:
        assert r["factor"] == "architecture" and r["low"] <= r["effect"] <= r["high"] and r["mde"] > 0


def test_people_get_a_block_for_each_headline(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    shown = CliRunner().invoke(app, ["pocket", "contrasts", "--section", "retrieval"]).stdout
    assert [h.title in shown for h in HEADLINES] == [h.section == "retrieval" for h in HEADLINES]
    assert contrasts()["distribution-studio"].aspect in shown


def test_the_correction_is_the_same_for_one_factor_as_for_all():
    (_, one), *_ = headline_contrasts(factor="architecture")
    (_, every), *_ = headline_contrasts()
    both = one.merge(every, on="id")
    assert len(both) == len(one) and (both.p_holm_x.dropna() == both.p_holm_y.dropna()).all()


@pytest.mark.parametrize("asked", [{"section": "retreival"}, {"factor": "architectur"}])
def test_names_that_do_not_exist_get_the_near_miss(asked):
    with pytest.raises(UnknownName, match="Did you mean (retrieval|architecture)?"):
        headline_contrasts(**asked)
