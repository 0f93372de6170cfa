"""The grid of claims and conventions says what the frame says; so do its tables."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from clipkit.claims.multiverse import COLUMNS
from clipkit.claims.verdict import UNTESTABLE
from clipkit.plots import conventions
from clipkit.sections.multiverse import CONVENTIONS

ROWS = [
    ("ours", "C1", "holds", 0.5), ("ours", "C4", "fails", -1.0), ("ours", "O1", "weaker", 0.3),
    ("ece-15", "C1", "holds", 0.6), ("ece-15", "C4", "holds", 2.0),
    ("msp", "O1", "not testable here", None),
]  # fmt: skip


@pytest.fixture
def frame():
    rows = [(c, i, v, e, e, e, 0.01, "because") for c, i, v, e in ROWS]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_each_verdict_is_a_square_and_those_unlike_ours_are_framed(frame):
    ax = conventions.grid("pocket", frame).axes[0]
    squares = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert len(squares) == len(ROWS)
    assert [p.get_linewidth() > 0 for p in squares] == [False, False, False, False, True, True]
    assert [t.get_text() for t in ax.texts] == ["✓↑", "✗↓", "◐↑", "✓↑", "✓↑", "–"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["ours", "ECE, 15 bins", "MSP"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["C1", "C4", "O1"]
    plt.close("all")


def test_the_table_says_what_stands_and_what_does_not(frame):
    rows = conventions.survival_table("pocket", frame).split("<tr>")[2:]
    assert "1 of 1</td>" in rows[0] and "none" in rows[0]
    assert "0 of 1; other sign in 1" in rows[1] and "ECE, 15 bins: holds" in rows[1]
    assert "−1.0 to 2.0 pp" in rows[1] and "MSP: cannot tell" in rows[2]


def test_the_table_of_conventions_has_a_row_for_each():
    html = conventions.convention_table()
    assert html.count("<tr>") == 1 + len(CONVENTIONS)
    assert "record: V1, V2, V3" in html and "all that p decides" in html


def test_survivors_are_counted_among_claims_that_could_be_told(frame, monkeypatch):
    untold = pd.DataFrame([("ours", "D1", UNTESTABLE, 1.0, 0.0, 2.0, 0.5, "")], columns=COLUMNS)
    monkeypatch.setattr(conventions, "judged", lambda track: pd.concat([frame, untold], ignore_index=True))
    assert conventions.survivors("pocket") == "1 of 3" and conventions.contradicted("pocket") == "C4"
