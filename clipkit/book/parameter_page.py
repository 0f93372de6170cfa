"""The page on notebooks' parameters: what each takes, and how to run it with another value."""

import ast
import shlex
from pathlib import Path

import nbformat
import yaml

from clipkit.book.parameters import QUOTED, inspected

MARK = "% parameters of all notebooks"


def describe(source: Path, notebooks: list[Path]) -> str:
    """Markdown: a heading for each notebook, a table of its parameters, and the two commands that change one.

    source: the folder of the book, below which the notebooks lie. Links are those of a page in its folder `book`.
    """
    return "\n\n".join(_section(notebook, notebook.relative_to(source)) for notebook in notebooks)


def example(notebook: Path) -> tuple[str, object]:
    """A parameter of a notebook and a value for it: what the page's commands set.

    The last one declared whose comment quotes other values, or that counts, with another value than its default; if
    there is none, the first text with its default, in whose place a reader puts what the meaning allows.
    """
    found, texts = {}, {}
    for name, facts in inspected(notebook).items():
        default = ast.literal_eval(facts["default"])
        if isinstance(default, str):
            texts[name] = default
        others = [value for value in QUOTED.findall(facts["help"]) if value != default]
        if isinstance(default, int):
            found[name] = default + 1
        elif isinstance(default, str) and others:
            found[name] = others[0]
    return list(found.items())[-1] if found else next(iter(texts.items()))


def _section(notebook: Path, place: Path) -> str:
    title = nbformat.read(notebook, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
    rows = [
        f"| `{name}` | `{facts['inferred_type_name']}` | `{facts['default']}` | {facts['help']} |"
        for name, facts in inspected(notebook).items()
    ]
    name, value = example(notebook)
    said = shlex.quote(yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip())
    return "\n".join(
        [
            f"## {title}",
            "",
            f"Chapter: [{title}](../{place.as_posix()})",
            "",
            "| parameter | type | default | meaning and range |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "```bash",
            f"papermill {place.as_posix()} out.ipynb --cwd {place.parent.as_posix()} -p {name} {said}",
            f"clipkit book --only {notebook.stem} --set {name}={said}",
            "```",
        ]
    )
