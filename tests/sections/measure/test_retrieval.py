"""The section's numbers on planted truth, on toys that can be checked by hand, and under resampling."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clipkit.metrics import recall_at_k
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.oracle import OracleModel, exact
from clipkit.sections.measure import retrieval
from clipkit.sections.measured import DRAWS
from clipkit.sections.outputs import Texts
from clipkit.stats import shared_counts

RECALL = ({1: 0.5, 5: 0.8, 10: 0.9}, {1: 0.6, 5: 0.85, 10: 0.95})
TOLD = {"attribute": 0.75, "relation": 0.5, "order": 0.25, "count": 1.0}


def toy(images, true, false=None, image=None, kinds=None):
    """Outputs of a model whose features are given; two data sets in one."""
    texts = {"captions": true, "caption": true, "negative": false}
    image = np.arange(len(images)) if image is None else np.array(image)
    return SimpleNamespace(
        card=SimpleNamespace(prompts=True),
        features=lambda dataset: np.array(images, np.float32),
        texts=lambda dataset, column: Texts(np.array(texts[column], np.float32), image),
        table=lambda dataset: pd.DataFrame({"kind": kinds}),
    )


def by_name(rows):
    found = {}
    for m in rows:
        assert (m.subset, m.metric) not in found
        found[m.subset, m.metric] = m
    return found


@pytest.fixture(scope="module")
def oracle():
    planted = exact.retrieval(*RECALL, n=52), exact.hard_negatives(TOLD, n=26)
    return OracleModel("retrieval", *planted)


@pytest.fixture(scope="module")
def measured(oracle):
    return retrieval.measure(oracle)


def test_returns_what_was_planted(oracle, measured):
    truth, found = oracle.truth("retrieval"), by_name(m for m in measured if m.dataset == "retrieval")
    for direction in ("image", "text"):
        for k in (1, 5, 10):
            assert found[direction, f"recall@{k}"].value == pytest.approx(truth[f"{direction}_recall@{k}"])
    both = (truth["image_recall@1"] + truth["text_recall@1"]) / 2
    assert found["both", "recall@1"].value == pytest.approx(both)
    assert found["image", "median rank"].value == 1.5, "half of the captions rank first, the next ones second"
    assert found["text", "median rank"].value == 1


def test_hard_negatives_return_what_was_planted_per_kind(oracle, measured):
    found = by_name(m for m in measured if m.dataset == "hard-negatives")
    for kind in KINDS:
        wanted = oracle.truth("hard-negatives")[f"accuracy/{kind}"]
        assert found[kind, retrieval.PREFERRED].value == pytest.approx(wanted)
        assert found[kind, retrieval.BLIND].value == pytest.approx(0.5, abs=0.05), (
            "other pictures know nothing of these captions"
        )
    assert found["overall", retrieval.PREFERRED].value == pytest.approx(
        np.mean([found[kind, retrieval.PREFERRED].value for kind in KINDS])
    )
    assert found["overall", retrieval.PREFERRED].n == 26 * len(KINDS)


def test_rows_are_few_unprompted_and_have_shared_draws(measured):
    assert len(measured) == 9 + 2 * (len(KINDS) + 1)
    assert {m.prompts for m in measured} == {""}
    assert {m.draws.shape for m in measured} == {(DRAWS,)}
    assert {m.metric for m in measured if m.higher_is_better is False} == {"median rank"}
    assert {m.metric for m in measured if m.higher_is_better is None} == {retrieval.BLIND}


def test_a_model_with_a_head_has_no_rows():
    planted = exact.retrieval(*RECALL, n=52), exact.hard_negatives(0.5, n=2)
    assert retrieval.measure(OracleModel("head", *planted, prompts=False)) == []


def test_a_toy_by_hand():
    images = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    captions = [[1.0, 0.1], [0.6, 0.8], [0.0, 2.0], [-3.0, 0.0]]
    found = by_name(retrieval.recalls(toy(images, captions, image=[0, 0, 1, 2]), "toy", "captions"))
    assert found["image", "recall@1"].value == 3 / 4, "the second caption is nearer to the second image"
    assert found["text", "recall@1"].value == 1
    assert found["both", "recall@1"].value == 7 / 8
    assert found["image", "median rank"].value == 1
    assert {m.n for m in found.values()} == {3}


def test_draws_repeat_an_image_with_all_its_captions_and_leave_the_gallery():
    rng = np.random.default_rng(0)
    image = np.repeat(np.arange(30), rng.integers(1, 5, 30))
    images = rng.normal(size=(30, 8))
    captions = images[image] + 2 * rng.normal(size=(len(image), 8))
    outputs = toy(images, captions, image=image)
    found = by_name(retrieval.recalls(outputs, "toy", "captions"))
    scores = captions @ images.T / np.linalg.norm(images, axis=1)
    hit = scores.argmax(axis=1) == image
    assert 0 < hit.mean() < 1
    for draw in (0, 17):
        counts = shared_counts("toy", 30, DRAWS)[draw]
        assert found["image", "recall@1"].draws[draw] == pytest.approx(np.repeat(hit, counts[image]).mean())
    plain = recall_at_k(images, captions, image, [1])
    assert found["text", "recall@1"].value == plain.text[1]


def test_the_true_caption_must_beat_its_twin_and_ties_count_half():
    true, false = [[1, 0], [0, 1], [1, 1], [1, 1]], [[0, 1], [1, 0], [1, 1], [1, 0]]
    images = [[1, 0], [1, 0], [1, 0], [0, 3]]
    kinds = ["order", "order", "count", "count"]
    found = by_name(retrieval.hard_negatives(toy(images, true, false, kinds=kinds), "toy"))
    assert found["order", retrieval.PREFERRED].value == (1 + 0) / 2
    assert found["count", retrieval.PREFERRED].value == (0.5 + 1) / 2
    assert found["order", retrieval.BLIND].value == (1 + 0) / 2
    assert found["count", retrieval.BLIND].value == (0.5 + 0) / 2
    assert found["overall", retrieval.PREFERRED].value == 2.5 / 4


def test_a_model_that_reads_words_alone_is_found_out():
    """Its captions lie along a direction that all pictures share, the true ones farther."""
    rng = np.random.default_rng(0)
    images = np.c_[np.ones(40), 0.1 * rng.normal(size=(40, 4))]
    true, false = np.c_[np.full(40, 2.0), np.ones((40, 4))], np.ones((40, 5))
    found = by_name(retrieval.hard_negatives(toy(images, true, false, kinds=["order"] * 40), "toy"))
    assert found["order", retrieval.PREFERRED].value == 1
    assert found["order", retrieval.BLIND].value == 1


@pytest.mark.parametrize("n", [5, 6, 41])
def test_resampled_median_is_the_median_of_what_is_repeated(n):
    rng = np.random.default_rng(n)
    values, counts = rng.integers(1, 9, n).astype(float), rng.multinomial(n, np.full(n, 1 / n), size=50)
    expected = [np.median(np.repeat(values, c)) for c in counts]
    np.testing.assert_array_equal(retrieval.resampled_median(counts, values), expected)
