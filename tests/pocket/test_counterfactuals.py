"""Sixteen factors, each an intervention on one thing and on nothing else."""

from dataclasses import asdict

import imagenet_x
import pytest

from clipkit.errors import UnknownName
from clipkit.pocket.evaluation_sets import factors
from clipkit.pocket.world import render
from clipkit.pocket.world.counterfactuals import FACTOR_FIELDS, FACTORS, counterfactual
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice, typical

PAIRS = [(typical(label, Dice(5, i)), i) for i, label in enumerate(CLASS_NAMES)]


def test_the_names_are_those_of_imagenet_x():
    assert set(FACTORS) == set(imagenet_x.FACTORS) and len(FACTORS) == 16


@pytest.mark.parametrize("factor", FACTORS)
def test_only_the_named_factor_differs(factor):
    for scene, i in PAIRS:
        changed = counterfactual(scene, factor, Dice(6, i))
        before, after = asdict(scene), asdict(changed)
        differing = {k for k in before if before[k] != after[k]}
        assert differing and differing <= set(FACTOR_FIELDS[factor]), (scene.label, differing)


@pytest.mark.parametrize("factor", FACTORS)
def test_the_change_can_be_seen(factor):
    for scene, i in PAIRS[::5]:
        assert (
            render([scene], 48, 1) != render([counterfactual(scene, factor, Dice(6, i))], 48, 1)
        ).mean() > 0.01


def test_the_set_links_each_twin_to_its_scene():
    drawn = factors(seed=3, n=26, size=48)
    assert len(drawn.scenes) == 26 * 17
    for scene, factor, pair in zip(drawn.scenes, drawn.columns["factor"], drawn.columns["pair"], strict=True):
        base = drawn.scenes[pair]
        changed = {k for k, v in asdict(scene).items() if v != asdict(base)[k]}
        assert changed <= set(FACTOR_FIELDS.get(factor, ()))


def test_an_unknown_factor_is_refused():
    with pytest.raises(UnknownName, match="Did you mean darker"):
        counterfactual(PAIRS[0][0], "darkr", Dice(0))
