"""The verdict rules, case by case."""

import pytest

from clipkit.claims.ledger import Claim
from clipkit.claims.verdict import FAILS, HOLDS, UNTESTABLE, WEAKER, judge, untestable
from clipkit.errors import BadInput
from clipkit.evidence import Evidence

COMMON = dict(section="retrieval", factor="overall", sentence="s", statistic="t")
EFFECT = Claim(id="X1", unit="pp", margin=1.0, **COMMON)
COUNT = Claim(id="X2", unit="factors", margin=6.0, rule="count", **COMMON)


def verdict(claim, effect, low, high, p=0.001):
    return judge(claim, "record", Evidence(effect, low, high, p, n_models=9, n_clusters=7), p).verdict


@pytest.mark.parametrize(
    ("effect", "low", "high", "p", "word"),
    [
        (2.0, 1.5, 2.5, 0.001, HOLDS),
        (1.0, 0.1, 1.9, 0.049, HOLDS),
        (0.5, 0.1, 0.9, 0.001, WEAKER),
        (0.5, 0.1, 2.0, 0.001, WEAKER),
        (0.2, -0.4, 0.8, 0.5, FAILS),
        (-2.0, -3.0, -1.0, 0.001, FAILS),
        (0.5, 0.1, 0.9, 0.06, FAILS),
        (0.5, -0.5, 1.5, 0.3, UNTESTABLE),
        (2.0, -0.5, 4.5, 0.1, UNTESTABLE),
        (2.0, 0.5, 3.5, 0.06, UNTESTABLE),
    ],
)
def test_effect(effect, low, high, p, word):
    assert verdict(EFFECT, effect, low, high, p) == word


@pytest.mark.parametrize(
    ("effect", "low", "high", "word"),
    [(7, 6, 9, HOLDS), (7, 3, 8, WEAKER), (5, 1, 6, WEAKER), (5, 0, 6, UNTESTABLE), (4, 1, 5, FAILS)],
)
def test_count(effect, low, high, word):
    assert verdict(COUNT, effect, low, high) == word


def test_the_reason_tells_rule_and_note():
    evidence = Evidence(2.0, 1.5, 2.5, 0.001, 9, 7, note="seven runs")
    assert judge(EFFECT, "record", evidence, 0.001).reason == (
        "the interval excludes zero and the effect reaches 1 pp; seven runs"
    )


@pytest.mark.parametrize(
    ("high", "p", "said"),
    [(-1.0, 0.001, "goes the other way"), (-1.0, 0.2, "no effect"), (0.5, 0.001, "no effect")],
)
def test_an_effect_that_is_surely_of_the_other_sign_is_not_called_none(high, p, said):
    found = judge(EFFECT, "record", Evidence(-2.0, -3.0, high, p, 9, 7), p)
    assert found.verdict == FAILS and said in found.reason


@pytest.mark.parametrize(
    ("effect", "p"), [(5.0, 0.01), (float("nan"), 0.01), (0.5, 1.2), (0.5, float("nan"))]
)
def test_evidence_that_cannot_be_right_is_refused(effect, p):
    with pytest.raises(BadInput, match="claim X1 on record"):
        judge(EFFECT, "record", Evidence(effect, 0.0, 1.0, 0.01, 1, 1), p)


def test_without_data_nothing_is_claimed():
    found = untestable(EFFECT, "full", "no run")
    assert (found.verdict, found.effect, found.p_corrected, found.n_models) == (UNTESTABLE, None, None, 0)
