"""The evidence on retrieval, from zoos whose recall was made up."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from clipkit.errors import MissingData
from clipkit.pocket.hard_negatives import KINDS
from clipkit.sections.measure.retrieval import BLIND, PREFERRED
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import recall_line, retrieval, word_order

WILD = {
    "resnet-wild": 0.72, "resnet-wild-plain": 0.66, "resnet-wild-10": 0.62, "resnet-wild-10-epochs": 0.40,
    "resnet-wild-30": 0.68, "resnet-wild-sigmoid": 0.71, "vit-wild": 0.60, "edgenext-wild": 0.65,
}  # fmt: skip
SOURCES = {"resnet-studio": 0.25, "resnet-mixed": 0.69, "resnet-catalogue": 0.55}
CAPTIONS = {"resnet-uncurated": 0.55, "resnet-curated": 0.63, "resnet-scored": 0.60}
ZOO = {**WILD, **SOURCES, **CAPTIONS}
LEVEL = {"image": 0.0, "text": 0.2}


def as_table(rows, draws):
    columns = ["model", "section", "dataset", "subset", "metric", "prompts", "value", "n"]
    frame = pd.DataFrame(rows, columns=columns).assign(unit="fraction", higher_is_better=True)
    return MeasuredTable(frame, np.array(draws), {})


def zoo(accuracies=ZOO, beyond=None, seeds=(0, 1), noise=0.003, seed=0, unlike=0.0):
    """Recall on a line in accuracy (logit axes, slope 0.9) plus `beyond[recipe]`; `noise` of seeds and of images.

    unlike: how much text recall scatters from recipe to recipe.
    """
    rng = np.random.default_rng(seed)
    rows, draws = [], []
    images = noise * rng.standard_normal((3, DRAWS))
    for recipe, accuracy in accuracies.items():
        off = unlike * rng.standard_normal()
        for s in seeds:
            lucky = accuracy + noise * rng.standard_normal()
            found = [("natural shifts", "wild", "all", "accuracy", "80", lucky)]
            for direction, level in LEVEL.items():
                value = expit(level + 0.9 * logit(accuracy)) + (beyond or {}).get(recipe, 0.0)
                value += noise * rng.standard_normal() + (off if direction == "text" else 0)
                found.append(("retrieval", "retrieval", direction, "recall@1", "", value))
            found.append(
                ("retrieval", "retrieval", "both", "recall@1", "", (found[1][-1] + found[2][-1]) / 2)
            )
            for place, row in enumerate(found):
                rows.append((f"{recipe}-s{s}", *row, 520))
                shared = images[place] if place < 3 else images[1:].mean(axis=0)
                draws.append(row[-1] + shared + noise / 3 * rng.standard_normal(DRAWS))
    return as_table(rows, draws)


@pytest.fixture(scope="module")
def on_the_line():
    return zoo()


def test_accuracy_predicts_recall_where_recall_lies_on_a_line(on_the_line):
    found = retrieval.accuracy_predicts_recall(on_the_line)
    assert found.effect > 0.98 and found.low > 0.9 and found.p < 0.001
    assert (found.n_models, found.n_clusters) == (2 * len(ZOO), len(ZOO))
    assert "two correlations" in found.note and "clusters are recipes" in found.note


def test_the_smaller_of_the_two_correlations_counts():
    found = retrieval.accuracy_predicts_recall(zoo(unlike=0.15))
    assert found.effect < 0.9
    assert "that of text recall" in found.note


def test_recall_that_has_nothing_to_do_with_accuracy_shows_no_correlation():
    shuffled = dict(zip(ZOO, np.random.default_rng(1).permutation(list(ZOO.values())), strict=True))
    beyond = {r: expit(0.9 * logit(shuffled[r])) - expit(0.9 * logit(a)) for r, a in ZOO.items()}
    found = retrieval.accuracy_predicts_recall(zoo(beyond=beyond))
    assert found.low < 0 < found.high


def test_fine_tuned_models_do_not_count_as_models_of_their_own(on_the_line):
    more = zoo({**ZOO, "flyp-studio": 0.2, "lora-wild": 0.9})
    with_children = retrieval.accuracy_predicts_recall(more)
    assert with_children.n_models == retrieval.accuracy_predicts_recall(on_the_line).n_models
    assert len(recall_line.recall_table(more).frame) == 2 * len(ZOO) + 4


def test_a_source_off_the_line_moves_it():
    found = retrieval.source_moves_the_line(zoo(beyond={"resnet-mixed": -0.15, "resnet-catalogue": 0.15}))
    assert found.effect > 0.02 and found.low > 0 and found.p < 0.05
    assert found.n_clusters == len(WILD) + len(SOURCES), "uncurated captions are no source of pictures"
    assert (
        "mixed -1" in found.note
        and "catalogue +1" in found.note
        and "studio +0" in found.note.replace("-0", "+0")
    )


def test_sources_on_one_line_do_not(on_the_line):
    found = retrieval.source_moves_the_line(on_the_line)
    assert abs(found.effect) < 0.005
    assert found.p > 0.05


def test_offsets_are_those_that_were_planted():
    offsets = retrieval.source_offsets(zoo(beyond={"resnet-studio": -0.08, "resnet-mixed": 0.05}))
    assert list(offsets.index) == ["studio", "mixed", "catalogue"]
    planted = np.array([-8, 5, 0])
    assert (offsets.low < planted).all() and (planted < offsets.high).all()
    assert offsets.value.to_numpy() == pytest.approx(planted, abs=1.5)
    assert offsets.extrapolated.tolist() == [True, False, False]
    assert offsets.n_models.tolist() == [2, 2, 2]


@pytest.mark.parametrize("planted", [-0.06, 0.06])
def test_augmentation_moves_off_the_line_in_either_direction(planted):
    found = retrieval.augmentation_moves_off_the_line(zoo(beyond={"resnet-wild-plain": planted}))
    assert found.effect == pytest.approx(6, abs=1.5)
    assert 0 < found.low < found.effect < found.high and found.p < 0.01
    assert (found.n_models, found.n_clusters) == (4, 4)
    assert f"of which {'+' if planted < 0 else '-'}" in found.note
    assert "2 plain and 2 augmented runs" in found.note


def test_a_loss_of_recall_that_accuracy_predicts_is_no_deviation():
    found = retrieval.augmentation_moves_off_the_line(zoo({**ZOO, "resnet-wild-plain": 0.45}))
    assert "augmentation moves recall@1 by +2" in found.note
    assert found.low < 0 < found.effect < 1.5


def test_models_on_the_line_are_not_beyond_it(on_the_line):
    found = recall_line.beyond_accuracy(on_the_line)
    assert found.frame.value.to_numpy() == pytest.approx(np.zeros(2 * len(ZOO)), abs=0.015)
    assert found.draws.mean(axis=1) == pytest.approx(found.frame.value.to_numpy(), abs=0.002)
    assert found.get("vit-wild-s1", **recall_line.BEYOND).n == 520


def test_the_filter_that_helps_least_speaks_for_all():
    recall = {r: expit(0.9 * logit(ZOO[r])) for r in CAPTIONS}
    beyond = {
        "resnet-curated": recall["resnet-uncurated"] - recall["resnet-curated"] + 0.08,
        "resnet-scored": recall["resnet-uncurated"] - recall["resnet-scored"] - 0.03,
    }
    found = retrieval.filtering_raises_recall(zoo(beyond=beyond))
    assert found.effect == pytest.approx(-3, abs=1)
    assert found.high < 0
    assert "by text +" in found.note and "by image–text score -" in found.note
    assert (found.n_models, found.n_clusters) == (6, 6)


@pytest.mark.parametrize(
    ("claim", "table", "text"),
    [
        (
            retrieval.accuracy_predicts_recall,
            zoo(dict(list(WILD.items())[:4])),
            "recall of 4 recipes.*5 are needed",
        ),
        (retrieval.source_moves_the_line, zoo(WILD), "pictures of one source"),
        (retrieval.source_moves_the_line, zoo(seeds=[0]), "two seeds"),
        (retrieval.augmentation_moves_off_the_line, zoo(SOURCES), "fewer than three recipes"),
        (retrieval.filtering_raises_recall, zoo(WILD), "no two models that form a contrast"),
    ],
)
def test_what_is_missing_is_said(claim, table, text):
    with pytest.raises(MissingData, match=text):
        claim(table)


def told_apart(
    own, blind=0.5, recipes=("resnet-wild", "vit-wild", "resnet-wild-10"), seeds=(0, 1), noise=0.01
):
    rng = np.random.default_rng(0)
    rows, draws = [], []
    for recipe in (*recipes, "flyp-wild"):
        for s in seeds:
            for kind in KINDS:
                for metric, chance in ((PREFERRED, own.get(kind, 0.5)), (BLIND, blind)):
                    value = chance + noise * rng.standard_normal()
                    rows.append(
                        (f"{recipe}-s{s}", "retrieval", "hard-negatives", kind, metric, "", value, 208)
                    )
                    draws.append(value + 2 * noise * rng.standard_normal(DRAWS))
    return as_table(rows, draws)


def test_kinds_that_are_told_apart_are_above_chance_and_others_are_not():
    found = word_order.against_chance(told_apart({"attribute": 0.75, "order": 0.25})).set_index("kind")
    assert (found.low["attribute"] > 0.5).all() and (found.p_holm["attribute"] < 0.05).all()
    assert (found.high["order"] < 0.5).all()
    assert ((found.low["relation"] < 0.5) & (0.5 < found.high["relation"])).all()
    assert len(found) == 3 * len(KINDS), "fine-tuned models are left out"
    assert (found.n_models == 2).all()


def test_what_words_alone_give_is_taken_off():
    found = word_order.against_chance(told_apart({"attribute": 0.75, "order": 0.7}, blind=0.7)).set_index(
        "kind"
    )
    assert found.blind.to_numpy() == pytest.approx(np.full(12, 0.7), abs=0.03)
    assert (found.value - found.blind).to_numpy() == pytest.approx(found.seen.to_numpy())
    assert (found.seen_low["attribute"] > 0).any()
    assert ((found.seen_low["order"] < 0) & (0 < found.seen_high["order"])).all()


def test_without_repeats_nothing_is_said_about_word_order():
    with pytest.raises(MissingData, match="kind 'attribute' measured with two seeds"):
        word_order.against_chance(told_apart({}, seeds=[0]))
