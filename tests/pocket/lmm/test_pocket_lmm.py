"""A pocket LMM with random weights: tokens, scores and words fit together, and a blind one sees nothing."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from clipkit.errors import BadInput, MissingData
from clipkit.pocket.instructions import QUESTION_WORDS
from clipkit.pocket.lmm.eye import Eye
from clipkit.pocket.lmm.loading import BlindLmm, PocketLmm, load_lmm
from clipkit.pocket.lmm.model import PocketLmmNet
from clipkit.pocket.lmm.recipe import read_recipe
from clipkit.pocket.lmm.tokens import decode, encode, rows, specials
from clipkit.pocket.lmm.train import NAME_QUESTION, LmmLearner, StageRecipe
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.batches import to_tensor

TINY = replace(read_recipe(), width=32, layers=2, heads=2)
QUESTIONS = ["what is this?", "what is this: mug or tea pot?", "how many mugs are there?"]
ANSWERS = [["mug", "tea pot"], ["mug", "tea pot"], ["one", "two", "three"]]


@pytest.fixture(scope="module")
def eye():
    return Eye("resnet-wild-s0")


@pytest.fixture(scope="module")
def lmm(eye):
    torch.manual_seed(0)
    net = PocketLmmNet(TINY, *eye.widths).eval()
    for p in net.parameters():  # larger than usual, so that nothing is likely by chance alone
        p.data += 0.2 * torch.randn_like(p)
    return PocketLmm("tiny", "resnet-wild-s0", eye, net)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "text", ["mug", "red and white", "where is this?", *CLASS_NAMES[:3], *QUESTION_WORDS]
)
def test_text_survives_its_tokens(text):
    assert decode(encode(text)).replace(" ?", "?") == text


def test_rows_mark_the_answer_and_its_end_alone():
    ids, answer = rows(QUESTIONS, ["mug", "mug", "two"])
    for row, marks, question, text in zip(ids, answer, QUESTIONS, ["mug", "mug", "two"], strict=True):
        assert row[marks].tolist() == [*encode(text), specials().end]
        before = 1 + len(encode(question))
        assert row[:before].tolist() == [specials().begin, *encode(question)]
        assert not marks[:before].any() and set(row[before + marks.sum() :].tolist()) <= {specials().end}


@pytest.mark.parametrize("tower, width", [("resnet-wild-s0", 256), ("vit-wild-s0", 4 * 128)])
def test_all_towers_give_nine_cells_and_their_embedding(tower, width, images):
    tower = Eye(tower)
    seen = tower.see(images)
    assert seen.grid.shape == (3, 9, width) and seen.pooled.shape == (3, 96) and tower.widths == (width, 96)
    shifted = tower.see(np.roll(images, 16, axis=2))  # by one cell
    change = (shifted.grid[:, [1, 4, 7]] - seen.grid[:, [0, 3, 6]]).float().abs().mean()
    assert change < (shifted.grid - seen.grid).float().abs().mean(), "the cells move with the picture"


def test_a_score_is_that_of_one_plain_forward_pass(lmm, images):
    found = lmm.score(images, QUESTIONS, ANSWERS)
    prefix = lmm.net.prefix(lmm.see(images))
    for i, (question, own) in enumerate(zip(QUESTIONS, ANSWERS, strict=True)):
        ids, answer = rows([question] * len(own), own)
        with torch.no_grad():
            logits = lmm.net.answer_logits(prefix[[i] * len(own)], ids, answer).log_softmax(-1)
        each = logits.gather(1, ids[answer][:, None])[:, 0]
        expected = torch.stack([part.sum() for part in each.split(answer.sum(1).tolist())])
        np.testing.assert_allclose(found[i], expected, rtol=1e-4)


@pytest.fixture(scope="module")
def taught(eye):
    """An LMM that has learned one picture by heart as a mug and another as a tea pot; and the two pictures."""
    pictures = np.random.default_rng(1).integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)
    torch.manual_seed(0)
    learner = LmmLearner(StageRecipe(TINY, "instruction"), PocketLmmNet(TINY, *eye.widths), eye)
    seen = eye.see(pictures)
    ids, answer = rows([NAME_QUESTION] * 2, ["mug", "tea pot"])
    optimizer = torch.optim.AdamW(learner.parameters(), lr=5e-3)
    for _ in range(120):
        optimizer.zero_grad()
        learner.loss(ids, answer, seen.grid, seen.pooled).backward()
        optimizer.step()
    return learner, PocketLmm("taught", "resnet-wild-s0", eye, learner.net.eval()), pictures


def test_what_was_taught_is_said_and_scored_highest(taught):
    _, lmm, pictures = taught
    questions = [NAME_QUESTION] * 4
    assert lmm.generate(pictures[[0, 1, 1, 0]], questions) == ["mug", "tea pot", "tea pot", "mug"]
    scores = np.array(lmm.score(pictures[[0, 1, 1, 0]], questions, [["mug", "tea pot", "bottle"]] * 4))
    assert scores.argmax(1).tolist() == [0, 1, 1, 0] and (np.exp(scores.max(1)) > 0.9).all()


def test_the_accuracy_watched_in_training_is_the_share_of_names_said(taught):
    learner, _, pictures = taught
    mug, bottle = CLASS_NAMES.index("mug"), CLASS_NAMES.index("bottle")
    pixels = to_tensor(pictures[[0, 0, 0, 1]])
    assert learner.accuracy(pixels, np.array([mug, mug, bottle, bottle])) == 0.5


def test_a_blind_one_answers_as_one_whose_image_tokens_are_zero(lmm, images):
    net = deepcopy(lmm.net)
    for projector in net.projectors.values():
        torch.nn.init.zeros_(projector[-1].weight), torch.nn.init.zeros_(projector[-1].bias)
    nets = PocketLmm("zeroed", lmm.tower, lmm.eye, net), BlindLmm("blind", lmm.tower, lmm.eye, lmm.net)
    order = [0, 1, 0, 2]
    asked = [QUESTIONS[i] for i in order], [ANSWERS[i] for i in order]
    zeroed, blind = (m.score(images[[0, 1, 2, 0]], *asked) for m in nets)
    for expected, found in zip(zeroed, blind, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.ptp(np.concatenate(blind)) > 1
    words = [m.generate(images[[0, 1, 2, 0]], asked[0]) for m in nets]
    assert words[0] == words[1] and len(set(words[1])) > 1
    seen = lmm.score(images, [QUESTIONS[0]] * 3, [ANSWERS[0]] * 3)
    assert (np.ptp(np.array(seen), axis=0) > 1e-4).all()


def test_counts_that_differ_and_names_that_repeat_are_refused(lmm, images):
    with pytest.raises(BadInput, match="3 images, 1 questions"):
        lmm.generate(images, ["what is this?"])
    with pytest.raises(BadInput, match="repeat mug"):
        lmm.score(images[:1], ["what is this?"], [["mug", "mug"]])


def test_an_lmm_without_weights_says_how_to_train_it(tmp_path):
    with pytest.raises(MissingData, match="python -m clipkit.pocket.lmm.train"):
        load_lmm("lmm-resnet-wild-s0", tmp_path)
