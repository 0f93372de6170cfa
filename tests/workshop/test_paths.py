"""The paths: exercises that exist, minutes that suffice, computing that was measured and stays within bounds."""

import pytest

from clipkit.errors import UnknownName
from clipkit.workshop.exercises import exercises, read
from clipkit.workshop.paths import compute, paths, table
from tests.workshop.conftest import NOTEBOOKS, SOURCES

PARTS = [(name, part) for name, path in paths().items() for part in path.parts if part.notebook]


@pytest.mark.parametrize("name, part", PARTS, ids=lambda value: getattr(value, "notebook", value))
def test_the_exercises_of_a_part_exist_and_fit_into_its_minutes(name, part):
    known = {e.name: e.minutes for e in exercises(read(SOURCES / f"{part.notebook}.ipynb"))}
    assert part.exercises and set(part.exercises) <= set(known)
    assert sum(known[e] for e in part.exercises) <= part.minutes


def test_minutes():
    assert paths()["ninety-minutes"].minutes == 90
    assert 180 <= paths()["half-a-day"].minutes <= 240


def test_self_study_leaves_nothing_out():
    way = paths()["self-study"]
    assert sorted(way.notebooks) == NOTEBOOKS
    for part in way.parts:
        assert part.exercises == [e.name for e in exercises(read(SOURCES / f"{part.notebook}.ipynb"))]


def test_what_was_measured_is_within_bounds():
    """The shipped measurement: ten minutes for the ninety, and no silent cell of more than one."""
    measured = compute()
    assert sorted(measured["notebooks"]) == NOTEBOOKS
    assert measured["when"] and "cores" in measured["on"]
    seconds = {name: found["seconds"] for name, found in measured["notebooks"].items()}
    assert sum(seconds[name] for name in paths()["ninety-minutes"].notebooks) <= 600
    with_a_bar = {"train-it-solution"}
    slow = {f["longest"]["cell"] for f in measured["notebooks"].values() if f["longest"]["seconds"] > 60}
    assert slow <= with_a_bar
    assert seconds["train"] <= 300 + 120


def test_a_table_adds_up():
    shown, measured = table("ninety-minutes"), compute()["notebooks"]
    total = sum(measured[n]["seconds"] for n in paths()["ninety-minutes"].notebooks)
    assert f"| **90** | **{total:.0f} s** |" in shown
    assert "[When may we trust it?](trust.ipynb)" in shown and compute()["when"] in shown
    with pytest.raises(UnknownName, match="unknown path"):
        table("a-week")
