"""What `clipkit records` prints and how it exits."""

import json

import pytest
from typer.testing import CliRunner

from clipkit import records
from clipkit.cli.records import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("command", ["list", "fetch", "add", "verify"])
def test_help_shows_an_example(run, command):
    assert f"clipkit records {command}" in run(command, "--help").output


def test_list_as_json_gives_what_is_needed_to_get_a_record(run):
    rows = json.loads(run("list", "--json").output)
    assert len(rows) == 108 and not any(row["cached"] for row in rows)
    assert set(rows[0]) == {*records.manifest().columns, "cached"}


def test_list_counts(run):
    assert "0 of 1 records" in run("list", "*benchmark.csv").output


def test_verify_tells_missing_from_wrong_by_its_exit_status(run, shared):
    missing = run("verify")
    assert missing.exit_code == 3 and "0 right, 0 wrong, 108 missing" in missing.output
    added = run("add", str(shared / "records"))
    assert added.exit_code == 0 and "108 added" in added.output
    assert run("verify").exit_code == 0
    file = next(records.folder().rglob("benchmark.csv"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    wrong = run("verify")
    assert wrong.exit_code == 1 and "wrong: LAION-AI/CLIP_benchmark/benchmark/benchmark.csv" in wrong.output
