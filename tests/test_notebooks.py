"""What every committed notebook must be: without results, with parameters that can be read and checked."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from clipkit.book.parameters import choices, declared, fits
from clipkit.book.stage import pages

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted([*ROOT.glob("notebooks/**/*.ipynb"), *ROOT.glob("book/**/*.ipynb")])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_holds_no_results(notebook):
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            assert cell.outputs == [], f"cell {number}"
            assert cell.execution_count is None, f"cell {number}"


def test_a_chapter_that_quotes_one_track_says_of_every_verdict_which(notebook):
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    quoted = re.findall(r"`([A-Z]\d-(?:(\w+)-)?(?:verdict|effect|models|clusters))`", prose)
    if any(track for _, track in quoted):
        assert not [key for key, track in quoted if not track]


def test_is_valid_and_every_cell_keeps_an_id(notebook):
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_names_the_plain_kernel_and_begins_with_its_one_title(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].source.startswith("# ")
    prose = [
        line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()
    ]
    assert sum(line.startswith("# ") for line in prose) == 1


def test_parameters_are_typed_commented_and_checkable(notebook, path):
    tagged = [n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    assert tagged in ([0], [1]), "one cell tagged `parameters`, the first or the second"
    cell = notebook.cells[tagged[0]]
    lines = cell.source.splitlines()
    statements = [s for s in ast.parse(cell.source).body if not isinstance(s, ast.Import | ast.ImportFrom)]
    seen = declared(path)
    for statement in statements:
        assert isinstance(statement, ast.AnnAssign), f"{lines[statement.lineno - 1]!r} has no type"
        name = statement.target.id
        assert "#" in lines[statement.lineno - 1], f"{name} has no comment"
        assert seen.get(name) == ast.unparse(statement.annotation), f"papermill reads no type of {name}"
        default, allowed = ast.literal_eval(statement.value), choices(lines[statement.lineno - 1])
        assert fits(default, seen[name]), f"the default of {name} does not fit"
        assert not allowed or default in allowed, f"the default of {name} is not one of its choices"


def test_is_a_page_of_the_book(path):
    assert path.relative_to(ROOT).with_suffix("").as_posix() in pages(ROOT / "_toc.yml")
