"""The page on faults shows every row of its table, and no row twice."""

import csv
from html import escape

from clipkit.book.faults import expand_faults


def test_every_fault_has_its_row(root):
    text = expand_faults((root / "book" / "faults.md").read_text(), root / "book")
    with open(root / "book" / "faults.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (
        len(rows) > 30 and text.count("<tr>") == len(rows) + text.count("<thead>") and "% faults" not in text
    )
    for row in rows:
        assert text.count(f"<strong>{escape(row['fault'])}</strong>") == 1
        assert all(escape(line.strip()) in text for line in row["seen"].splitlines())
