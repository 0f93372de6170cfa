"""The three stages: what each learns, that each begins where the last ended, and that a killed run goes on exactly."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from clipkit.errors import BadInput
from clipkit.pocket.dataset import load
from clipkit.pocket.instructions import KINDS
from clipkit.pocket.lmm import lessons
from clipkit.pocket.lmm.eye import Eye
from clipkit.pocket.lmm.lessons import RARE, image_lessons, text_lessons
from clipkit.pocket.lmm.loading import load_lmm
from clipkit.pocket.lmm.model import PocketLmmNet
from clipkit.pocket.lmm.recipe import STAGES, Stage, read_recipe
from clipkit.pocket.lmm.train import LmmLearner, StageRecipe, run
from clipkit.pocket.training_sets import training_spec
from clipkit.pocket.zoo import train as trainer

TOWER = "resnet-wild-s0"
SHORT = {stage: Stage(samples_seen=24, batch_size=4, lr=1e-3) for stage in STAGES}
TINY = replace(read_recipe(), width=32, layers=1, heads=2, **SHORT)


@pytest.fixture(scope="module")
def pool(pocket_cache):
    """Four wild pictures of every class."""
    return load(training_spec("wild", 104, 1), pocket_cache, progress=False)


@pytest.fixture
def small_world(pool, monkeypatch):
    monkeypatch.setattr(lessons, "train", lambda *_: pool)
    monkeypatch.setattr(trainer, "load_set", lambda *_: pool)


def test_the_recipe_names_towers_of_the_zoo_and_steps_of_each_stage():
    recipe = read_recipe()
    assert len(recipe.towers) >= 4 and recipe.data.seed == 1
    assert all(getattr(recipe, stage).steps > 100 for stage in STAGES)
    assert "towers" not in json.loads(recipe.to_json())


def test_each_stage_learns_from_its_own_lessons(small_world, pool):
    eye = Eye(TOWER)
    text = text_lessons(TINY)
    assert {one.question for one in text.said} == {""} and len(text.said) == (TINY.instructions + 2) * len(
        pool
    )
    captions = image_lessons(TINY, "alignment", eye)
    assert {one.kind for one in captions.said} == {"caption"} and len(captions.said) == 4 * len(pool)
    assert all(one.answer in pool.table["captions"][one.image] for one in captions.said)
    asked = image_lessons(TINY, "instruction", eye).said
    assert {one.kind for one in asked} == set(KINDS)
    assert sum(len(one.choices) == 2 for one in asked) == len(pool)
    once = [one for one in asked[: TINY.instructions * len(pool)] if one.kind == "relation"]
    assert sum(one.kind == "relation" for one in asked) == TINY.rare * len(once), RARE


def test_batches_depend_on_seed_and_step_and_go_from_short_to_long(small_world):
    eye = Eye(TOWER)
    data = image_lessons(TINY, "instruction", eye)
    learner = LmmLearner(StageRecipe(TINY, "instruction"), PocketLmmNet(TINY, *eye.widths), eye)
    batches = [learner.batch(data, 0, step) for step in range(8)]
    again, other = learner.batch(data, 0, 3), learner.batch(data, 1, 3)
    assert all(torch.equal(a, b) for a, b in zip(batches[3], again, strict=True))
    assert not torch.equal(batches[3][2], other[2])
    lengths = [ids.shape[1] for ids, *_ in batches]
    assert lengths == sorted(lengths)


def test_the_stages_follow_one_another_and_a_killed_run_goes_on_exactly(small_world, tmp_path):
    straight = run(TINY, TOWER, tmp_path / "straight")
    broken = tmp_path / "broken"
    stops = 0
    while run(TINY, TOWER, broken, stop_after=4) is None:
        stops += 1
    assert stops == len(STAGES)
    for name in ("language-s0", f"lmm-{TOWER}.alignment", f"lmm-{TOWER}"):
        one, other = (load_file(folder / f"{name}.safetensors") for folder in (straight.parent, broken))
        assert all(torch.equal(one[key], other[key]) for key in one), name
    language, projectors, both = (
        load_file(straight.parent / f"{name}.safetensors")
        for name in ("language-s0", f"lmm-{TOWER}.alignment", f"lmm-{TOWER}")
    )
    assert not language.keys() & projectors.keys() and both.keys() == language.keys() | projectors.keys()
    assert all(not torch.equal(both[key], value) for key, value in (language | projectors).items())


def test_a_file_says_what_made_it(small_world, tmp_path, pool):
    with safe_open(run(TINY, TOWER, tmp_path), "pt") as handle:
        said = handle.metadata()
    recipe = json.loads(said["recipe"])
    assert recipe["tower"] == TOWER and recipe["stage"] == "instruction" and len(recipe["base"]) == 64
    assert said["data_fingerprint"] == pool.fingerprint and len(json.loads(said["curve"])) > 1


def test_weights_of_another_recipe_are_refused(small_world, tmp_path):
    run(TINY, TOWER, tmp_path)
    with pytest.raises(BadInput, match="do not fit the architecture"):
        load_lmm(f"lmm-{TOWER}", tmp_path)
