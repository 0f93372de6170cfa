"""Bars are judged on the mean over seeds, and shown with intervals."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import MissingData
from clipkit.plots.pocket_bars import bars_table, missed_bars
from clipkit.sections.measure.shape_bias import ALL_CLASSES, BACKGROUNDS, SECTION
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import bars as module
from clipkit.sections.pocket.bars import BARS, bars


def table(values: dict[str, float], decided: float = 0.6) -> MeasuredTable:
    """Each model has `values` on every bar, but `decided` on cue conflict; draws lie 0.01 around."""
    rows = [
        (model, b.section, b.dataset, b.subset, b.metric, decided if b.metric == "cue_accuracy" else value)
        for model, value in values.items()
        for b in BARS
    ]
    rows += [
        (model, SECTION, f"cue-conflict-{background}", ALL_CLASSES, "shape_bias", value)
        for model, value in values.items()
        for background in BACKGROUNDS
    ]
    frame = pd.DataFrame(rows, columns=["model", "section", "dataset", "subset", "metric", "value"])
    noise = 0.01 * np.random.default_rng(0).normal(size=DRAWS)
    return MeasuredTable(
        frame.assign(prompts="80", n=500, unit="fraction", higher_is_better=True),
        frame.value.to_numpy()[:, None] + noise,
        {},
    )


def test_the_mean_over_seeds_is_judged_and_has_an_interval():
    found = bars(table({"resnet-wild-s0": 0.5, "resnet-wild-s1": 0.8, "vit-wild-s0": 0.62}))
    accuracy = found[found.bar == BARS[0].title].set_index("recipe")
    assert accuracy.value.to_dict() == pytest.approx({"resnet-wild": 0.65, "vit-wild": 0.62})
    assert accuracy.seeds.to_dict() == {"resnet-wild": 2, "vit-wild": 1} and accuracy.met.all()
    assert (accuracy.low < accuracy.value).all() and (accuracy.value < accuracy.high).all()
    assert (accuracy.high - accuracy.low).between(0.03, 0.05).all()  # 2 · 1.96 · 0.01


@pytest.mark.parametrize("other, met", [(0.60, True), (0.90, True), (0.93, False), (0.59, False)])
def test_a_bar_has_two_ends(other, met):
    found = bars(table({"resnet-wild-s0": 0.7, "vit-wild-s0": other}))
    assert found[(found.bar == BARS[0].title) & (found.recipe == "vit-wild")].met.item() is met


def test_the_transformer_may_lose_twelve_points_and_shape_biases_have_to_lie_apart():
    found = bars(table({"resnet-wild-s0": 0.8, "vit-wild-s0": 0.65})).set_index("bar")
    lost, apart = found.loc["accuracy lost by the transformer"], found.loc["pairs surely apart in shape bias"]
    assert lost.value == pytest.approx(0.15) and not lost.met
    assert apart.value == 1 and apart.met and np.isnan(apart.low)
    close = bars(table({"resnet-wild-s0": 0.7, "vit-wild-s0": 0.65})).set_index("bar")
    assert close.met["accuracy lost by the transformer"] and not close.met["pairs surely apart in shape bias"]


def test_what_is_missed_is_said_with_its_interval(monkeypatch):
    made = table({"resnet-wild-s0": 0.9, "vit-wild-s0": 0.7}, decided=0.45)
    monkeypatch.setattr(module, "zoo_results", lambda split: made)
    assert "cue conflict decided, other background (resnet-wild 0.450 [0.4" in missed_bars()
    html = bars_table()
    assert html.count("<strong>no</strong>") == (~bars().met).sum() > 0 and "at least 0.5" in html


def test_nothing_measured_says_what_to_run():
    with pytest.raises(MissingData, match="clipkit pocket evaluate"):
        bars(table({"resnet-studio-s0": 0.2})._replace(frame=table({"resnet-studio-s0": 0.2}).frame.iloc[:0]))


def test_the_command_prints_every_bar():
    rows = json.loads(CliRunner().invoke(app, ["pocket", "bars", "--json"]).stdout)
    assert {b.title for b in BARS} <= {r["bar"] for r in rows}
    shown = CliRunner().invoke(app, ["pocket", "bars"], env={"COLUMNS": "160"}).stdout
    assert all(b.title in shown for b in BARS)
