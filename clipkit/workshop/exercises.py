"""Exercises in an instructor's notebook, and the student's copy that is made of it.

An exercise is four cells in a row, told apart by their tags: `exercise` (Markdown: a heading with the minutes, an
objective, a task, and what it teaches), `stub` (what the student starts from), `solution`, and `check`. All four carry
the exercise's name in their metadata. The student's copy has every cell but the solutions.
"""

import copy
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from clipkit.errors import BadInput, MissingData
from clipkit.wording import counted
from clipkit.workshop.paths import Part
from clipkit.workshop.paths import Path as Way

PARTS = ("exercise", "stub", "solution", "check")
_HEADING = re.compile(r"^## (?P<title>.+) \((?P<minutes>\d+) min\)$", re.MULTILINE)
_OBJECTIVE = re.compile(r"^\*\*Objective\.\*\* (?P<text>.+)$", re.MULTILINE)
_SIZE = re.compile(r"^\*\w+ exercises, \d+ minutes(?P<rest>[^*]*)\.\*$", re.MULTILINE)
_TEACHES = re.compile(r"^\*\*What it teaches\.\*\* (?P<text>.+)$", re.MULTILINE)


class Exercise(NamedTuple):
    """One exercise; `at` is the place of its first cell among the notebook's cells."""

    name: str
    title: str
    minutes: int
    objective: str
    teaches: str
    at: int


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook; raises MissingData if there is none."""
    if not path.is_file():
        raise MissingData(
            f"no notebook {path}", "run this in a clone of the project, or name one with --source"
        )
    return nbformat.read(path, as_version=4)


def exercises(notebook: nbformat.NotebookNode, where: str = "notebook") -> list[Exercise]:
    """The exercises of an instructor's notebook, in order.

    Raises BadInput, naming `where` and the exercise, for a part that is missing, out of order or of another name, and
    for a heading, an objective or a lesson that is not there.
    """
    tagged = [(i, part) for i, cell in enumerate(notebook.cells) if (part := part_of(cell))]
    found = []
    for k in range(0, len(tagged), len(PARTS)):
        at, group = tagged[k][0], tagged[k : k + len(PARTS)]
        name = notebook.cells[at].metadata.get("exercise", "")
        if [part for _, part in group] != list(PARTS) or [i for i, _ in group] != [
            *range(at, at + len(PARTS))
        ]:
            raise BadInput(
                f"{where}: exercise {name!r} has cells {[part for _, part in group]}",
                f"it needs {', '.join(PARTS)}, one after the other",
            )
        names = {notebook.cells[i].metadata.get("exercise") for i, _ in group}
        if names != {name} or not name:
            raise BadInput(
                f"{where}: one exercise has the names {sorted(map(str, names))}", "give its cells one name"
            )
        found.append(_described(notebook.cells[at].source, name, at, where))
    return found


def student_copy(notebook: nbformat.NotebookNode, part: Part | None = None) -> nbformat.NotebookNode:
    """The notebook without solutions, outputs and what only the book needs; the original stays as it is.

    part: of a path, to tell the exercises of its core from those for the quick, and its minutes.
    """
    notebook = copy.deepcopy(notebook)
    if part:
        _mark_core(notebook, part)
    notebook.cells = [cell for cell in notebook.cells if part_of(cell) != "solution"]
    for cell in notebook.cells:
        cell.metadata.pop("mystnb", None)
        kept = [t for t in cell.metadata.pop("tags", []) if t in (*PARTS, "parameters")]
        if kept:
            cell.metadata["tags"] = kept
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _mark_core(notebook: nbformat.NotebookNode, part: Part) -> None:
    """Say how long the part is, and in the headings of all exercises but its core, that they are for the quick."""
    quick = 0
    for cell in notebook.cells:
        if part_of(cell) == "exercise" and cell.metadata.get("exercise") not in part.exercises:
            cell.source = _HEADING.sub(r"## \g<title> (\g<minutes> min, if you are quick)", cell.source)
            quick += 1
    count = counted(len(part.exercises), "exercise")
    if quick:
        count = f"{count} of the core, {quick} more if you are quick"
    first = notebook.cells[0]
    first.source = _SIZE.sub(f"*{count}; {part.minutes} minutes\\g<rest>.*", first.source)


def write_student_copies(sources: Path, way: Way, out: Path) -> list[Path]:
    """Write the student's copies of a path's notebooks into the folder `out`; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for part in way.parts:
        if not part.notebook:
            continue
        notebook, copied = read(sources / f"{part.notebook}.ipynb"), out / f"{part.notebook}.ipynb"
        exercises(notebook, part.notebook)  # a malformed exercise could leave its solution in the copy
        nbformat.write(student_copy(notebook, part), copied)
        written.append(copied)
    return written


def part_of(cell: nbformat.NotebookNode) -> str:
    """Which part of an exercise a cell is, "" if none."""
    return next((part for part in PARTS if part in cell.metadata.get("tags", [])), "")


def _described(text: str, name: str, at: int, where: str) -> Exercise:
    found = {"heading": _HEADING, "objective": _OBJECTIVE, "lesson": _TEACHES}
    found = {what: pattern.search(text) for what, pattern in found.items()}
    for what, match in found.items():
        if not match:
            raise BadInput(
                f"{where}: exercise {name!r} has no {what}",
                "write '## Title (5 min)', '**Objective.** …' and '**What it teaches.** …', each on a line",
            )
    heading = found["heading"]
    return Exercise(
        name,
        heading["title"],
        int(heading["minutes"]),
        found["objective"]["text"],
        found["lesson"]["text"],
        at,
    )
