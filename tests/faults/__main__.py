"""Provoke every fault and write `book/faults.csv`: `make faults`, or `python -m faults` in the folder `tests`."""

import tempfile
from pathlib import Path

from tqdm import tqdm

from faults import command_line, data, models, store  # noqa: F401  (they register their faults)
from faults.harness import TABLE, ordered, row, write

if __name__ == "__main__":
    rows = []
    for fault in tqdm(ordered(), unit="fault"):
        with tempfile.TemporaryDirectory(prefix="clipkit-fault-") as folder:
            rows.append(row(fault, Path(folder)))
    write(rows)
    print(f"{len(rows)} faults, none unhandled: {TABLE}")
