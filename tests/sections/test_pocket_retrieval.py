"""The evidence on retrieval, from zoos whose recall was made up."""

import numpy as np
import pytest
from recall_zoo import CAPTIONS, SOURCES, WILD, ZOO, told_apart, zoo
from scipy.special import expit, logit

from clipkit.errors import MissingData
from clipkit.pocket.hard_negatives import KINDS
from clipkit.sections.pocket import recall_line, retrieval, word_order


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
