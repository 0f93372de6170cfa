"""The shipped numbers are those of the shipped weights and of this code; a part is measured again each day."""

import datetime

import numpy as np
import pytest

from clipkit.pocket.outputs import PocketOutputs
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.evaluate import RESULTS, code_digest
from clipkit.pocket.zoo.model import tower_digest
from clipkit.sections.measure import MEASURES, natural_shifts, retrieval
from clipkit.sections.measured import read_measured

CARDS = {card.name: card for card in pocket_cards()}
TABLE = read_measured(RESULTS / "test")


def test_every_model_has_been_measured_by_this_code_and_with_these_weights():
    assert TABLE.said.keys() == CARDS.keys()
    stale = {name for name, said in TABLE.said.items() if said["code"] != code_digest()}
    assert not stale, "measure again: clipkit pocket evaluate"
    other = {name for name, said in TABLE.said.items() if said["weights"] != tower_digest(name)}
    assert not other, "measure again: clipkit pocket evaluate"


def test_all_models_have_the_same_rows_but_for_what_they_cannot_have():
    rows = {
        name: set(map(tuple, frame[["section", "dataset", "subset", "metric"]].to_numpy()))
        for name, frame in TABLE.frame.groupby("model")
    }
    with_text = [rows[name] for name, card in CARDS.items() if card.prompts]
    with_head = [rows[name] for name, card in CARDS.items() if not card.prompts]
    for group in (with_text, with_head):
        assert all(r == group[0] for r in group)
    assert {section for section, *_ in with_text[0]} == set(MEASURES)
    assert {section for section, *_ in with_head[0]} == set(MEASURES) - {retrieval.SECTION}


@pytest.mark.parametrize("prompts", [True, False], ids=["with text tower", "with head"])
def test_a_model_of_the_day_is_measured_again(tmp_path, prompts):
    names = sorted(name for name, card in CARDS.items() if card.prompts == prompts)
    name = names[datetime.date.today().toordinal() % len(names)]
    outputs = PocketOutputs(name, tmp_path)
    found = [natural_shifts._accuracy(outputs, "hard-images", "80" if prompts else "")]
    found += retrieval.measure(outputs)
    assert len(found) > 10 or not prompts
    for m in found:
        shipped = TABLE.get(
            name, section=m.section, dataset=m.dataset, subset=m.subset, metric=m.metric, prompts=m.prompts
        )
        # Another processor may round a cosine otherwise, and with it the decision on an image or two.
        assert m.value == pytest.approx(shipped.value, abs=3 / m.n), (name, m[:4])
        assert np.std(m.draws) == pytest.approx(np.std(shipped.draws), abs=0.02), (name, m[:4])
