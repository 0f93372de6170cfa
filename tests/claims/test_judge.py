"""All claims judged on the public records, and without them."""

import json

import pytest
from typer.testing import CliRunner

from clipkit import stats
from clipkit.claims import VERDICTS, judge_all, load
from clipkit.claims.pocket import TESTS as POCKET_TESTS
from clipkit.claims.record import TESTS
from clipkit.claims.verdict import UNTESTABLE
from clipkit.cli import app
from clipkit.errors import UnknownName

KEYS = ["id", "track", "verdict", "effect", "low", "high", "n_models", "n_clusters", "p_corrected", "reason"]
RECORD = {"V1", "V2", "V3", "B1", "B2", "B4", "B5", "R1", "R2", "R3", "Q1", "Q2", "N1", "E3"}
UNHAD = {"C1", "C3"}  # their table has no published checksum, so that no one but a user may fetch it


@pytest.fixture
def record(public):
    return {v.id: v for v in judge_all("record")}


@pytest.mark.slow
def test_every_claim_gets_one_verdict_in_the_ledgers_order(record):
    assert list(record) == list(load())
    assert {v.verdict for v in record.values()} <= set(VERDICTS)


@pytest.mark.slow
def test_what_the_records_can_test_has_effect_interval_and_models(record):
    assert set(TESTS) == RECORD | UNHAD
    for name in RECORD:
        v = record[name]
        assert v.low <= v.effect <= v.high and v.n_models >= v.n_clusters >= 1 and 0 <= v.p_corrected <= 1


@pytest.mark.slow
def test_what_they_cannot_test_has_a_reason_and_no_number(record):
    for name in set(load()) - RECORD:
        assert (
            record[name].verdict == UNTESTABLE
            and record[name].effect is None
            and len(record[name].reason) > 20
        )


@pytest.mark.slow
def test_p_is_corrected_over_all_tests_even_if_one_is_asked_for(record):
    (alone,) = judge_all("record", ["B5"])
    assert alone == record["B5"]
    raw = [TESTS[name]().p for name in sorted(RECORD) if name[0] in "BQN"]
    assert all(stats.holm([r, *raw])[0] >= r for r in raw)


@pytest.mark.slow
def test_command_prints_one_object_for_each_id_and_track(record):
    result = CliRunner().invoke(app, ["claims", "--json"])
    rows = json.loads(result.stdout)
    assert result.exit_code == 0 and len(rows) == 3 * len(load())
    assert all(list(row) == KEYS for row in rows)


def test_without_records_every_verdict_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path))
    for function in _cached_readers():
        function.cache_clear()
    verdicts = {v.id: v for v in judge_all("record")}
    assert {v.verdict for v in verdicts.values()} == {UNTESTABLE}
    assert all("clipkit records" in verdicts[name].reason for name in RECORD)


def test_the_full_track_has_no_results_here():
    assert {v.verdict for v in judge_all("full")} == {UNTESTABLE}


def test_the_pocket_track_judges_what_it_says_it_can():
    verdicts = {v.id: v for v in judge_all("pocket")}
    judged = {name for name, v in verdicts.items() if v.effect is not None}
    assert judged == set(POCKET_TESTS), "evidence for every claim that has a test"
    for name in set(verdicts) - set(POCKET_TESTS):
        assert verdicts[name].verdict == UNTESTABLE


def test_unknown_claim_names_the_near_miss():
    with pytest.raises(UnknownName, match="unknown claim 'B11'"):
        judge_all("pocket", ["B11"])


def _cached_readers():
    from clipkit.sections import natural_shifts, retrieval, shape_bias, training_data, visual_factors

    return [
        value
        for module in (natural_shifts, retrieval, shape_bias, training_data, visual_factors)
        for value in vars(module).values()
        if hasattr(value, "cache_clear")
    ]
