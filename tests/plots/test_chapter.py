"""What every chapter uses."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from clipkit.errors import MissingData, UnknownName
from clipkit.plots import chapter
from clipkit.results import row_maker


def test_missing_records_become_a_note_and_not_a_traceback():
    def figure():
        raise MissingData("3 records are not here", "run `clipkit records fetch`")

    note = chapter.or_explain(figure)
    assert "3 records are not here" in note and "clipkit records fetch" in note


def test_a_figure_is_shown_once_and_a_broken_one_not_at_all():
    def broken():
        plt.subplots()
        raise MissingData("no results", "run it")

    plt.close("all")
    assert "no results" in chapter.or_explain(broken) and not plt.get_fignums()
    assert chapter.or_explain(lambda: plt.subplots()[0]) is None and len(plt.get_fignums()) == 1
    plt.close("all")


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        chapter.or_explain(lambda: 1 / 0)


def test_rows_are_saved_beside_the_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = row_maker(
        section="s",
        track="record",
        model="m",
        dataset="d",
        subset="",
        metric="x",
        n=3,
        interval_method="none",
    )
    link = chapter.save_rows([row(value=0.25), replace(row(value=0.5), n_expected=3, n_seen=3)], "figure")
    assert 'href="data/figure.csv"' in link and "2 rows" in link
    written = pd.read_csv("data/figure.csv", dtype=str, keep_default_na=False)
    assert written.value[0] == "0.25" and written.n_seen.tolist() == ["", "3"]


def test_unknown_profile_names_the_near_miss():
    with pytest.raises(UnknownName, match="unknown profile 'pockt'\n.*Did you mean pocket?"):
        chapter.verdicts("pockt")
