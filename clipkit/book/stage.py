"""The stage: a fresh mirror of the book's sources, in which notebooks run and Sphinx builds."""

import importlib
import pkgutil
import re
import shutil
from pathlib import Path

import yaml

from clipkit.book import code_map, parameter_page
from clipkit.book.faults import expand_faults
from clipkit.errors import BadInput, MissingData
from clipkit.workshop import paths

_MODULES = re.compile(r"^% modules: (?P<names>[\w., ]+)$", re.MULTILINE)
_PATH = re.compile(r"^% workshop: (?P<name>[\w-]+)$", re.MULTILINE)


def pages(toc: Path) -> list[str]:
    """The pages that `_toc.yml` names, the root first, in reading order, without suffix.

    Raises MissingData if there is no such file.
    """
    if not toc.is_file():
        remedy = "run this in a clone of the book, or name it: --source DIR"
        raise MissingData(f"no {toc.name} in {toc.parent.resolve()}", remedy)
    tree = yaml.safe_load(toc.read_text())
    return [tree["root"], *_files(tree)]


def _files(node: dict | list) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _files(item)]
    below = [name for key in ("parts", "chapters", "sections") for name in _files(node.get(key, []))]
    return [node["file"], *below] if "file" in node else below


def notebooks(source: Path, names: list[str]) -> list[Path]:
    """The notebooks among the pages `names`; raises BadInput for a page that has no source at all."""
    found = []
    for name in names:
        if (source / f"{name}.ipynb").is_file():
            found.append(source / f"{name}.ipynb")
        elif not (source / f"{name}.md").is_file():
            remedy = "write the page, or drop the line"
            raise BadInput(f"_toc.yml names {name}, which has no .ipynb or .md", remedy)
    return found


def prepare(source: Path, stage: Path, keep: Path | None = None) -> None:
    """Empty `stage` and copy into it what Sphinx reads; what lies in `keep` is put back.

    Only the configuration, `book/` and `notebooks/` are copied, so that links to files elsewhere fail here as
    they would on the published site.
    """
    kept = stage.with_name(stage.name + ".kept")
    shutil.rmtree(kept, ignore_errors=True)
    if keep and keep.is_dir():
        keep.rename(kept)
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(source / name, stage / name)
    ignore = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "data")
    for name in ("book", "notebooks"):
        shutil.copytree(source / name, stage / name, ignore=ignore)
    if kept.is_dir():
        shutil.copytree(kept, stage / "notebooks", dirs_exist_ok=True)
        shutil.rmtree(kept)
    for page in (stage / "book").rglob("*.md"):
        text = expand_plan(expand_faults(expand_reference(page.read_text()), page.parent))
        if parameter_page.MARK in text:
            named = notebooks(source, pages(source / "_toc.yml"))
            text = text.replace(parameter_page.MARK, parameter_page.describe(source, named))
        if code_map.MARK in text:
            text = text.replace(code_map.MARK, code_map.describe(source))
        page.write_text(text)


def expand_reference(text: str) -> str:
    """Put the reference of every public module where a page says `% modules: clipkit.metrics`.

    The line is a MyST comment, so the page reads well under any builder, and a new module needs no new line.
    """
    return _MODULES.sub(lambda match: _blocks(match["names"].replace(",", " ").split()), text)


def expand_plan(text: str) -> str:
    """Put the table of a workshop's path, with its measured times, where a page says `% workshop: ninety-minutes`."""
    return _PATH.sub(lambda match: paths.table(match["name"]), text)


def _blocks(names: list[str]) -> str:
    modules = [module for name in names for module in public_modules(name)]
    # A package re-exports what its modules define; documented twice, every name would be ambiguous.
    options = "   :members:\n   :member-order: bysource\n   :ignore-module-all:\n"
    return "\n\n".join(
        f"## {module}\n\n```{{eval-rst}}\n.. automodule:: {module}\n{options}```" for module in modules
    )


def public_modules(name: str) -> list[str]:
    """`name` and the modules below it that have a docstring and no leading underscore, sorted.

    >>> public_modules("clipkit.errors")
    ['clipkit.errors']
    """
    module = importlib.import_module(name)
    below = pkgutil.iter_modules(getattr(module, "__path__", []), prefix=f"{name}.")
    found = [name] if module.__doc__ else []
    for entry in sorted(below, key=lambda entry: entry.name):
        if not entry.name.rpartition(".")[2].startswith("_"):
            found += public_modules(entry.name)
    return found
