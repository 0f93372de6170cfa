"""The shipped LMMs can do what is asked of them, and their answers are those of these weights and this code."""

import datetime

import numpy as np
import pytest
import torch

from clipkit.pocket.instructions import EVALUATION_SETS
from clipkit.pocket.lmm.evaluate import code_digest
from clipkit.pocket.lmm.loading import WEIGHTS, lmm_names, load_lmm
from clipkit.pocket.lmm.recipe import read_recipe
from clipkit.pocket.lmm.results import LMM, RESULTS, read_decisions, read_held_out, said_of
from clipkit.pocket.sets import SETS, load_set
from clipkit.pocket.store import file_sha256
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections.lmm_interaction import ALL_NAMES, CONTROLS, NAME_QUESTION
from clipkit.sections.pocket.lmm_interaction import held_out_accuracy

NAMES = lmm_names()
SEEN = ("name", "choice", "attribute", "yes-no", "place", "count")


def test_there_is_a_small_lmm_for_every_tower_of_the_recipe():
    assert NAMES == sorted(f"lmm-{tower}" for tower in read_recipe().towers)
    assert all((WEIGHTS / f"{name}.safetensors").stat().st_size <= 8e6 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_answers_are_of_these_weights_and_this_code(name):
    for path in (RESULTS / "test" / f"{name}.parquet", RESULTS / "test" / "questions" / f"{name}.parquet"):
        said = said_of(path)
        assert said["weights"] == file_sha256(WEIGHTS / f"{name}.safetensors"), (
            "ask again: clipkit pocket lmm"
        )
        assert said["code"] == code_digest(), "ask again: clipkit pocket lmm"


def test_all_were_asked_everything():
    table = read_decisions()
    counts = table.groupby(["lmm", "answerer", "control", "dataset"], observed=True).size().unstack()
    assert len(counts) == len(NAMES) * 3 * len(CONTROLS)
    assert (counts == {name: SETS[name].n for name in EVALUATION_SETS}).all().all()


def test_words_and_likelihood_agree_in_nearly_all_forced_choices():
    table = read_decisions()
    two = table[(table.control != ALL_NAMES) & (table.answerer == LMM)]
    assert (two.groupby(["lmm", "control"]).agrees.mean() >= 0.95).all()


def test_held_out_questions_are_answered_well_above_chance():
    found = held_out_accuracy(read_held_out()).set_index(["tower", "kind"])
    for kind in SEEN:
        rows = found.xs(kind, level="kind")
        assert len(rows) == len(NAMES)
        assert (rows.low > rows[["blind", "guess"]].max(axis=1)).all(), kind


def test_an_lmm_of_the_day_answers_as_it_did():
    name = NAMES[datetime.date.today().toordinal() % len(NAMES)]
    table = read_decisions()
    keys = (table.lmm == name) & (table.dataset == "hard-material") & (table.control == ALL_NAMES)
    shipped = table[keys & (table.answerer == LMM)].set_index("image").loc[range(104)]
    data, lmm = load_set("hard-material", progress=False), load_lmm(name)
    scores = np.array(lmm.score(lmm.see(data.images[:104]), [NAME_QUESTION] * 104, [CLASS_NAMES] * 104))
    right = scores.argmax(1) == data.labels[:104]
    # Another processor may round otherwise, and with it the decision on an image or two.
    assert (right != shipped.right).sum() <= 2
    own = torch.from_numpy(scores).softmax(1)[range(104), data.labels[:104]]
    np.testing.assert_allclose(own, shipped.probability, atol=0.02)
