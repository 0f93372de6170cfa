"""What the book makes of the workshop: plans become tables, widgets become pictures."""

import nbformat
import pytest

from clipkit.book.execute import Task, execute
from clipkit.book.stage import expand_plan
from clipkit.errors import UnknownName
from clipkit.workshop.paths import table
from tests.workshop.conftest import SOURCES

CELL = """
import ipywidgets as widgets
from clipkit.workshop.explorer import Explorer
Explorer({"n": widgets.IntSlider(3)}, lambda n: f"<p>n is {n}</p>")
"""


def test_a_plan_becomes_its_table():
    assert (
        expand_plan("before\n\n% workshop: half-a-day\n\nafter")
        == f"before\n\n{table('half-a-day')}\n\nafter"
    )
    with pytest.raises(UnknownName, match="unknown path 'half-a-week'"):
        expand_plan("% workshop: half-a-week")


def test_every_path_has_a_page_with_its_plan():
    for page in ("ninety-minutes", "half-a-day", "self-study"):
        text = (SOURCES / f"{page}.md").read_text()
        assert f"\n% workshop: {page}\n" in text
        assert "## What usually goes wrong" in text or "## Where people get stuck" in text


def test_an_explorer_is_published_as_a_picture_and_a_note(tmp_path):
    source, target = tmp_path / "live.ipynb", tmp_path / "out" / "live.ipynb"
    target.parent.mkdir()
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata=metadata), source
    )
    assert execute(Task(source, target)).error == ""
    published = nbformat.read(target, as_version=4)
    (output,) = published.cells[0].outputs
    assert (
        "<p>n is 3</p>" in output.data["text/html"]
        and "Here it stands as it begins" in output.data["text/html"]
    )
    assert not [kind for kind in output.data if "widget" in kind]
    assert "widgets" not in published.metadata
