"""The evidence on L1 and L2 finds the gains that were planted, and says what each protocol would have found."""

import numpy as np
import pandas as pd
import pytest
from lmm_answers import planted

from clipkit.claims import load
from clipkit.claims.verdict import FAILS, HOLDS, judge
from clipkit.sections.lmm_interaction import ALL_NAMES, CONTROLS, FAIR, PUBLISHED
from clipkit.sections.pocket import lmm_interaction as section

CLIPS = ("resnet-wild-s0", "vit-wild-s0")
TUNED = "cross-entropy-studio-s0"


@pytest.fixture(scope="module")
def table():
    """Twenty-five points of gain under the published protocol, none under the fair one; the tuned tower would add."""
    return planted({**{t: {PUBLISHED: 0.25} for t in CLIPS}, TUNED: {FAIR: 0.3}})


def test_the_comparison_counts_what_was_planted(table):
    found = section.comparison(table).set_index(["tower", "dataset", "control"])
    row = found.loc[CLIPS[0], "hard", PUBLISHED]
    assert row.n == 3 * 520 and row.alone == pytest.approx(0.6) and row.gain == pytest.approx(0.25)
    assert row.low < 0.25 < row.high and row.alone_low < 0.6 < row.alone_high and row.p < 1e-9
    assert row.said == pytest.approx(row.lmm, abs=0.02) and row.discarded == pytest.approx(0.1)
    assert row.agrees == pytest.approx(0.9) and row.coin == row.blind == row.chance == 0.5
    even = found.loc[CLIPS[0], "hard", FAIR]
    assert even.gain == 0 and even.p == 1 and even.kappa == even.kappa_low == 1
    assert found.loc[CLIPS[0], "hard, mined", FAIR].n == 3 * 130
    assert found.loc[CLIPS[0], "wild", ALL_NAMES].chance == 1 / 26


def test_l1_is_judged_on_the_fair_protocol_and_told_of_all(table):
    fair, published = (section.gain_on_hard(table, c) for c in (FAIR, PUBLISHED))
    assert fair.effect == 0 and published.effect == pytest.approx(25)
    assert published.low < 25 < published.high and published.p < 1e-9
    assert fair.n_models == fair.n_clusters == len(CLIPS), "fine-tuned towers are no CLIP"
    assert judge(load()["L1"], "pocket", fair, 1.0).verdict == FAILS
    assert judge(load()["L1"], "pocket", published, published.p).verdict == HOLDS
    assert "as published: +25.0" in fair.note and "a coin under the published one: −10.0" in fair.note
    assert all(control in fair.note for control in CONTROLS if control != FAIR)


def test_l2_is_two_points_minus_the_gain_on_easy_images():
    for gain, verdict in ((0.005, HOLDS), (0.05, FAILS)):
        found = section.no_gain_where_easy(planted({t: {FAIR: gain} for t in CLIPS}))
        assert found.effect == pytest.approx(2 - 100 * gain, abs=0.05)
        assert judge(load()["L2"], "pocket", found, found.p).verdict == verdict


def test_a_changed_tower_shows_in_itself_and_in_its_lmm():
    towers = {name: {} for pair in section.TOWERS.values() for name in pair}
    strong = planted({"resnet-wild-s0": {}}, tower=0.8)
    weak = planted({name: {ALL_NAMES: 0.1} for name in towers if name != "resnet-wild-s0"}, tower=0.5)
    found = section.tower_effects(pd.concat([strong, weak]))
    assert len(found) == len(section.TOWERS) * 2 * 2
    for answerer, value in (("tower alone", -30), ("LMM", -20)):
        rows = found[found.answerer == answerer]
        np.testing.assert_allclose(rows.value, value, atol=0.1)
        assert (rows.low < value).all() and (rows.high > value).all()


def test_held_out_questions_by_kind_with_and_without_the_image():
    relation = [f"{where} the {what}" for where in ("under", "behind") for what in ("mug", "dog")]
    table = pd.DataFrame(
        {
            "tower": "resnet-wild-s0",
            "kind": ["yes-no"] * 4 + ["relation"] * 4 + ["choice"] * 4,
            "answer": ["yes", "yes", "no", "yes", *relation, *"abcd"],
            "said": ["yes", "no", "no", "yes", *relation, *"abcc"],
            "blind": ["yes"] * 4 + ["under the mug"] * 4 + ["a"] * 4,
        }
    )
    found = section.held_out_accuracy(table).set_index("kind")
    assert found.value.tolist() == [0.75, 1, 0.75] and found.blind.tolist() == [0.75, 0.25, 0.25]
    assert found.guess.tolist() == [0.75, 0.5, 0.25] and (found.low < found.value).all()


def test_the_rows_carry_value_interval_and_n(table):
    rows = section.rows(table)
    gain = [r for r in rows if (r.model, r.dataset, r.subset, r.metric) ==
            (f"lmm-{CLIPS[0]}", "hard", PUBLISHED, "gain")]  # fmt: skip
    assert len(gain) == 1 and gain[0].value == pytest.approx(0.25) and gain[0].low < 0.25 < gain[0].high
    assert (
        gain[0].n == 1560
        and gain[0].track == "pocket"
        and gain[0].section in {c.section for c in load().values()}
    )
