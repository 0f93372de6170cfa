"""A planted case in which a convention turns a verdict, and one in which it does not; what each changes, by hand."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clipkit.claims import multiverse as judged
from clipkit.claims.judge import TESTS, judge_all
from clipkit.claims.verdict import FAILS, HOLDS
from clipkit.cli import app
from clipkit.errors import CorruptData, MissingData
from clipkit.pocket.zoo.recipe import split_name
from clipkit.registry import Registry
from clipkit.sections import other_numbers as section
from clipkit.sections.convention_rows import DRAWS as FEWER
from clipkit.sections.measure.calibration import ALL, RMS, SECTION, SHIFTED
from clipkit.sections.measured import DRAWS, KEY, Measured, MeasuredTable, write_measured
from clipkit.sections.multiverse import CONVENTIONS
from clipkit.sections.pocket import robustness
from clipkit.sections.stored_draws import write_frame

MODELS = [f"{recipe}-s{seed}" for recipe in ("resnet-wild", "cross-entropy-wild") for seed in range(3)]
RISES, STAYS = "ece-15", "ece-10"
"""By ECE with 15 bins fine-tuning worsens calibration, with 10 it does not."""


def numbers(rise: float, draws: int, seed: int = 0) -> MeasuredTable:
    """Calibration error of parents and of children, which is higher by `rise`; noise of 0.1 points."""
    rng, rows = np.random.default_rng(seed), []
    for model in MODELS:
        child = split_name(model)[0] != "resnet-wild"
        for dataset in ("wild", SHIFTED):
            value = 0.05 + rise * child + 0.001 * rng.standard_normal()
            rows.append(
                (model, SECTION, dataset, ALL, RMS, value, 1000, "" if child else "80", "fraction", False)
            )
    columns = ["model", *KEY[:4], "value", "n", "prompts", "unit", "higher_is_better"]
    frame = pd.DataFrame(rows, columns=columns)
    drawn = frame["value"].to_numpy()[:, None] + 0.001 * rng.standard_normal((len(rows), draws))
    return MeasuredTable(frame, drawn, {model: {"weights": model} for model in MODELS})


@pytest.fixture
def table():
    return numbers(rise=0.0, draws=DRAWS)


@pytest.fixture
def planted(table, tmp_path, monkeypatch):
    """The zoo by our conventions, and by two others: with the rise, and without it."""
    parts = {RISES: numbers(0.05, FEWER, 1), STAYS: numbers(0.0, FEWER, 2)}
    frame = pd.concat([t.frame.assign(convention=name) for name, t in parts.items()], ignore_index=True)
    draws = np.concatenate([t.draws for t in parts.values()])
    others = section.OtherNumbers(frame, draws, dict(table.said))
    for model in MODELS:
        rows = table.rows(model=model)
        fields = table.frame.iloc[rows].drop(columns="model").to_dict("records")
        measured = [Measured(draws=table.draws[r], **row) for r, row in zip(rows, fields, strict=True)]
        write_measured(measured, tmp_path / "test" / f"{model}.parquet", **table.said[model])
    monkeypatch.setenv("CLIPKIT_RESULTS", str(tmp_path))
    monkeypatch.setattr(section, "other_numbers", lambda: others)
    for module in ("judge", "multiverse"):
        monkeypatch.setattr(sys.modules[f"clipkit.claims.{module}"], "remember", lambda function: function)
    some = {name: CONVENTIONS[name] for name in (*parts, "uncorrected")}
    monkeypatch.setattr(judged, "CONVENTIONS", Registry("convention", some))
    return others


def test_a_convention_turns_a_verdict_or_leaves_it(planted):
    frame = judged.multiverse("pocket")
    assert frame.set_index("convention").verdict.to_dict() == {
        judged.OURS: FAILS, RISES: HOLDS, STAYS: FAILS, "uncorrected": FAILS,
    }  # fmt: skip
    assert set(frame.id) == {"C4"}
    by_name = frame.set_index("convention").effect
    assert by_name[RISES] == pytest.approx(5, abs=0.3) and abs(by_name[STAYS]) < 0.3
    row = judged.survival(frame).loc["C4"]
    assert (row.verdict, row.conventions, row.same) == (FAILS, 3, 2)
    assert row.otherwise == "ECE, 15 bins: holds" and row.high == by_name[RISES]


def test_our_verdicts_are_those_of_the_ledger(planted):
    (ledger,) = judge_all("pocket", ["C4"])
    (row,) = judged.multiverse("pocket").query("convention == 'ours'").itertuples()
    assert (ledger.verdict, ledger.effect, ledger.p_corrected) == (row.verdict, row.effect, row.p_corrected)


def test_numbers_that_have_not_been_measured_are_no_verdict(planted):
    planted.said.popitem()
    with pytest.raises(MissingData, match="has not been measured by other conventions"):
        judged.multiverse("pocket")


def test_a_number_replaces_that_of_its_key_alone(table, planted):
    found = section.measured_by(RISES, table)
    assert len(found.frame) == len(table.frame) and found.draws.shape == (len(table.frame), FEWER)
    rest = section.measured_by("msp", table)
    pd.testing.assert_frame_equal(rest.frame, table.frame)
    assert (rest.draws == table.draws[:, :FEWER]).all()
    other = table._replace(said={**table.said, MODELS[0]: {"weights": "other"}})
    with pytest.raises(MissingData, match=MODELS[0]):
        section.measured_by(RISES, other)


def test_every_convention_names_claims_that_its_track_can_test():
    for convention in CONVENTIONS.values():
        for track in ("pocket", "record"):
            claims = judged.concerns(convention, track)
            assert set(claims) <= set(TESTS[track])
            if convention.family == "correction":
                assert set(TESTS[track]) - set(claims) == {"V2"}
        assert convention.pocket or convention.record or convention.family == "correction"


def test_corrections_by_hand():
    p = np.array([0.01, 0.04, 0.03])
    assert CONVENTIONS["false-discovery"].correct(p).tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert CONVENTIONS["uncorrected"].correct(p).tolist() == p.tolist()


def accuracies(**by_subset: dict[str, float]) -> MeasuredTable:
    """Accuracy of four baselines; "wild" is the wild set, any other name a subset of the factor set."""
    baselines = [f"supervised-resnet-{r}-s0" for r in ("wild", "wild-10", "wild-30", "mixed")]
    rows = []
    for subset, values in by_subset.items():
        key = ("natural shifts", "wild", "all") if subset == "wild" else ("visual factors", "factors", subset)
        rows += [(m, *key, "accuracy", v, 1000, "") for m, v in zip(baselines, values, strict=True)]
    frame = pd.DataFrame(rows, columns=["model", *KEY[:4], "value", "n", "prompts"])
    return MeasuredTable(frame, np.tile(frame["value"].to_numpy()[:, None], DRAWS), {})


def test_overall_accuracy_from_the_factor_set_by_hand():
    table = accuracies(wild=[0.1] * 4, base=[0.9] * 4, **{"all factors": [0.5, 0.5, 0.5, 0.5]})
    for typical, expected in ((False, 0.5), (True, (16 * 0.5 + 0.9) / 17)):
        found = section.overall_from_factors(table, typical)
        rows = found.rows(section="natural shifts")
        assert found.frame["value"].to_numpy()[rows] == pytest.approx(expected)
        assert found.draws[rows] == pytest.approx(expected)
        assert found.frame["value"].to_numpy()[4:].tolist() == table.frame["value"].to_numpy()[4:].tolist()


@pytest.mark.parametrize(("axes", "on_the_line"), [("linear", True), ("logit", False)])
@pytest.mark.parametrize("method", ["theil-sen", "least-squares"])
def test_baselines_on_a_straight_line_lie_on_it_on_linear_axes(method, axes, on_the_line):
    x = np.array([0.2, 0.4, 0.6, 0.9])
    table = accuracies(wild=x, pose=0.05 + 0.8 * x)
    found = robustness.robustness_table(
        table, "visual factors", ["factors"], ["pose"], method=method, axes=axes
    )
    assert (np.abs(found.frame["value"]).max() < 1e-9) == on_the_line
    assert (np.abs(found.draws).max() < 1e-9) == on_the_line
    assert robustness.robustness_table(found, "visual factors", ["factors"], ["pose"]) is found


def test_two_cues_takes_the_place_of_all_classes():
    frame = pd.DataFrame({"model": "m", "section": "shape bias", "dataset": "d", "prompts": "80",
                          "metric": ["shape_bias", "shape_bias", "cue_accuracy"],
                          "subset": ["all classes", "two cues", "all classes"], "value": [0.2, 0.3, 0.4]})  # fmt: skip
    found = section.two_cues(MeasuredTable(frame, np.arange(3.0)[:, None], {}))
    assert found.frame[["subset", "metric", "value"]].values.tolist() == [
        ["all classes", "shape_bias", 0.3], ["all classes", "cue_accuracy", 0.4],
    ]  # fmt: skip
    assert found.draws[:, 0].tolist() == [1.0, 2.0]


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / section.FILE
    with pytest.raises(MissingData, match="other conventions"):
        section.read_other_numbers(path)
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(CorruptData, match=section.FILE):
        section.read_other_numbers(path)
    write_frame(pd.DataFrame({"model": ["m"], "value": [0.5], "draws": [b"0123"]}), path, models="{}")
    with pytest.raises(MissingData, match="in a form of the past"):
        section.read_other_numbers(path)


def test_the_command_tells_which_verdicts_stand(planted):
    asked = ["claims", "--track", "pocket", "--only", "C4", "--conventions"]
    rows = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert {row["convention"]: row["verdict"] for row in rows}[RISES] == HOLDS
    assert {row["id"] for row in rows} == {"C4"} and {row["track"] for row in rows} == {"pocket"}
    shown = CliRunner().invoke(app, asked, env={"COLUMNS": "160"}).stdout
    assert f"{sum(row['verdict'] == FAILS for row in rows) - 1} of {len(rows) - 1}" in shown


def test_the_full_track_has_no_conventions_yet():
    assert judged.multiverse("full").empty


def test_the_command_ends_well_over_all_tracks(monkeypatch):
    monkeypatch.setattr(judged, "found_on", lambda track: judged.Found({}, {}))
    run = CliRunner().invoke(app, ["claims", "--conventions"])
    assert run.exit_code == 0, run.exception
