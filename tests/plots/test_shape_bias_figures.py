"""The figures show what the tables hold."""

import matplotlib.pyplot as plt
import pytest
from planted_shape_bias import planted

from clipkit.plots import pocket_shape_bias as plots
from clipkit.sections.pocket import shape_bias_frames

RECIPES = ["resnet-wild", "vit-wild", "supervised-resnet-wild"] + [
    f"{method}-{data}" for method in ("flyp", "cross-entropy") for data in ("wild", "studio", "catalogue")
]


@pytest.fixture(scope="module")
def table():
    return planted(RECIPES, lambda recipe, *_: 0.2 if recipe.endswith("catalogue") else 0.4, seeds=[0, 1])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def dots(ax) -> list[float]:
    return sorted(float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o")


def test_a_dot_for_each_recipe_and_background(table):
    plots.by_recipe(table)
    ax = plt.gca()
    frame = shape_bias_frames.by_recipe(table)
    assert dots(ax) == pytest.approx(sorted(frame.value))
    assert [t.get_text() for t in ax.get_yticklabels()] == list(dict.fromkeys(frame.recipe))


def test_a_curve_for_each_set_of_data(table):
    plots.ladder(table)
    figure = plt.gcf()
    frame = shape_bias_frames.ladder(table)
    top = figure.axes[0]
    own = frame[(frame.metric == "shape bias") & (frame.background == "neutral")]
    curves = {line.get_label(): list(line.get_ydata()) for line in top.lines if line.get_linestyle() == "-"}
    assert curves == {data: o.sort_values("step").value.tolist() for data, o in own.groupby("data")}
    assert [ax.get_ylabel() for ax in figure.axes[::2]] == list(shape_bias_frames.LADDER_METRICS)


def test_loss_and_data_are_told_apart(table):
    plots.loss_or_data(table)
    figure = plt.gcf()
    frame = shape_bias_frames.loss_or_data(table)
    for ax, background in zip(figure.axes, ("neutral", "other"), strict=True):
        assert dots(ax) == pytest.approx(sorted(frame[frame.background == background].effect))
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "the loss changes, not the data",
        "the data change, not the loss",
    ]


def test_all_factors_stand_on_both_backgrounds(table):
    plots.factors(table)
    figure = plt.gcf()
    assert [ax.get_title() for ax in figure.axes] == ["neutral background", "other background"]
    assert len(dots(figure.axes[0])) == len(dots(figure.axes[1])) > 10


def test_how_many_contrasts_moved(table):
    assert plots.moved_surely("loss", table) == "0 of 3"
    assert plots.moved_surely("data", table) == "2 of 4"  # those of catalogue data


def test_every_number_is_a_row(table):
    rows = plots.rows(table)
    assert len(rows) == len(table.frame)
    assert {r.model for r in rows} == set(table.frame.model)
    assert {r.track for r in rows} == {"pocket"}
