"""Every command that the project shows: in fenced blocks of its pages, in notebooks, in examples of `--help`."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import typer

from clipkit.cli import app

FENCE = re.compile(r"^(?P<fence>`{3,})(?:bash|sh|console|shell)\n(?P<code>.*?)^(?P=fence)", re.M | re.S)
COMMENT = re.compile(r"\s+#.*")
NO_COMMAND = re.compile(r"(cd|mkdir|\.|conda activate|export|sleep) ")


def shown(root: Path) -> dict[str, set[str]]:
    """Each command as it is typed, without its comment, and the places that show it."""
    found: dict[str, set[str]] = {}
    for place, command in (*on_pages(root), *in_help(typer.main.get_command(app), "clipkit")):
        found.setdefault(command, set()).add(place)
    return found


def on_pages(root: Path) -> Iterator[tuple[str, str]]:
    """Places and commands of the README, the book's pages and the notebooks."""
    for pattern in ("README.md", "book/**/*.md", "book/**/*.ipynb", "notebooks/*.ipynb"):
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                text = "\n\n".join("".join(c["source"]) for c in json.loads(text)["cells"])
            for block in FENCE.finditer(text):
                for command in commands(block["code"]):
                    yield path.relative_to(root).as_posix(), command


def commands(code: str) -> Iterator[str]:
    """The commands of a block; one that leaves a quote open, or ends in a backslash, goes on in the next line."""
    begun = ""
    for line in code.splitlines():
        begun = begun.removesuffix("\\") + line
        try:
            words = shlex.split(begun.removesuffix("\\"), comments=True)
        except ValueError:
            begun += "\n"
            continue
        if begun.endswith("\\"):
            continue
        if words and not NO_COMMAND.match(begun):
            yield begun if "\n" in begun else COMMENT.sub("", begun)
        begun = ""


def in_help(command, name: str) -> Iterator[tuple[str, str]]:
    """Places and commands of the examples that `--help` shows."""
    for word, below in getattr(command, "commands", {}).items():
        yield from in_help(below, f"{name} {word}")
    _, _, examples = (command.help or "").partition("Example")
    for line in re.split(r"[\n·;]", re.sub(r"\[/?\w*\]", "", examples)):
        if "clipkit " in line:
            yield f"{name} --help", COMMENT.sub("", line[line.index("clipkit ") :]).strip()
