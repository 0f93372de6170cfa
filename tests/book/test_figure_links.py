"""Below every figure of a chapter: its numbers, the function that draws it, and how to run its notebook again."""

import importlib
import json
import re

import pandas as pd
import pytest

from clipkit.book.figure_links import PARAMETERS, REFERENCE, add_links, drawing_functions

PAGE = (
    '<figure class="align-default" id="fig-a"><img src="a.svg" />\n<figcaption><p><span class="caption-number">'
    "Fig. 3 </span>Dots.</p></figcaption></figure>"
)


@pytest.fixture
def notebook(tmp_path):
    figure = {"mystnb": {"figure": {"name": "fig-a", "caption": "Dots."}}}
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": ["from clipkit.plots import chapter, retrieval as r\n", "%cd"],
        },
        {
            "cell_type": "code",
            "metadata": figure,
            "source": 'chapter.or_explain(r.offsets_by_source, csv="fig-a")',
        },
    ]
    path = tmp_path / "retrieval.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_a_figure_gets_what_there_is(notebook):
    bare = add_links(PAGE, notebook, set())
    assert "drawn by <code>clipkit.plots.retrieval.offsets_by_source</code>" in bare and "href" not in bare
    (notebook.parent / "data").mkdir()
    (notebook.parent / "data/fig-a.csv").write_text("x,y\n1,2\n")
    full = add_links(PAGE, notebook, {REFERENCE, PARAMETERS})
    assert '<a href="data/fig-a.csv" download>Data of Fig. 3 (CSV)</a>' in full
    assert 'href="../book/api-figures.html#clipkit.plots.retrieval.offsets_by_source"' in full
    assert "Run retrieval with other parameters</a></p></figcaption></figure>" in full


def test_pages_that_are_no_notebooks_stay_as_they_are(tmp_path):
    assert add_links(PAGE, tmp_path / "install.ipynb", {REFERENCE}) == PAGE


def test_every_figure_of_the_notebooks_names_a_function_that_exists_and_its_own_file(root):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        for name, function in drawing_functions(path).items():
            module, _, attribute = function.rpartition(".")
            assert callable(getattr(importlib.import_module(module), attribute)), (path.name, name)
        for cell in json.loads(path.read_text())["cells"]:
            figure = (cell["metadata"].get("mystnb") or {}).get("figure")
            written = re.search(r'csv="([\w-]+)"', "".join(cell["source"]))
            assert not written or written[1] == figure["name"], (path.name, figure)


def test_every_drawn_figure_of_the_book_has_its_numbers_beside_it(book):
    found = 0
    for page in sorted((book / "notebooks").glob("*.html")):
        for figure in re.findall(r'<figure [^>]*id="fig-.*?</figure>', page.read_text(), re.DOTALL):
            assert "drawn by" in figure, page.name
            drawing = page.parent / re.search(r'<img [^>]*src="([^"]+)"', figure)[1]
            if drawing.suffix == ".svg" and "<image" not in drawing.read_text():  # pictures have no numbers
                table = pd.read_csv(page.parent / re.search(r'href="(data/[\w-]+\.csv)"', figure)[1])
                assert len(table) and table[["x", "y"]].notna().all(axis=None), figure[:200]
                found += 1
    assert found >= 60
