"""Accuracies on the shifts come back from the oracle."""

import pytest

from clipkit.pocket.oracle import OracleModel, exact
from clipkit.pocket.sets import SETS
from clipkit.sections.measure import natural_shifts


class Head(OracleModel):
    """Planted answers of a model with a head, which ignores prompts."""

    def logits(self, dataset, prompts=""):
        return super().logits(dataset, "1")


@pytest.fixture(scope="module")
def planted():
    return [exact.classification(name, 0.8, n=104) for name in natural_shifts.DATASETS]


def test_every_set_gives_its_own_accuracy():
    accuracies = {name: 0.5 + 0.05 * i for i, name in enumerate(natural_shifts.DATASETS)}
    model = OracleModel("shifts", *(exact.classification(n, a, n=104) for n, a in accuracies.items()))
    found = {m.dataset: m for m in natural_shifts.measure(model) if m.prompts == "80"}
    assert {name: m.value for name, m in found.items()} == pytest.approx(accuracies, abs=0.5 / 104)
    wild = found["wild"]
    assert wild.draws.std() == pytest.approx((wild.value * (1 - wild.value) / 104) ** 0.5, rel=0.1)


def test_smaller_sets_of_prompts_are_measured_where_they_are_compared(planted):
    found = natural_shifts.measure(OracleModel("zero-shot", *planted))
    by_prompts = {p: {m.dataset for m in found if m.prompts == p} for p in ("80", "30", "5", "1")}
    assert by_prompts["80"] == set(natural_shifts.DATASETS)
    assert by_prompts["30"] == by_prompts["5"] == {"wild"}
    assert by_prompts["1"] == {"wild", *natural_shifts.SHIFTS}
    assert len(found) == sum(map(len, by_prompts.values())) <= 20


def test_a_model_with_a_head_is_measured_once(planted):
    found = natural_shifts.measure(Head("head", *planted, prompts=False))
    assert [(m.dataset, m.prompts) for m in found] == [(name, "") for name in natural_shifts.DATASETS]


def test_the_shifts_are_those_of_the_suite():
    assert set(natural_shifts.SHIFTS) == {name for name, spec in SETS.items() if spec.task == "shift"}
