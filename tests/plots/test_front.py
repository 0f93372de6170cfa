"""The front page answers with verdicts, and hides none that fails."""

import re

from clipkit.claims import Verdict, load
from clipkit.plots import front, ledger


def verdict(name, word, track="record", effect=0.5):
    return Verdict(name, track, word, effect, 0.25, 0.75, 12, 7, 0.03, "because")


def untested(name, track="record"):
    return Verdict(name, track, "not testable here", None, None, None, 0, 0, None, "no data")


def test_every_question_rests_on_claims_that_exist():
    asked = [name for question in front.QUESTIONS for name in question.claims]
    assert set(asked) <= set(load()) and len(asked) == len(set(asked))


def test_an_answer_shows_each_track_that_could_test_and_no_other():
    html = front.answers(
        [untested("B2"), verdict("B2", "holds", "pocket"), untested("B3")],
        [front.Question("Why?", ("B2", "B3"))],
    )
    assert re.findall(r'class="verdict (\w+)".*?class="track">(\w+)<', html) == [("holds", "pocket")]
    assert "0.50 [0.25, 0.75]" in html and 'href="shape-bias.html#B2"' in html
    nothing = front.answers([untested("B2"), untested("B2", "pocket")], [front.Question("Why?", ("B2",))])
    assert nothing.count("no data") == 1, "a question without evidence says so"


def test_what_nobody_may_overlook_stands_beside_the_verdict():
    told = verdict("O1", "holds", "pocket")._replace(
        reason="17 models; all by one score. It rests on -3 of them"
    )
    html = front.answers([told], [front.Question("Why?", ("O1",))])
    assert "0.50 [0.25, 0.75]. It rests on −3 of them. Evidence:" in html and "17 models" not in html


def test_every_failed_claim_of_the_paper_is_told_and_none_of_ours():
    ours = next(claim.id for claim in load().values() if claim.source == "ours")
    html = front.contradictions(
        [
            verdict("B1", "fails"),
            verdict("B1", "fails", "pocket"),
            verdict("B2", "holds"),
            verdict(ours, "fails"),
        ]
    )
    assert re.findall(r'href="[^"]*#(\w+)"', html) == ["B1", "B1"]
    assert re.findall(r"<p><strong>(\w+)</strong>, ", html) == ["record", "pocket"], "never in one list"
    turned = front.contradictions(
        [verdict("B1", "not testable here", effect=-0.4), verdict("B1", "fails", "pocket")]
    )
    assert "Elsewhere:" in turned and "cannot tell" in turned and "−0.40" in turned
    assert "No claim" in front.contradictions([verdict("B2", "holds")])


def test_the_grid_can_be_filtered_by_the_tracks_that_tested_something():
    both = ledger.grid([verdict("B1", "holds"), verdict("B1", "fails", "pocket"), untested("B1", "full")])
    assert re.findall(r'type="radio" name="ledger-track" value="(\w+)"( checked)?', both) == [
        ("all", " checked"), ("record", ""), ("pocket", ""),
    ]  # fmt: skip
    assert re.findall(r'data-track="(\w+)"', both) == ["record", "pocket"]
    hidden = ledger.grid([untested("B1"), verdict("B1", "fails", "pocket"), verdict("B2", "holds")])
    assert re.findall(r'verdict (\w+)( aside)?" data-track="(\w+)"', hidden) == [
        ("untestable", " aside", "record"), ("fails", "", "pocket"), ("holds", "", "record"),
    ], "what a track has no data for is in the grid once that track alone is asked for"  # fmt: skip
    assert "radio" not in ledger.grid([verdict("B1", "holds")])
