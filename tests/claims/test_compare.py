"""Two ledgers side by side."""

import json

import pytest
from typer.testing import CliRunner

from clipkit.claims import Verdict
from clipkit.claims.compare import compare, verdicts_of
from clipkit.cli import app
from clipkit.errors import BadInput, MissingData, UnknownName


def verdict(name, track="pocket", word="holds", effect=0.2):
    return Verdict(name, track, word, effect, effect - 0.1, effect + 0.1, 20, 17, 0.003, "seen")


BEFORE = [verdict("B2"), verdict("B1"), verdict("B1", "record", "fails", 0.0)]
AFTER = [verdict("B1"), verdict("B1", "record", "weaker"), verdict("R1", effect=0.5)]


@pytest.fixture
def releases(tmp_path):
    for name, side in (("0.1", BEFORE), ("0.2", AFTER)):
        (tmp_path / f"{name}.json").write_text(json.dumps([v._asdict() for v in side]))
    return tmp_path


def test_pairs_are_of_one_claim_and_track_in_the_ledgers_order():
    pairs = compare(BEFORE, AFTER)
    assert [(p.id, (p.before or p.after).track, p.moved) for p in pairs] == [
        ("B1", "record", True), ("B1", "pocket", False), ("B2", "pocket", True), ("R1", "pocket", True),
    ]  # fmt: skip
    assert pairs[2].after is None and pairs[3].before is None


def test_two_tracks_are_paired_by_claim():
    (pair,) = compare([BEFORE[2]], [BEFORE[1]])
    assert (pair.before.track, pair.after.track, pair.moved) == ("record", "pocket", True)


def test_ledgers_are_read_by_release_or_file(releases):
    assert verdicts_of("0.2", releases) == verdicts_of(releases / "0.2.json") == AFTER
    with pytest.raises(UnknownName, match=r"unknown ledger '0_1'[\s\S]*0.1"):
        verdicts_of("0_1", releases)
    with pytest.raises(MissingData, match="no file mine.json"):
        verdicts_of("mine.json", releases)
    with pytest.raises(UnknownName, match="No releases lie in .*elsewhere: go to"):
        verdicts_of("0.2", releases / "elsewhere")


@pytest.mark.parametrize("change", [{"verdict": "proved"}, {"track": "street"}, {"surely": True}])
def test_what_is_no_ledger_is_refused(tmp_path, change):
    path = tmp_path / "other.json"
    path.write_text(json.dumps([verdict("B1")._asdict() | change]))
    with pytest.raises(BadInput, match="other.json"):
        verdicts_of(path)


def test_command_shows_what_moved(releases):
    run = CliRunner().invoke(app, ["compare", "0.1", "0.2", "--moved", "--releases", str(releases)])
    assert run.exit_code == 0, run.output
    assert "3 verdicts differ" in run.output and "not in this ledger" in run.output
    asked = ["compare", "0.1", "0.2", "--json", "--releases", str(releases)]
    rows = json.loads(CliRunner().invoke(app, asked).output)
    assert [row["moved"] for row in rows] == [True, False, True, True]
    assert rows[0]["before"]["verdict"] == "fails" and rows[3]["before"] is None


def test_the_command_says_in_words_that_nothing_moved(releases):
    run = CliRunner().invoke(app, ["compare", "0.2", "0.2", "--moved", "--releases", str(releases)])
    assert (run.exit_code, run.output) == (0, "No verdict differs between 0.2 and 0.2.\n")
