"""The numbers of a figure, read off what was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from clipkit.plots import chapter, drawn, intervals
from clipkit.plots.style import LIMITS, SEED


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_dots_carry_their_intervals_their_names_and_what_the_legend_calls_them():
    table = pd.DataFrame({"value": [1.0, 3.0], "low": [0.5, 2.0], "high": [1.5, np.nan]}, index=["a", "b"])
    ax = intervals.dots(table, xlabel="gain (pp)", colours=["#0072b2", "#d55e00"])
    ax.legend(handles=[plt.Line2D([], [], color="#0072b2", label="first kind")])
    frame = drawn.numbers(ax.figure)
    first, second = frame.to_dict("records")
    assert first == {
        "across": "gain (pp)", "panel": "", "upwards": "", "mark": "dot", "series": "first kind", "row": "a",
        "x": 1.0, "x_low": 0.5, "x_high": 1.5, "y": 0.0,
    }  # fmt: skip
    assert (second["row"], second["x"]) == ("b", 3.0) and np.isnan(second["x_high"])


def test_curves_bars_and_scattered_points_have_rows_and_reference_lines_and_pictures_none():
    _, (left, right, picture) = plt.subplots(1, 3)
    left.plot([0, 1, 2], [0, 1, 4], label="squares")
    left.axvline(0.5)
    left.axhspan(0, 1)
    right.barh([0], [2.0], left=[1.0], height=0.5)
    right.scatter([5.0], [6.0], label="point")
    picture.imshow(np.zeros((3, 3, 3)))
    frame = drawn.numbers(left.figure)
    assert [tuple(r) for r in frame[frame.mark == "line"][["x", "y", "series"]].to_numpy()] == [
        (0, 0, "squares"), (1, 1, "squares"), (2, 4, "squares"),
    ]  # fmt: skip
    bar = frame[frame.mark == "bar"].iloc[0]
    assert (bar.x_low, bar.x_high, bar.y_low, bar.y_high) == (1.0, 3.0, -0.25, 0.25)
    assert frame[frame.mark == "dot"][["x", "y", "series"]].to_numpy().tolist() == [[5.0, 6.0, "point"]]
    assert len(frame) == 5


def test_a_histogram_of_steps_has_a_row_for_each_bin():
    _, ax = plt.subplots()
    ax.stairs([2.0, 5.0], [0.0, 1.0, 3.0], label="known")
    frame = drawn.numbers(ax.figure)
    assert frame[["x_low", "x_high", "y", "series"]].to_numpy().tolist() == [
        [0.0, 1.0, 2.0, "known"], [1.0, 3.0, 5.0, "known"],
    ]  # fmt: skip


def test_a_chapter_writes_what_its_figure_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, before = plt.subplots()
    before.plot([9], [9], "o")

    def draw(height):
        plt.subplots()[1].plot([1.0], [height], "o")

    assert chapter.or_explain(draw, 7.0, csv="own") is None
    assert pd.read_csv(chapter.data_file("own"))[["x", "y"]].to_numpy().tolist() == [[1.0, 7.0]]


def test_marks_that_coincide_all_count_and_only_a_stroke_labelled_so_is_an_interval():
    _, ax = plt.subplots()
    ax.plot([1.0, 1.0], [2.0, 2.0], "o", color="#0072b2")
    ax.plot([1.0, 5.0], [2.0, 2.0], color="#0072b2")
    ax.vlines([1.0], [1.5], [2.5], color="#0072b2", label=LIMITS)
    ax.plot([1.0], [2.2], ".", color="#0072b2", label=SEED)
    frame = drawn.numbers(ax.figure)
    dots = frame[frame.mark == "dot"]
    assert len(dots) == 2 and set(dots.y_low) == {1.5} and set(dots.y_high) == {2.5}
    seed = frame[frame.mark == "seed"].iloc[0]
    assert np.isnan(seed.y_low) and "x_low" not in frame
    assert (frame.mark == "line").sum() == 2
