"""`clipkit workshop time`: each notebook runs with its solutions, and what it took is written for each."""

import json
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import ClipkitError
from clipkit.workshop.timing import measure


def write(folder, name, *sources):
    cells = [new_code_cell(source, id=f"{name}-{k}") for k, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


def test_each_notebook_is_timed_with_its_solutions(tmp_path, monkeypatch):
    write(tmp_path, "small", "a = 1", "b = sum(k * k for k in range(3_000_000))", "assert a < b")
    way = SimpleNamespace(notebooks=["small"])
    monkeypatch.setattr("clipkit.workshop.paths.paths", lambda: {"self-study": way})
    out = tmp_path / "here.json"
    run = CliRunner().invoke(app, ["workshop", "time", "--out", str(out), "--source", str(tmp_path)])
    assert run.exit_code == 0, run.exception
    (name, said), *_ = json.loads(out.read_text())["notebooks"].items()
    assert (name, said["longest"]["cell"]) == ("small", "small-1")
    assert "small-1" in run.stdout


def test_a_notebook_that_stops_is_named(tmp_path):
    write(tmp_path, "broken", "1 / 0")
    with pytest.raises(ClipkitError, match="notebook broken does not run"):
        measure(tmp_path, ["broken"])
