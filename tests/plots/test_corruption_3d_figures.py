"""What the figures on 3D corruptions show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from corruption_zoo import BASELINES, CNN, zoo
from planted_zoo import named

from clipkit.plots import corruption_3d as figures


@pytest.fixture(scope="module")
def table():
    return zoo(beyond=lambda m, s: 0.02 * s * (m in CNN), models=[*BASELINES, *CNN, *named("vit-wild")])


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_every_base_recipe_has_a_line_in_each_family(table):
    figures.by_severity(table)
    three, two = plt.gcf().axes
    assert [line.get_xdata().tolist() for line in three.lines] == [[0, 1, 2, 3, 4, 5]] * 5
    assert [line.get_xdata().tolist() for line in two.lines] == [[0, 3, 5]] * 5
    assert three.lines[0].get_ydata()[0] == two.lines[0].get_ydata()[0]
    names = [text.get_text() for text in three.get_legend().get_texts()]
    assert names == [
        "CLIP, ResNet",
        "CLIP, ConvNeXt",
        "CLIP, transformer",
        "supervised ResNet",
        "supervised transformer",
    ]


def test_differences_are_drawn_for_both_measures(table):
    figures.architecture(table)
    assert [ax.get_title() for ax in plt.gcf().axes] == [
        "share of accuracy retained",
        "at equal clean accuracy",
    ]
    assert [len(ax.lines) for ax in plt.gcf().axes] == [11, 11]


def test_rows_and_errors_are_those_of_the_section(table):
    rows = figures.rows(table)
    assert len(rows) == 5 * (6 + 3) and {r.unit for r in rows} == {"fraction"}
    assert all(0 <= r.low <= r.value <= r.high <= 1 for r in rows)
    shown = figures.error_table(table).data
    assert shown.columns[0] == "clean accuracy (%)" and len(shown) == 3 + 3 + 3 + 2
    assert shown.loc["supervised-resnet-wild-s0"].tolist()[1:] == ["100 (100 to 100)"] * 2


def test_published_classifiers_lose_with_severity(public):
    figures.record()
    lines = plt.gca().lines
    assert len(lines) == 6 and all((np.diff(line.get_ydata()) < 0).all() for line in lines)


def test_the_sheet_shows_one_picture_under_every_corruption():
    figures.sheet(index=0, scale=1)
    ax = plt.gcf().axes[0]
    words = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert (
        words[:6] == ["clean", "1", "2", "3", "4", "5"] and "xy motion blur" in words and "pixelate" in words
    )
    assert len(words) == 6 + 6 + 8 + 2
