"""Commands that the pages show exist, with the options and parameters that they show."""

import re
import shlex

import pytest
import typer
from papermill.cli import papermill as papermill_command

from clipkit.book import parameters
from clipkit.cli import app

PAGES = [
    "README.md",
    "book/install.md",
    "book/running.md",
    "book/walkthrough.md",
    "book/workshop/teach.md",
    "book/workshop/self-study.md",
]


def lines(root):
    blocks = (
        b for page in PAGES for b in re.findall(r"```bash\n(.*?)```", (root / page).read_text(), re.DOTALL)
    )
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_clipkit_commands_and_options(root):
    shown = [shlex.split(line)[1:] for line in lines(root) if line.startswith("clipkit ")]
    assert len(shown) > 10
    for words in shown:
        command = typer.main.get_command(app)
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert not hasattr(command, "commands") or words in ([], ["--help"]), f"{words} is no command"
        assert {w for w in words if w.startswith("--")} <= known | {"--help"}


def test_papermill_examples_name_a_notebook_and_its_parameters(root):
    shown = [shlex.split(line)[1:] for line in lines(root) if line.startswith("papermill ")]
    assert shown
    for words in shown:
        context = papermill_command.make_context("papermill", words)
        values = dict(context.params["parameters"])
        parameters.check(root / "notebooks" / context.params["notebook_path"], values)


@pytest.mark.parametrize("target", ["book", "pdf", "test", "workshop"])
def test_make_targets_that_the_pages_name(root, target):
    assert f"make {target}" in "\n".join(lines(root))
    assert re.search(rf"^{target}:", (root / "Makefile").read_text(), re.MULTILINE)
