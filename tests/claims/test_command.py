"""`clipkit claims` for people and for programs."""

import json

import pytest
from typer.testing import CliRunner

from clipkit.claims import load
from clipkit.cli import app
from clipkit.errors import UnknownName


def run(*arguments):
    return CliRunner().invoke(app, ["claims", *arguments])


def test_people_get_one_paragraph_a_claim_on_a_narrow_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("--track", "pocket").stdout
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == list(load())
    assert max(map(len, shown.splitlines())) <= 80


def test_programs_get_null_where_there_is_no_number():
    (row,) = json.loads(run("--track", "full", "--only", "D1", "--json").stdout)
    assert row["effect"] is None and row["p_corrected"] is None and row["verdict"] == "not testable here"


@pytest.mark.parametrize(
    ("arguments", "near"), [(("--track", "recrod"), "record"), (("--only", "R22", "--track", "full"), "R2")]
)
def test_slips_are_named(arguments, near):
    error = run(*arguments).exception
    assert isinstance(error, UnknownName) and f"Did you mean {near}" in error.remedy
