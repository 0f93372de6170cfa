"""Each exercise: its stub does not pass, its solution does, and the student's copy does not give it away."""

import ast
import copy
import re

import nbformat
import pytest

from clipkit.errors import BadInput, MissingData
from clipkit.wording import counted
from clipkit.workshop.exercises import PARTS, exercises, part_of, read, student_copy, write_student_copies
from clipkit.workshop.feedback import Feedback
from clipkit.workshop.paths import Part, paths
from clipkit.workshop.paths import Path as Way
from tests.workshop.conftest import NOTEBOOKS, SOURCES
from tests.workshop.running import Session

SMALL = {"train": {"samples": 128, "pool": 64}}


@pytest.fixture(params=NOTEBOOKS)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return read(SOURCES / f"{name}.ipynb")


def test_stubs_do_not_pass_and_solutions_do(name, notebook, tmp_path):
    small = dict(SMALL.get(name, {}))
    if "train" == name:
        small["out"] = str(tmp_path)
    session, verdicts = Session(name, **small), {}
    for at, cell in enumerate(notebook.cells):
        if part_of(cell) == "solution":
            before = session.run(notebook.cells[at + 1])
            assert isinstance(before, Feedback)
            assert not before.passed and len(before.message) > 15, f"{cell.id}: {before}"
        value = session.run(cell)
        if part_of(cell) == "check":
            assert value.passed and len(value.message) > 15, f"{cell.id}: {value}"
            verdicts[cell.metadata["exercise"]] = value
    assert len(verdicts) == len(exercises(notebook))


def test_the_student_has_no_solution(name, notebook):
    given = "\n".join(cell.source for cell in student_copy(notebook).cells)
    for at, cell in enumerate(notebook.cells):
        if part_of(cell) == "solution":
            stub = notebook.cells[at - 1].source.splitlines()
            secret = "\n".join(line for line in cell.source.splitlines() if line not in stub)
            assert secret and secret not in given, cell.id
            cell.source += "  # hush"
            cell.metadata["note"] = cell.id = "hush"
    assert "hush" not in nbformat.writes(student_copy(notebook))


def test_the_student_has_everything_else(name, notebook):
    copied = student_copy(notebook)
    kept = [cell.source for cell in notebook.cells if part_of(cell) != "solution"]
    assert [cell.source for cell in copied.cells] == kept
    assert student_copy(copied) == copied
    nbformat.validate(copied)


def test_there_are_at_least_25_with_names_of_their_own():
    names = [e.name for path in SOURCES.glob("*.ipynb") for e in exercises(read(path))]
    assert len(names) >= 25
    assert len(set(names)) == len(names)


def test_the_minutes_in_the_heading_are_the_sum(name, notebook):
    found = exercises(notebook, name)
    said = re.search(r"\*(\w+) exercises, (\d+) minutes", notebook.cells[0].source)
    words = ("none", "one", "two", "three", "four", "five", "six", "seven")
    assert (words.index(said[1].lower()), int(said[2])) == (len(found), sum(e.minutes for e in found))


def test_solutions_are_folded_in_the_book(notebook):
    for cell in notebook.cells:
        if part_of(cell) == "solution":
            assert "hide-cell" in cell.metadata["tags"]
        if part_of(cell) == "check":
            assert "hide-output" in cell.metadata["tags"]


@pytest.fixture
def small():
    """A notebook of one exercise."""
    text = "## Add (5 min)\n\n**Objective.** Add.\n\n**What it teaches.** Adding."
    sources = (text, "n = ...", "n = 2 + 2", "check(n)")
    cells = [
        (nbformat.v4.new_markdown_cell if part == "exercise" else nbformat.v4.new_code_cell)(
            source, metadata={"tags": [part], "exercise": "add"}
        )
        for part, source in zip(PARTS, sources, strict=True)
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_an_exercise_is_read(small):
    assert exercises(small)[0][:5] == ("add", "Add", 5, "Add.", "Adding.")


@pytest.mark.parametrize(
    "spoil, told",
    [
        (lambda cells: cells.pop(2), "exercise 'add' has cells ['exercise', 'stub', 'check']"),
        (lambda cells: cells.reverse(), "has cells ['check', 'solution', 'stub', 'exercise']"),
        (
            lambda cells: cells[1].metadata.update(exercise="other"),
            "one exercise has the names ['add', 'other']",
        ),
        (lambda cells: cells[0].update(source="## Add"), "exercise 'add' has no heading"),
        (lambda cells: cells[0].update(source="## Add (5 min)\n**Objective.** Add."), "has no lesson"),
    ],
)
def test_a_malformed_exercise_is_named(small, spoil, told):
    broken = copy.deepcopy(small)
    spoil(broken.cells)
    with pytest.raises(BadInput) as caught:
        exercises(broken, "sums")
    assert "sums: " in str(caught.value) and told in str(caught.value)


def test_copies_are_written_and_a_missing_source_is_named(sources, tmp_path):
    talk, look, listen = (Part(title="", minutes=5, notebook=name) for name in ("", "look", "listen"))
    (path,) = write_student_copies(sources, way(talk, look), tmp_path / "new")
    assert path == tmp_path / "new" / "look.ipynb"
    assert nbformat.read(path, as_version=4).cells[0].source.startswith("# What does the model see?")
    with pytest.raises(MissingData, match="no notebook .*listen.ipynb"):
        write_student_copies(sources, way(listen), tmp_path)


def way(*parts):
    return Way(title="", sentence="", objectives=[], parts=list(parts))


@pytest.mark.parametrize("name", list(paths()))
def test_a_students_copy_tells_the_core_of_its_path_and_the_minutes_of_its_part(sources, tmp_path, name):
    parts = [part for part in paths()[name].parts if part.notebook]
    for part, file in zip(parts, write_student_copies(sources, paths()[name], tmp_path), strict=True):
        cells = nbformat.read(file, as_version=4).cells
        asked = [cell for cell in cells if part_of(cell) == "exercise"]
        quick = [cell.metadata["exercise"] for cell in asked if "if you are quick)" in cell.source]
        assert [
            c.metadata["exercise"] for c in asked if c.metadata["exercise"] not in quick
        ] == part.exercises
        first = cells[0].source
        assert (
            f"*{counted(len(part.exercises), 'exercise')}" in first and f"; {part.minutes} minutes" in first
        )
        assert (f"{len(quick)} more if you are quick" in first) == bool(quick)


def test_every_cell_is_plain_python(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)  # no magics: the cells also run without Jupyter
