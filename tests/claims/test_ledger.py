"""claims.toml: complete, well formed, and without a single typed verdict."""

import re

import pytest

from clipkit.claims.ledger import load, parse
from clipkit.errors import BadInput

OURS = {"N1", "B4", "B5"}
ONE = """[[claim]]
id = "X1"
section = "retrieval"
factor = "overall"
sentence = "s"
statistic = "t"
unit = "pp"
margin = 1.0
"""


def test_every_claim_of_the_protocol_is_there_and_three_of_our_own(shared):
    table = (shared / "PROTOCOL.md").read_text().split("## 1. ")[1].split("\n## 2. ")[0]
    listed = set(re.findall(r"^\| ([A-Z]\d) \|", table, re.MULTILINE))
    assert len(listed) == 31
    assert set(load()) == listed | OURS
    assert {c.id for c in load().values() if c.source == "ours"} == OURS


def test_a_claim_reads_as_written():
    assert parse(ONE)["X1"].margin == 1.0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('verdict = "holds"', "unknown key 'verdict'\n.*computed, never typed"),
        ("marginn = 2.0", "unknown key 'marginn'\n.*Did you mean margin?"),
        ('rule = "cuont"', "unknown value 'cuont'\n.*Did you mean count?"),
        ('untestable.pokcet = "no"', "unknown track 'pokcet'\n.*Did you mean pocket?"),
    ],
)
def test_what_no_claim_can_have_is_refused_by_name(line, message):
    with pytest.raises(BadInput, match=f"claim X1: {message}"):
        parse(ONE + line)


def test_a_claim_without_margin_is_refused():
    with pytest.raises(BadInput, match="claim X1: .*margin"):
        parse(ONE.replace("margin = 1.0\n", ""))


def test_a_margin_must_be_positive():
    with pytest.raises(BadInput, match="margin must be positive"):
        parse(ONE.replace("1.0", "0.0"))


def test_an_id_stands_once():
    with pytest.raises(BadInput, match="'X1' is already registered"):
        parse(ONE + ONE)
