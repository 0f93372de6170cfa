"""Verdicts under other prompts, on a zoo that was asked in ways of known effect."""

import inspect
from functools import partial

import pandas as pd
import pytest
from prompt_zoo import LOSSES, asked_zoo

from clipkit.claims import pocket, under_prompts
from clipkit.claims.judge import TESTS, Found, find, verdicts_from
from clipkit.errors import CorruptData, MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.registry import Registry

ASKED = ("V6", "N1", "B1")
KEPT = Found({"D1": Evidence(1.0, 0.5, 1.5, 0.001, 2, 2)}, {})
"""Of a claim that no wording changes."""


def better_alone(model, prompts):
    """With one template the transformer gains what the others lose."""
    return -0.3 if prompts == "fair {}" and model.startswith("vit") else 0.0


@pytest.fixture(scope="module")
def zoo():
    with pytest.MonkeyPatch.context() as patch:
        tests = Registry("pocket test", {name: TESTS["pocket"][name] for name in ASKED})
        tests.add("Q1", accuracy_of_the_transformer)
        patch.setitem(TESTS, "pocket", tests)
        yield asked_zoo(better_alone)


def accuracy_of_the_transformer(table):
    """In the place of Q1: by how much (pp) it exceeds the ResNet on wild images."""
    key = {"section": "natural shifts", "dataset": "wild", "metric": "accuracy", "prompts": "80"}
    values = [table.get(f"{recipe}-wild-s0", **key).value for recipe in ("vit", "resnet")]
    effect = 100 * (values[0] - values[1])
    return Evidence(effect, effect - 1, effect + 1, 0.001, 2, 2)


def under(zoo, kind, prompts):
    return {v.id: v for v in under_prompts.verdicts_under(*zoo, kind, prompts, KEPT)}


def test_all_templates_give_the_verdicts_of_the_ledger(zoo):
    tests = {name: partial(test, zoo[0]) for name, test in TESTS["pocket"].items()}
    evidence, missing = find("pocket", tests)
    usual = {v.id: v for v in verdicts_from("pocket", Found(evidence | KEPT.evidence, missing))}
    found = under(zoo, SET, "80")
    assert list(found) == ["B1", "Q1", "N1"], "no claim on prompts, and none that no wording changes"
    for name, verdict in found.items():
        assert verdict == usual[name]


def test_a_claim_on_prompts_sets_each_template_against_all(zoo):
    """V6 is a loss from eighty templates to one; the poor template loses 10 pp, the good one gains 3."""
    assert under(zoo, SET, "1")["V6"].effect == pytest.approx(4)
    assert under(zoo, TEMPLATE, "poor {}")["V6"].effect == pytest.approx(10)
    assert under(zoo, TEMPLATE, "good {}")["V6"].effect == pytest.approx(-3)
    assert "V6" not in under(zoo, NAMES, "synonyms")


def test_other_claims_are_judged_with_the_template_in_the_place_of_all(zoo):
    assert under(zoo, TEMPLATE, "poor {}")["Q1"].verdict == "fails"
    assert under(zoo, TEMPLATE, "fair {}")["Q1"].verdict == "holds"


def judged(zoo):
    rows = [
        {"kind": kind, "prompts": prompts, **verdict._asdict()}
        for kind, prompts in LOSSES
        for verdict in under_prompts.verdicts_under(*zoo, kind, prompts, KEPT)
    ]
    return pd.DataFrame(rows)[under_prompts.COLUMNS].astype({"effect": float})


def test_claims_that_flip_are_told_from_those_that_do_not(zoo):
    found = under_prompts.flips(judged(zoo))
    assert list(found.index) == ["V6", "Q1"], "what cannot be tested is left out"
    q1, v6 = found.loc["Q1"], found.loc["V6"]
    assert q1.usual == "fails" and q1.template_verdicts == {"fails": 2, "holds": 1} and q1.flips
    assert q1.name_verdicts == {"fails": 1} and q1.same_sign == pytest.approx(2 / 3)
    assert (v6["1"], v6["80"]) == (v6.usual, "") and v6.name_verdicts == {}
    assert [v6.least, v6.most, v6.effect] == pytest.approx([v6.least, 10, 4])
    assert v6.n == 3


def test_every_claim_that_is_asked_is_judged_on_measured_numbers():
    """The others take answers of language–vision models, and would not know what to do with a table of numbers."""
    for name in set(pocket.TESTS) - set(under_prompts.UNASKED):
        table = inspect.signature(pocket.TESTS[name]).parameters["table"]
        assert "MeasuredTable" in str(table.annotation), f"{name}: add it to UNASKED"


def test_judged_ways_are_half_of_the_templates_and_all_others():
    kinds = [v.kind for v in under_prompts.judged_variants()]
    assert (kinds.count(SET), kinds.count(NAMES), kinds.count(TEMPLATE)) == (4, 13, 20)


def test_verdicts_on_other_numbers_are_not_shown(tmp_path, monkeypatch):
    path = tmp_path / "claims.parquet"
    with pytest.raises(MissingData, match="have not been judged under other prompts"):
        under_prompts.read_claims(path)
    monkeypatch.setattr(under_prompts, "inputs", lambda: "today")
    frame = pd.DataFrame([(SET, "80", "V1", "holds", 1.0, 0.5, 1.5, 0.01)], columns=under_prompts.COLUMNS)
    under_prompts.write_frame(frame, path, inputs="today")
    pd.testing.assert_frame_equal(under_prompts.read_claims(path), frame, check_dtype=False)
    under_prompts.write_frame(frame, path, inputs="yesterday")
    with pytest.raises(MissingData, match="the zoo has changed"):
        under_prompts.read_claims(path)
    path.write_bytes(b"")
    with pytest.raises(CorruptData, match="claims.parquet cannot be read"):
        under_prompts.read_claims(path)
