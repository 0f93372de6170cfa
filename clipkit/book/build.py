"""Build the book: profile → stage → execute → Sphinx → `_build/html`."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from clipkit.book import parameters
from clipkit.book import profile as profiles
from clipkit.book import stage as staging
from clipkit.book.execute import Outcome, Task, execute_all
from clipkit.errors import BadInput, ClipkitError
from clipkit.registry import did_you_mean

_PROGRESS = "%|"
# jupyter-book 1.x cannot be run with `python -m`, and its script need not be on PATH.
_JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


class BookFailed(ClipkitError, RuntimeError):
    """Sphinx warned (which a strict build does not forgive) or stopped."""


def build(
    source: Path,
    profile: str,
    *,
    output: Path | None = None,
    jobs: int = 1,
    only: Sequence[str] = (),
    values: Mapping[str, object] = MappingProxyType({}),
    strict: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Execute the notebooks of the book in `source` under `profile`, build its pages, return `index.html`.

    Everything is made in `output/stage/{profile}`, emptied first; `output/html` is replaced only by a build
    that succeeded. `output` is `source/_build` if not given. The root page is executed last, so that it may
    sum up what the others wrote. With `only`, just the notebooks named are executed, the others keep what an
    earlier run left on the stage, and warnings are forgiven; `values` are parameters of theirs that win over the
    profile's. Raises BadInput, UnknownName, NotebookFailed or
    BookFailed.
    """
    source = source.resolve()
    output = (output or source / "_build").resolve()
    stage = output / "stage" / profile
    if jobs < 1:
        raise BadInput(f"jobs is {jobs}", "use 1 or more")

    pages = staging.pages(source / "_toc.yml")
    notebooks = staging.notebooks(source, pages)
    chosen = profiles.load(source / "notebooks", profile, notebooks)
    for name in only:
        if name not in chosen:
            raise BadInput(f"the book has no notebook {name!r}", did_you_mean(name, chosen))
    if values and not only:
        raise BadInput("values are set for no notebook in particular", "name the notebook with --only")
    for notebook in notebooks:
        if notebook.stem in only:
            parameters.check(notebook, values)
            chosen[notebook.stem] |= values

    staging.prepare(source, stage, keep=stage / "notebooks" if only else None)
    tasks = [
        Task(notebook, stage / notebook.relative_to(source), chosen[notebook.stem], hide=source)
        for notebook in notebooks
        if not only or notebook.stem in only
    ]
    root = [task for task in tasks if task.source == source / f"{pages[0]}.ipynb"]
    rest = [task for task in tasks if task not in root]
    say(f"executing {len(tasks)} of {len(notebooks)} notebooks, profile {profile}, {jobs} at a time")
    for part in (rest, root):
        execute_all(part, jobs, lambda outcome: say(_line(outcome)))

    _sphinx(stage, strict and not only)
    _publish(stage, output / "html")
    index = output / "html" / "index.html"
    say(f"the book is at {index.as_uri()}")
    return index


def _line(outcome: Outcome) -> str:
    line = f"  {outcome.name}: {'FAILED' if outcome.error else 'done'} in {outcome.seconds:.0f} s"
    said = [text for text in outcome.stderr.splitlines() if text.strip() and _PROGRESS not in text]
    return f"{line}; stderr, not published: {said[0][:160]}" if said else line


def _sphinx(stage: Path, strict: bool) -> None:
    # --all, because a second run would skip the pages that warned and so pass.
    flags = ["--all", "--keep-going", "-n"] + (["-W"] if strict else [])
    command = [sys.executable, "-c", _JUPYTER_BOOK, "build", str(stage), *flags]
    run = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    log = stage / "sphinx.log"
    log.write_text(re.sub(r"\x1b\[[\d;]*m", "", run.stdout))
    if run.returncode:
        lines = log.read_text().splitlines()
        told = [line for line in lines if re.search(r"WARNING|ERROR|CRITICAL", line)] or lines[-20:]
        raise BookFailed(
            f"Sphinx refused the book ({len(told)} complaints):\n" + "\n".join(dict.fromkeys(told[:40])),
            f"the whole log: {log}",
        )


def _publish(stage: Path, target: Path) -> None:
    """Put the built pages, and the data that notebooks wrote beside themselves, where `target` was."""
    built = stage / "_build" / "html"
    for data in sorted((stage / "notebooks").rglob("data")):
        if data.is_dir():
            shutil.copytree(data, built / data.relative_to(stage), dirs_exist_ok=True)
    (built / ".nojekyll").touch()  # Pages would drop every folder with a leading underscore
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        built, target, ignore=shutil.ignore_patterns(".buildinfo", ".doctrees", "objects.inv.tmp")
    )
