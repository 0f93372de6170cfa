"""The ledger's HTML says in words what its colours say."""

import re

import pytest

from clipkit.claims import VERDICTS, Verdict, judge_all, load
from clipkit.plots import ledger


@pytest.fixture
def verdicts():
    return judge_all("pocket")


def one(word, effect=0.5):
    return Verdict("B1", "record", word, effect, 0.25, 0.75, 12, 7, 0.03, "because")


@pytest.mark.parametrize("word", (*VERDICTS, "cannot tell", "no data"))
def test_every_verdict_is_a_word_with_its_class(word):
    html = ledger.badge(word)
    assert word in html and f'class="verdict {ledger.CSS_CLASS[word]}"' in html


def test_grid_and_table_hold_each_claim_once(verdicts):
    links = re.findall(r'href="[^"]*#(?:claim-)?([A-Z]\d)"', ledger.grid(verdicts))
    rows = re.findall(r'data-claim="([A-Z]\d)"', ledger.table(verdicts))
    assert sorted(links) == sorted(rows) == sorted(load())


def test_a_tested_claim_links_to_its_chapter():
    assert 'href="shape-bias.html#B1"' in ledger.grid([one("holds")])
    assert '<li id="B1">' in ledger.cards([one("holds")])


def test_numbers_stand_with_interval_models_and_p():
    html = ledger.table([one("weaker")])
    assert "0.50 [0.25, 0.75]" in html and "12 models, 7 independent; corrected p = 0.03" in html


def test_each_cell_of_a_row_carries_the_head_of_its_column():
    html = ledger.table([one("weaker")])
    heads = re.findall(r'<th scope="col">([^<]+)</th>', html)
    assert len(heads) == 4 and re.findall(r'data-label="([^"]+)"', html) == heads


def test_the_first_track_that_can_tell_decides():
    empty = Verdict("B1", "record", "not testable here", None, None, None, 0, 0, None, "no data")
    assert ledger.strongest([empty, one("fails")._replace(track="pocket")]).track == "pocket"


def test_tracks_are_counted_apart():
    empty = Verdict("B2", "record", "not testable here", None, None, None, 0, 0, None, "no data")
    vague = one("not testable here")._replace(id="B2", track="pocket")
    html = ledger.counts([one("holds"), empty, one("fails")._replace(track="pocket"), vague])
    counted = [re.findall(r"</span> ([a-z ]+: \d)<", item) for item in html.split("<li>")[1:]]
    assert counted == [["holds: 1", "no data: 1"], ["fails: 1", "cannot tell: 1"]]


def test_two_tracks_that_can_tell_stand_side_by_side():
    both = [one("holds"), one("fails")._replace(track="pocket")]
    assert re.findall(r'<li id="([^"]+)">', ledger.cards(both)) == ["B1", "B1-pocket"]
    assert re.findall(r'<tr id="([^"]+)"', ledger.table(both)) == ["claim-B1", "claim-B1-pocket"]
    cell = re.findall(r'class="verdict (\w+)".*?<span class="track">(\w+)</span>', ledger.grid(both))
    assert cell == [("holds", "record"), ("fails", "pocket")]


def test_text_from_data_cannot_become_markup():
    assert "<b>" not in ledger.table([one("holds")._replace(reason="<b>bold</b>")])


def test_a_minus_is_a_minus_and_nothing_is_minus_zero():
    verdict = one("holds", -0.0004)._replace(
        low=-0.21, reason="pairs -0.4, -0.00 and -.3 pp, of ViT-B-32, 3-4 in all"
    )
    html = ledger.table([verdict])
    assert "0.00 [−0.21, 0.75]" in html
    assert "Pairs −0.4, 0.00 and −.3 pp, of ViT-B-32, 3-4 in all." in html


def test_of_tracks_that_cannot_tell_those_with_an_effect_are_shown():
    empty = Verdict("B1", "record", "not testable here", None, None, None, 0, 0, None, "no data")
    vague = one("not testable here")._replace(track="pocket")
    assert ledger.telling([empty, vague]) == [vague] and ledger.strongest([empty, vague]) == vague
    assert ledger.telling([empty, empty]) == [empty]
    sure = one("fails", -0.2)._replace(track="pocket")
    beside = [one("not testable here"), sure]
    assert ledger.telling(beside) == beside and ledger.strongest(beside) == sure
    html = ledger.cards([empty, vague])
    assert "0.50 [0.25, 0.75]" in html and "no data" not in html
    cell = ledger.grid([empty, vague])
    assert 'href="shape-bias.html#B1"' in cell and '<span class="track">pocket</span>' in cell
    assert '<span class="track">' not in ledger.grid([empty])


def test_a_share_that_can_be_anything_is_unbounded():
    claim = load()["V5"]
    wide = one("not testable here", -0.135)._replace(id="V5", low=-100.135, high=99.865)
    assert claim.unit == "fraction" and ledger.effect_text(claim, wide) == "−0.14 [unbounded]"
    assert ledger.effect_text(claim, wide._replace(low=-3.2, high=2.9)) == "−0.14 [−3.20, 2.90]"
