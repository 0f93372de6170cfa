"""The map of the code: floors, what stands on each, and which imports which."""

import importlib
import tomllib
from pathlib import Path

MARK = "% map of the code"


def describe(source: Path) -> str:
    """Markdown: a table of the floors of the import contract in pyproject.toml, from the top down.

    A row is a module or package of `clipkit`: what its docstring says first, its files, and what it imports.
    """
    import grimp

    contract = tomllib.loads((source / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    graph = grimp.build_graph("clipkit", cache_dir=None)
    rows = ["| floor | where | what | files | imports |", "| ---: | --- | --- | ---: | --- |"]
    for height, floor in zip(range(len(contract["layers"]), 0, -1), contract["layers"], strict=True):
        names = floor.replace("|", ":").replace(" ", "").split(":")
        rows += [f"| {height} | {_cells(name, graph)} |" for name in names]
    return "\n".join(rows)


def _cells(name: str, graph) -> str:
    module = f"clipkit.{name}"
    own = {module, *graph.find_descendants(module)}
    imported = {target for m in own for target in graph.find_modules_directly_imported_by(m)} - own
    used = sorted({target.split(".")[1] for target in imported if "." in target})
    says = importlib.import_module(module).__doc__.split("\n\n")[0].replace("\n", " ").strip()
    return f"`{name}` | {says} | {len(own)} | {', '.join(used) or '–'}"
