"""The page of parameters: complete, and every command on it runs."""

import re
import shlex
from datetime import date

import pytest
import yaml
from typer.testing import CliRunner

from clipkit.book import build as building
from clipkit.book import parameters, stage
from clipkit.book.execute import Task, execute
from clipkit.book.parameter_page import describe, example
from clipkit.cli import app
from clipkit.errors import BadInput


@pytest.fixture(scope="module")
def notebooks(root):
    return stage.notebooks(root, stage.pages(root / "_toc.yml"))


@pytest.fixture(scope="module")
def text(root, notebooks):
    return describe(root, notebooks)


def test_every_parameter_of_every_notebook_has_a_row(text, notebooks):
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \| `.+` \| .{10,} \|$", text, re.MULTILINE)
    assert rows == [pair for n in notebooks for pair in parameters.declared(n).items()]


def test_both_commands_set_the_same_parameter_to_a_value_that_fits(text, root, notebooks):
    commands = [shlex.split(line) for line in re.findall(r"^(?:papermill|clipkit) .*$", text, re.MULTILINE)]
    assert len(commands) == 2 * len(notebooks)
    for notebook, by_papermill, ours in zip(notebooks, commands[::2], commands[1::2], strict=True):
        assert root / by_papermill[1] == notebook and ours[:4] == ["clipkit", "book", "--only", notebook.stem]
        name, value = by_papermill[-2:]
        assert ours[-1] == f"{name}={value}"
        parameters.check(notebook, {name: yaml.safe_load(value)})


def test_the_example_of_the_day_runs(root, notebooks, tmp_path):
    notebook = notebooks[date.today().toordinal() % len(notebooks)]
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "book").symlink_to(root / "book")
    name, value = example(notebook)
    assert execute(Task(notebook, folder / notebook.name, {name: value})).error == ""


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (["--set", "query"], "--set query has no value"),
        (["--set", "query=31"], "values are set for no notebook"),
        (["--only", "retrieval", "--set", "qurey=31"], "no parameter 'qurey'"),
        (["--only", "retrieval", "--set", "query=many"], "takes int, not 'many'"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_runs(root, monkeypatch, said, problem):
    monkeypatch.setattr(building, "execute_all", None)
    run = CliRunner().invoke(app, ["book", "--source", str(root), *said])
    assert isinstance(run.exception, BadInput) and problem in run.exception.problem
