"""The shipped numbers by other conventions are those of the shipped weights; a model is measured again each day."""

import datetime

import numpy as np
import pytest

from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.conventions import made_by, measure_one, update_conventions
from clipkit.sections.convention_rows import DRAWS
from clipkit.sections.measured import KEY
from clipkit.sections.other_numbers import SHIPPED, read_other_numbers

NAMES = sorted(card.name for card in pocket_cards())
LIMIT = 5_000_000


def test_every_model_has_been_measured_by_this_code_and_with_these_weights():
    said = read_other_numbers(SHIPPED).said
    assert said == {name: made_by(name) for name in NAMES}, "measure again: clipkit pocket conventions"
    assert SHIPPED.stat().st_size < LIMIT


def test_what_is_up_to_date_is_not_measured_again(tmp_path, monkeypatch):
    path = tmp_path / SHIPPED.name
    path.write_bytes(SHIPPED.read_bytes())
    monkeypatch.setattr("clipkit.pocket.zoo.conventions.load_set", lambda name: None)
    assert dict(update_conventions(path, tmp_path)) == dict.fromkeys(NAMES, False)
    assert path.read_bytes() == SHIPPED.read_bytes()


@pytest.mark.slow
def test_a_model_of_the_day_is_measured_again(tmp_path):
    name = NAMES[datetime.date.today().toordinal() % len(NAMES)]
    shipped = read_other_numbers(SHIPPED)
    rows = (shipped.frame.model == name).to_numpy()
    frame, draws = shipped.frame[rows].reset_index(drop=True), shipped.draws[rows]
    found = measure_one(name, tmp_path)
    assert found[["convention", *KEY]].equals(frame[["convention", *KEY]])
    # Another processor may round a cosine otherwise, and with it the decision on an image or two.
    assert np.abs(found["value"] - frame["value"]).max() < 0.01
    noise = np.frombuffer(b"".join(found.draws), np.float16).reshape(-1, DRAWS).astype(float)
    assert np.abs(noise.std(axis=1) - draws.std(axis=1)).max() < 0.01
