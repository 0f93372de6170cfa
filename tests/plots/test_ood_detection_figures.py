"""The figures of the chapter show what was planted, every model and nothing else."""

import matplotlib.pyplot as plt
import pytest
from ood_zoo import planted_zoo

from clipkit.plots import ood_detection as plots
from clipkit.sections.measure.ood_detection import POCKET
from clipkit.sections.pocket.ood_scores import COMMON, FAR, SCORES

RECIPES = (
    "resnet-wild", "vit-wild", "resnet-wild-sigmoid", "resnet-wild-10", "resnet-studio", "supervised-resnet-wild",
    "cross-entropy-wild", "cross-entropy-wild-long", "cross-entropy-wild-detour",
)  # fmt: skip
ACCURACY = dict(zip(RECIPES, (0.7, 0.65, 0.68, 0.5, 0.3, 0.6, 0.72, 0.73, 0.74), strict=True))


def auroc(recipe, dataset, subset, score, prompts):
    sigmoid = recipe == "resnet-wild-sigmoid"
    return 0.4 + ACCURACY[recipe] / 2 + sigmoid * (0.1 if score == "max-logit" else -0.1)


@pytest.fixture(autouse=True)
def zoo(monkeypatch):
    table = planted_zoo(auroc, ACCURACY.get, RECIPES)
    monkeypatch.setattr(plots, "zoo_results", lambda: table)
    yield table
    plt.close("all")


def tick_labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_every_recipe_has_a_row_and_every_seed_a_tick():
    plots.auroc_by_recipe()
    near, far = plt.gcf().axes
    assert sorted(tick_labels(near)) == sorted(RECIPES)
    ticks = [line for line in near.lines if line.get_marker() == "|"]
    assert len(ticks) == len(RECIPES) and all(len(line.get_xdata()) == 3 for line in ticks)
    # Sorted by kind, and by AUROC on near classes within it.
    zero_shot = tick_labels(near)[:5]
    assert zero_shot == ["resnet-wild", "vit-wild", "resnet-wild-10", "resnet-wild-sigmoid", "resnet-studio"]


def test_only_sources_with_three_recipes_get_a_line():
    plots.accuracy_plane()
    lines = [
        line for line in plt.gcf().axes[0].lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2
    ]
    coloured = [line.get_color() for line in lines if line.get_color() in plots.SOURCE_COLOURS.values()]
    assert coloured == [plots.SOURCE_COLOURS["wild"]]


def test_scores_and_sets_are_all_there():
    plots.scores_by_set()
    (ax,) = plt.gcf().axes
    assert tick_labels(ax) == [*POCKET.names, "mean of the far sets"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(SCORES.values())


def test_fine_tuning_is_shown_by_each_common_score():
    plots.finetuning_by_score()
    (ax,) = plt.gcf().axes
    shown = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(shown) == len(COMMON) and len(tick_labels(ax)) == 3


def test_what_changes_sides_is_named():
    assert plots.contradictions().endswith("(loss-sigmoid)")
    assert plots.best_score(FAR) == "max logit"


def test_rows_hold_the_usual_score_of_every_model(zoo):
    rows = plots.rows()
    # Seven sets and means, two parts, AUROC and FPR each, and accuracy; and AUROC by each score that a model has.
    by_score = zoo.frame.metric.str.startswith("auroc/")
    assert sum("/" not in row.metric for row in rows) == zoo.frame.model.nunique() * (2 * 9 + 1)
    assert sum("/" in row.metric for row in rows) == by_score.sum() > 0
    assert {row.track for row in rows} == {"pocket"} and all(row.low <= row.value <= row.high for row in rows)


def test_histograms_show_each_score_on_known_near_and_far(monkeypatch):
    monkeypatch.setattr(plots, "_PICTURES", {POCKET.known: 26, "near-ood": 12, FAR: 3})
    plots.score_histograms("resnet-wild-s0")
    axes = plt.gcf().axes
    assert [ax.get_xlabel() for ax in axes] == list(SCORES.values())
    assert all(len(ax.patches) == 3 for ax in axes)
