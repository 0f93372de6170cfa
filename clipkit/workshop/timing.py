"""How long the notebooks compute: each is executed with its solutions in a fresh kernel, and timed cell by cell."""

import json
import os
import platform
import tempfile
import time
from datetime import date, datetime
from pathlib import Path

from nbclient import NotebookClient
from tqdm import tqdm

from clipkit.errors import ClipkitError
from clipkit.workshop.exercises import read


def measure(sources: Path, names: list[str]) -> dict:
    """Execute the notebooks called `names` one after the other, and time them.

    Returns `when` and `on` which machine, the `load` of other work on it, and under `notebooks` for each the `seconds`,
    the kernel's start included, and those of its `longest` cell. Raises ClipkitError, naming the notebook, if a cell
    raises.
    """
    found, load = {}, os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    for name in tqdm(names, "execute", unit="notebook"):
        notebook = read(sources / f"{name}.ipynb")
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            client = NotebookClient(
                notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": folder}}
            )
            try:
                client.execute()
            except Exception as error:
                raise ClipkitError(f"notebook {name} does not run: {error}") from None
        cells = {cell.id: _seconds(cell) for cell in notebook.cells if cell.cell_type == "code"}
        longest = max(cells, key=cells.get)
        found[name] = {
            "seconds": round(time.perf_counter() - begun, 1),
            "longest": {"cell": longest, "seconds": round(cells[longest], 1)},
        }
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


def _seconds(cell) -> float:
    times = cell.metadata["execution"]
    begin, end = (datetime.fromisoformat(times[key]) for key in ("iopub.status.busy", "iopub.status.idle"))
    return (end - begin).total_seconds()
