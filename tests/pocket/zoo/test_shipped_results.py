"""The shipped numbers are those of the shipped weights and of this code; a part is measured again each day."""

import datetime

import numpy as np
import pytest

from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.evaluate import RESULTS, code_digest, evaluate_one
from clipkit.pocket.zoo.model import tower_digest
from clipkit.sections.measure import MEASURES, retrieval
from clipkit.sections.measured import KEY, read_measured
from clipkit.sections.pocket.shape_bias_frames import BASE

LIMIT = 20_000_000
"""Bytes of all shipped results, of every kind: a clone must stay small."""
CARDS = {card.name: card for card in pocket_cards()}
TABLE = read_measured(RESULTS / "test")


def test_every_model_has_been_measured_by_this_code_and_with_these_weights():
    assert TABLE.said.keys() == CARDS.keys()
    stale = {name for name, said in TABLE.said.items() if said["code"] != code_digest()}
    assert not stale, "measure again: clipkit pocket evaluate"
    other = {name for name, said in TABLE.said.items() if said["weights"] != tower_digest(name)}
    assert not other, "measure again: clipkit pocket evaluate"


def test_the_bars_are_judged_on_validation_results_of_this_code():
    said = read_measured(RESULTS / "validation").said
    stale = {name for name, own in said.items() if own["code"] != code_digest()}
    assert not stale, f"measure again: clipkit pocket evaluate --split validation {' '.join(sorted(stale))}"
    assert {f"{recipe}-s{seed}" for recipe in BASE for seed in range(3)} <= said.keys()


def test_shipped_results_are_small():
    assert sum(path.stat().st_size for path in RESULTS.rglob("*.parquet")) <= LIMIT


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


@pytest.mark.slow
def test_a_tenth_of_the_models_is_measured_again_each_day(tmp_path):
    day = np.random.default_rng(datetime.date.today().toordinal())
    names = day.choice(sorted(CARDS), -(-len(CARDS) // 10), replace=False)
    for name in names:
        evaluate_one(name, tmp_path / "store", tmp_path / "test", "test")
    found = read_measured(tmp_path / "test")
    key = ["model", *KEY]
    shipped = TABLE.frame[TABLE.frame.model.isin(names)].reset_index(names="row")
    both = found.frame.merge(shipped, "left", on=key, suffixes=("", "_shipped"))
    assert len(both) == len(shipped) and both.row.notna().all()
    # Another processor may round a cosine otherwise, and with it the decision on an image or two.
    close = np.maximum(0.01 * both.value_shipped.abs().clip(lower=1), 3 / both.n)
    far = both[(both.value - both.value_shipped).abs() > close.where(both.unit != "rank", 1)]
    assert far.empty, far[[*key, "value", "value_shipped"]].to_string()
    spread = found.draws.std(axis=1), TABLE.draws[both.row].std(axis=1)
    assert np.allclose(*spread, rtol=0.1, atol=0.02)
