"""The map of the code: floors, what stands on each, and which imports which."""

import importlib
import re
import tomllib
from html import escape
from pathlib import Path

from clipkit.plots.ledger import rows_table, table_row

MARK = "% map of the code"
_HEAD = ("Where", "What", "Floor", "Files", "Imports")


def describe(source: Path) -> str:
    """HTML: a table of the floors of the import contract in pyproject.toml, from the top down.

    A row is a module or package of `clipkit`: what its docstring says first, its files, and what it imports.
    """
    import grimp

    contract = tomllib.loads((source / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    graph = grimp.build_graph("clipkit", cache_dir=None)
    rows = []
    for height, floor in zip(range(len(contract["layers"]), 0, -1), contract["layers"], strict=True):
        rows += [_row(name, height, graph) for name in floor.replace("|", ":").replace(" ", "").split(":")]
    return str(rows_table(_HEAD, rows, "The modules of clipkit, from the top floor down"))


def _row(name: str, height: int, graph) -> str:
    module = f"clipkit.{name}"
    own = {module, *graph.find_descendants(module)}
    imported = {target for m in own for target in graph.find_modules_directly_imported_by(m)} - own
    used = sorted({target.split(".")[1] for target in imported if "." in target})
    says = importlib.import_module(module).__doc__.split("\n\n")[0].replace("\n", " ").strip()
    says = re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(says))
    cells = (f"<code>{name}</code>", says, height, len(own), ", ".join(used) or "–")
    return table_row(_HEAD, cells)
