"""A book of two pages, built for real: what stops a build, and what reaches the reader."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from clipkit.book.build import BookFailed, build
from clipkit.book.execute import NotebookFailed
from clipkit.errors import BadInput, MissingData

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def project(tmp_path, root):
    """The project's configuration around one chapter, `page`, and one notebook, `toy`."""
    shutil.copy(root / "_config.yml", tmp_path)
    shutil.copytree(root / "book" / "_static", tmp_path / "book" / "_static")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\nchapters:\n- file: notebooks/toy\n")
    (tmp_path / "book" / "page.md").write_text("# Page\n\nThe mean is $\\bar x$.\n")
    (tmp_path / "book" / "references.bib").write_text("")
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "small.yml").write_text("notebooks: {toy: {draws: 7}}")
    write_notebook(tmp_path, "print(draws)")
    return tmp_path


def write_notebook(project, *sources):
    cells = [
        new_markdown_cell("# Toy"),
        new_code_cell("draws: int = 100  # resamples", metadata={"tags": ["parameters"]}),
        *map(new_code_cell, sources),
    ]
    nbformat.write(new_notebook(cells=cells, metadata=PYTHON), project / "notebooks" / "toy.ipynb")


def test_pages_hold_results_data_and_nothing_of_this_machine(project):
    write_notebook(
        project,
        "import os, sys\nprint(os.path.abspath('toy.ipynb'), draws * 6)\n"
        "print('render:  50%| ', file=sys.stderr)\nprint('hu' + 'sh', file=sys.stderr)",
        "import pathlib; pathlib.Path('data').mkdir(); pathlib.Path('data/toy.csv').write_text('a\\n1\\n');",
    )
    said = []
    index = build(project, "small", say=said.append)

    page = (index.parent / "notebooks" / "toy.html").read_text()
    assert "_build/stage/small/notebooks/toy.ipynb 42" in page
    assert str(project) not in page
    assert "hush" not in page and any("stderr, not published: hush" in line for line in said)
    assert (index.parent / "notebooks" / "data" / "toy.csv").read_text() == "a\n1\n"
    assert "<math" in (index.parent / "book" / "page.html").read_text()
    assert said[-1] == f"the book is at {index.as_uri()}"
    committed = nbformat.read(project / "notebooks" / "toy.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in committed.cells)


def test_a_warning_fails_the_build_and_fails_it_again(project):
    (project / "book" / "page.md").write_text("# Page\n\nSee [](nowhere.md).\n")
    for _ in range(2):
        with pytest.raises(BookFailed, match="page.md:3: WARNING"):
            build(project, "small", say=lambda line: None)
        assert not (project / "_build" / "html").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_is_named_and_its_copy_kept(project, jobs):
    write_notebook(project, "x = draws", "y = x / 0\nprint(y)")
    with pytest.raises(NotebookFailed) as caught:
        build(project, "small", jobs=jobs, say=lambda line: None)
    assert caught.value.problem == (
        "notebook toy: cell 4 (`y = x / 0`) raised ZeroDivisionError: division by zero"
    )
    copy = project / "_build" / "stage" / "small" / "notebooks" / "toy.ipynb"
    assert str(copy) in caught.value.remedy
    assert "ZeroDivisionError" in copy.read_text()


def test_mistakes_are_told_before_anything_runs(project):
    with pytest.raises(BadInput, match="the book has no notebook 'toi'\n  -> Did you mean toy?"):
        build(project, "small", only=["toi"])
    with pytest.raises(BadInput, match="jobs is 0"):
        build(project, "small", jobs=0)
    (project / "_toc.yml").write_text("format: jb-book\nroot: book/gone\n")
    with pytest.raises(BadInput, match="_toc.yml names book/gone, which has no .ipynb or .md"):
        build(project, "small")
    with pytest.raises(MissingData, match="no _toc.yml in .*\n  -> run this in a clone"):
        build(project / "notebooks", "small")
    assert not (project / "_build").exists()


def test_only_keeps_what_an_earlier_run_left_and_forgives_warnings(project):
    (project / "book" / "page.md").write_text("# Page\n\nSee [](nowhere.md).\n")
    earlier = project / "_build" / "stage" / "small" / "notebooks" / "data" / "earlier.csv"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("a\n1\n")
    said = []
    index = build(project, "small", only=["toy"], say=said.append)
    assert said[0] == "executing 1 of 1 notebooks, profile small, 1 at a time"
    assert (index.parent / "notebooks" / "data" / "earlier.csv").is_file()
