"""Execute one parameterised notebook, and leave a copy that is fit to be published."""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from clipkit.errors import ClipkitError

# pandas heads its index with an empty header cell, which a screen reader announces.
# What the page draws as HTML: the scripts behind the others are not there, and Sphinx would stumble over some.
_NEEDS_SCRIPT = ("application/vnd.vega", "application/vnd.jupyter.widget-view")
_EMPTY_HEADER = re.compile(r'<th(?: class="blank[^"]*")?\s*>(?:&nbsp;)?</th>')


class NotebookFailed(ClipkitError, RuntimeError):
    """A cell raised; the text names the notebook, the cell and the error."""


@dataclass(frozen=True)
class Task:
    """One notebook to execute: `source` with `parameters` into `target`, whose folder is the working folder.

    `hide` is a folder (the checkout) whose absolute path is taken out of the outputs.
    """

    source: Path
    target: Path
    parameters: dict = field(default_factory=dict)
    hide: Path | None = None

    @property
    def name(self) -> str:
        return self.source.stem


@dataclass(frozen=True)
class Outcome:
    """What became of a task: `error` is "" on success; `stderr` is what its cells wrote to standard error."""

    name: str
    seconds: float
    error: str = ""
    stderr: str = ""


def execute(task: Task) -> Outcome:
    """Run `task` and tidy the executed copy; a cell that raises is told in the outcome, not raised."""
    start, error = time.perf_counter(), ""
    try:
        papermill.execute_notebook(
            str(task.source), str(task.target), parameters=task.parameters, cwd=str(task.target.parent),
            kernel_name="python3", progress_bar=False, extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )  # fmt: skip
    except PapermillExecutionError as caught:
        first = (caught.source.strip() or "(empty)").splitlines()[0]
        # papermill counts the cell it injected, which the committed notebook does not have
        number = caught.cell_index + (0 if task.parameters else 1)
        error = f"cell {number} (`{first}`) raised {caught.ename}: {caught.evalue}"
    except DeadKernelError:
        error = "its kernel died: most often memory ran out"
    stderr = _tidy(task.target, task.hide) if task.target.exists() else ""
    return Outcome(task.name, time.perf_counter() - start, error, stderr)


def execute_all(tasks: Sequence[Task], jobs: int, report: Callable[[Outcome], None]) -> None:
    """Run `tasks`, `jobs` at a time, calling `report` as each ends; NotebookFailed names all that failed."""
    failed = []
    for outcome in _in_turn(tasks) if jobs == 1 else _side_by_side(tasks, jobs):
        report(outcome)
        if outcome.error:
            failed.append(outcome)
    if failed:
        copies = {task.name: task.target for task in tasks}
        raise NotebookFailed(
            "\n".join(f"notebook {outcome.name}: {outcome.error}" for outcome in failed),
            "see the executed copy: " + ", ".join(str(copies[outcome.name]) for outcome in failed),
        )


def _in_turn(tasks: Sequence[Task]) -> Iterable[Outcome]:
    return map(execute, tasks)


def _side_by_side(tasks: Sequence[Task], jobs: int) -> Iterable[Outcome]:
    # Processes, because papermill changes the working folder; spawned, because a fork keeps locks of threads.
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    with ProcessPoolExecutor(jobs, get_context("spawn"), _limit_threads, (threads,)) as pool:
        for future in as_completed([pool.submit(execute, task) for task in tasks]):
            yield future.result()


def _limit_threads(threads: str) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", threads)


def _tidy(path: Path, hide: Path | None) -> str:
    """Drop run records, fold the parameters, hide the checkout's path; return what went to stderr."""
    notebook = nbformat.read(path, as_version=4)
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    _fold_parameters(notebook.cells)
    stderr = []
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = _hide(output.text, hide)
                if output.name == "stderr":
                    stderr.append(output.text)
            data = output.get("data", {})
            if "text/html" in data:
                for kind in [kind for kind in data if kind.startswith(_NEEDS_SCRIPT)]:
                    del data[kind]
            for kind, text in data.items():
                if kind.startswith("text/") and isinstance(text, str):
                    data[kind] = _EMPTY_HEADER.sub("<td></td>", _hide(text, hide))
    nbformat.write(notebook, path)
    return "".join(stderr)


def _hide(text: str, folder: Path | None) -> str:
    return text.replace(f"{folder}{os.sep}", "") if folder else text


def _fold_parameters(cells: list) -> None:
    """Fold the cell of parameters, unless its tags say how to show it, and treat the injected one alike."""
    how = {"hide-cell"}
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags:
            how = {tag for tag in tags if tag.startswith(("hide-", "remove-"))} or how
            prompt = "the parameters"
        elif "injected-parameters" in tags:
            prompt = "the parameters of this run"
        else:
            continue
        cell.metadata["tags"] = sorted({*tags, *how})
        cell.metadata["mystnb"] = {
            f"code_prompt_{do}": f"{do.capitalize()} {prompt}" for do in ("show", "hide")
        }
