"""The figures on correspondence show what the table and the matches say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from correspondence_zoo import LEVELS, zoo

from clipkit.plots import correspondence
from clipkit.sections.measure.correspondence import MATCHED
from clipkit.sections.pocket import correspondence as section


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def table():
    return zoo()


@pytest.mark.parametrize("dataset", ["view-pairs", "part-pairs"])
def test_each_model_has_a_row_of_matches_right_ones_as_green_discs(dataset):
    correspondence.matched_points(("resnet-wild-s0", "vit-wild-s0"), dataset, pair=3, shown=8)
    axes = plt.gcf().axes[0]
    lines = [line for line in axes.lines if line.get_color() != "white"]
    assert len(lines) == 16
    for row, text in enumerate(t.get_text() for t in axes.texts):
        right = [line for line in lines[8 * row : 8 * row + 8] if line.get_color() == "#009e73"]
        assert text.endswith(f"{len(right)} of 8 right")
        assert {line.get_marker() for line in right} <= {"o"}
    wrong = [line for line in lines if line.get_color() == "#d55e00"]
    assert {(line.get_marker(), line.get_linestyle()) for line in wrong} <= {("X", "--")}
    width = plt.gcf().get_size_inches()[0] * 100
    assert all(line.get_xdata()[0] < width / 2 < line.get_xdata()[1] for line in lines)


def test_recall_falls_from_bin_to_bin_with_the_controls_around_it(table):
    correspondence.by_viewpoint(table)
    axes = plt.gcf().axes
    assert [ax.get_title().split(":")[0] for ax in axes] == ["objects", "scenes", "parts"]
    assert [t.get_text() for t in axes[1].get_xticklabels()] == ["0–15°", "15–30°", "30–60°"]
    curves = {line.get_label(): line for line in axes[0].lines}
    frame = section.by_bin(table).query(
        "dataset == 'view-pairs' and recipe == 'resnet-wild' and subset != 'all'"
    )
    np.testing.assert_allclose(curves["ResNet"].get_ydata(), frame.value)
    assert curves["random features"].get_ydata() == pytest.approx(0.05)
    assert curves["ground truth"].get_ydata() == pytest.approx(0.9)
    grey = [line for line in axes[0].lines if line.get_color() == "0.8"]
    assert len(grey) == len(LEVELS) - 4 - 1, "all recipes but the four architectures and the fine-tuned one"


def test_both_halves_show_every_contrast(table):
    correspondence.factors(table)
    for ax, control in zip(plt.gcf().axes, ("", MATCHED), strict=True):
        shown = section.contrasts_on(control=control, table=table)
        dots = [line for line in ax.lines if line.get_marker() == "o"]
        effects = sorted(float(dot.get_xdata()[0]) for dot in dots)
        assert effects == pytest.approx(sorted(100 * shown.effect))


def test_what_the_prose_quotes(table):
    bins = 3 * (5 + 4 + 1) * len(LEVELS)
    assert correspondence.controls_text(table) == f"all {bins}"
    low = correspondence.controls_text(zoo({"resnet-wild": 0.4, "vit-wild": 0.02}, noise=0.001))
    assert low.startswith("all but ") and "vit-wild-s0 (objects, all)" in low
    effect = 100 * section.contrasts_on(table=table).set_index("id").effect["curation-text"]
    assert correspondence.gain_text("curation-text", table).startswith(f"{effect:+.1f} pp [+")
    assert correspondence.gain_text("prompts-1", table) == "not available here"
    assert len(correspondence.rows(table)) == len(table.frame)
