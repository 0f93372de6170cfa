"""The shipped numbers by other conventions are those of the shipped weights; a model is measured again each day."""

import datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.pocket.zoo import conventions, together
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.conventions import code_digest, measure_one
from clipkit.sections.convention_rows import DRAWS
from clipkit.sections.measured import KEY
from clipkit.sections.other_numbers import FILE, read_other_numbers
from clipkit.sections.pocket.results import SHIPPED as RESULTS
from clipkit.sections.stored_draws import unpack

SHIPPED = RESULTS / FILE
NAMES = sorted(card.name for card in pocket_cards())
LIMIT = 5_000_000


def test_every_model_has_been_measured_by_this_code_and_with_these_weights():
    said = read_other_numbers(SHIPPED).said
    expected = {name: together.made_by(name, code_digest()) for name in NAMES}
    assert said == expected, "measure again: clipkit pocket conventions"
    assert SHIPPED.stat().st_size < LIMIT


def test_the_command_says_what_was_new(tmp_path, monkeypatch):
    monkeypatch.setattr(conventions, "update_conventions", lambda *_: iter([("a", True), ("b", False)]))
    shown = CliRunner().invoke(
        app, ["pocket", "conventions", "--store", str(tmp_path)], catch_exceptions=False
    )
    assert "1 models measured, the others were up to date" in shown.stdout


@pytest.mark.slow
def test_a_model_of_the_day_is_measured_again(tmp_path):
    name = NAMES[datetime.date.today().toordinal() % len(NAMES)]
    shipped = read_other_numbers(SHIPPED)
    rows = (shipped.frame.model == name).to_numpy()
    frame, draws = shipped.frame[rows].reset_index(drop=True), shipped.draws[rows]
    found, drawn = unpack(measure_one(name, tmp_path), DRAWS)
    assert found[["convention", *KEY]].equals(frame[["convention", *KEY]])
    # Another processor may round a cosine otherwise, and with it the decision on an image or two.
    assert np.abs(found["value"] - frame["value"]).max() < 0.01
    assert np.abs(drawn.std(axis=1) - draws.std(axis=1)).max() < 0.01
