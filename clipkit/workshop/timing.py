"""How much the notebooks compute: each is executed with its solutions in a fresh kernel, and measured cell by cell.

What counts is processor time, which other work on the machine hardly changes; an idle machine needs about as long.
"""

import json
import os
import platform
import tempfile
import time
from datetime import date
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

from clipkit.errors import ClipkitError
from clipkit.workshop.exercises import read

_BEGIN = """
import time as _time
_spent = []
get_ipython().events.register("pre_run_cell", lambda info: _spent.append(-_time.process_time()))
get_ipython().events.register("post_run_cell", lambda result: _spent.append(_time.process_time()))
"""
_END = "import json as _json\nprint(_json.dumps(_spent))"


def measure(sources: Path, names: list[str]) -> dict:
    """Execute the notebooks called `names` one after the other, and measure them.

    Returns `when` and `on` which machine, the `load` of other work when it began, and under `notebooks` for each:
    `seconds` of processor time, the `longest` cell with its own, and how long it took by the `clock`. Raises
    ClipkitError, naming the notebook, if a cell raises.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    found = {name: _measured(sources / f"{name}.ipynb") for name in tqdm(names, "execute", unit="notebook")}
    return {"when": date.today().isoformat(), "on": machine(), "load": round(load, 1), "notebooks": found}


def machine() -> str:
    """This machine in words: processors, their name, and Python's version."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores ({name}), Python {platform.python_version()}"


def write(measured: dict, path: Path) -> None:
    """Write what `measure` returned as JSON."""
    path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def _measured(path: Path) -> dict:
    notebook = read(path)
    code = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_BEGIN))
    notebook.cells.append(nbformat.v4.new_code_cell(_END))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=3600,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )
        try:
            client.execute()
        except Exception as error:
            raise ClipkitError(f"notebook {path.stem} does not run: {error}") from None
    clock = time.perf_counter() - begun
    # [end of the first cell, then −begin and end of each, −begin of the last]
    marks = json.loads(notebook.cells[-1].outputs[0].text)
    spent = {name: marks[1 + 2 * k] + marks[2 + 2 * k] for k, name in enumerate(code)}
    longest = max(spent, key=spent.get)
    return {
        "seconds": round(-marks[-1], 1),
        "longest": {"cell": longest, "seconds": round(spent[longest], 1)},
        "clock": round(clock, 1),
    }
