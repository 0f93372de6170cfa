"""What the pocket figures on visual factors and natural shifts show of a planted zoo."""

import matplotlib.pyplot as plt
import pytest
from planted_zoo import BASELINES, FACTORS, named, planted_zoo

from clipkit.plots import pocket_natural_shifts, pocket_visual_factors
from clipkit.sections.measure.natural_shifts import SHIFTS
from clipkit.sections.pocket import factor_frames, natural_shifts


@pytest.fixture(scope="module")
def zoo():
    accuracy = dict(zip(BASELINES, (0.72, 0.55, 0.66, 0.68, 0.62, 0.45, 0.7, 0.3), strict=True))
    models = [*BASELINES, *named("resnet-wild", "resnet-studio", seeds=[0, 1])]
    return planted_zoo(models, lambda m: accuracy.get(m, 0.6))


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


def names_of(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def test_factors_stand_in_the_order_of_their_drop(zoo):
    pocket_visual_factors.by_factor(zoo)
    axes = plt.gcf().axes
    order = factor_frames.factor_frame(zoo).sort_values("drop", ascending=False).index
    assert len(axes) == 3 and names_of(axes[0]) == [f.replace("_", " ") for f in order]


def test_supervised_models_of_the_pocket_world_are_not_called_trained_on_imagenet(zoo):
    pocket_visual_factors.planes(["pose", "style"], "theil-sen", zoo)
    figure = plt.gcf()
    assert [ax.get_title() for ax in figure.axes] == ["pose", "style"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["supervised", "zero-shot CLIP"]


def test_both_halves_of_a_figure_have_the_same_contrasts(zoo):
    for draw in (pocket_visual_factors.factors, pocket_natural_shifts.factors):
        draw(zoo)
        left, right = plt.gcf().axes
        assert list(left.get_yticks()) == list(right.get_yticks())
        assert {"wild → studio", "eighty → one"} <= set(names_of(left))


def test_twins_and_groups_are_named(zoo):
    pocket_visual_factors.language(zoo)
    assert names_of(plt.gcf().axes[0]) == ["resnet-studio", "resnet-wild"]
    pocket_natural_shifts.groups(zoo)
    assert [ax.get_title() for ax in plt.gcf().axes] == list(SHIFTS)
    assert names_of(plt.gcf().axes[0]) == ["zero-shot, wild", "zero-shot, studio"]


def test_rows_are_those_of_the_frames(zoo):
    rows = pocket_visual_factors.rows(zoo)
    frame = factor_frames.factor_frame(zoo)
    assert (
        len(rows) == 3 * len(FACTORS)
        and {r.n for r in rows} == {312}
        and {r.track for r in rows} == {"pocket"}
    )
    drops = {r.subset: (r.value, r.low, r.high) for r in rows if r.metric == "drop"}
    assert drops == {f: tuple(frame.loc[f, ["drop", "drop_low", "drop_high"]]) for f in FACTORS}
    shifts = pocket_natural_shifts.rows(zoo)
    assert [r.value for r in shifts] == natural_shifts.group_frame(zoo).value.tolist()


def test_the_table_names_what_is_ranked_otherwise(zoo):
    shown = pocket_visual_factors.agreement_table(zoo).data
    found = factor_frames.agreement(zoo)
    assert shown["rank correlation"].tolist() == [f"{v:+.2f}" for v in found.value]
    assert shown["surely ranked otherwise"].tolist() == [
        t.replace("_", " ") or "none" for t in found.otherwise
    ]
