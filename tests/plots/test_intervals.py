"""Dots with intervals."""

import numpy as np
import pandas as pd

from clipkit.plots import intervals


def test_one_dot_and_one_bar_a_row_in_the_tables_order():
    table = pd.DataFrame({"value": [2.0, 1.0], "low": [1.5, np.nan], "high": [2.5, np.nan]}, index=["b", "a"])
    ax = intervals.dots(table, xlabel="effect", reference=None)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    assert [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o"] == [[2.0], [1.0]]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
