"""The table of faults: what the tests that provoke them wrote, as the page on faults shows it."""

import csv
import re
from html import escape
from pathlib import Path

from clipkit.plots.ledger import rows_table, table_row

_TABLES = re.compile(r"^% faults: (?P<theme>[\w ]+)$", re.MULTILINE)
_HEAD = ("Fault", "What you see", "What is lost")


def expand_faults(text: str, folder: Path) -> str:
    """Put the rows of `faults.csv` in `folder` where a page says `% faults: THEME`, a comment to other builders."""
    return _TABLES.sub(lambda match: _table(folder / "faults.csv", match["theme"]), text)


def _table(path: Path, theme: str) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        rows = [_row(found) for found in csv.DictReader(file) if found["theme"] == theme]
    return str(rows_table(_HEAD, rows, f"{len(rows)} faults: {theme}"))


def _row(found: dict[str, str]) -> str:
    cells = (
        f"<strong>{escape(found['fault'])}</strong><br>{escape(found['provoked'])}",
        "<br>".join(f"<code>{escape(line.strip())}</code>" for line in found["seen"].splitlines()),
        escape(found["lost"]),
    )
    return table_row(_HEAD, cells)
