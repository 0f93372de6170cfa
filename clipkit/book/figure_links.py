"""What stands below a figure: its numbers, the function that draws it, and how to run its notebook again."""

import ast
import json
import re
from html import escape
from pathlib import Path

from clipkit.plots.chapter import data_file

REFERENCE, PARAMETERS = "book/api-figures", "book/parameters"
_CAPTION = re.compile(r'(<figure [^>]*id="(?P<id>fig-[\w-]+)".*?)(</figcaption>)', re.DOTALL)
_NUMBER = re.compile(r'class="caption-number">\s*([^<]*?)\s*<')


def add_links(page: str, notebook: Path, known: set[str]) -> str:
    """`page` (HTML of `notebook`, which has been executed), with a line of links below each figure.

    known: the names of all pages of the book; a link to one that is not built is left out.
    """
    functions = drawing_functions(notebook) if notebook.is_file() else {}

    def linked(match: re.Match) -> str:
        name = match["id"]
        if name not in functions:
            return match[0]
        number = _NUMBER.search(match[1])
        links = _links(name, functions[name], notebook, known, number[1] if number else name)
        return f'{match[1]}<p class="data-link">{" · ".join(links)}</p>{match[3]}'

    return _CAPTION.sub(linked, page)


def _links(name: str, function: str, notebook: Path, known: set[str], number: str) -> list[str]:
    links, table = [], data_file(name)
    if (notebook.parent / table).is_file():
        links.append(f'<a href="{table.as_posix()}" download>Data of {escape(number)} (CSV)</a>')
    code = f"<code>{escape(function)}</code>"
    if REFERENCE in known:
        code = f'<a href="../{REFERENCE}.html#{function}">{code}</a>'
    links.append(f"drawn by {code}")
    if PARAMETERS in known:
        links.append(f'<a href="../{PARAMETERS}.html">Run {escape(notebook.stem)} with other parameters</a>')
    return links


def drawing_functions(notebook: Path) -> dict[str, str]:
    """Name of a figure → full name of the function that its cell calls to draw it."""
    modules, found = {}, {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
        tree = ast.parse("\n".join(lines))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        figure = (cell["metadata"].get("mystnb") or {}).get("figure")
        if figure:
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            called = ast.unparse(calls[0].args[0] if _explained(calls[0]) else calls[0].func)
            module, _, rest = called.partition(".")
            found[figure["name"]] = f"{modules.get(module, module)}.{rest}"
    return found


def _explained(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "chapter.or_explain"
