"""Recipes and training: read strictly, seen alike, resumed exactly."""

import json
from dataclasses import replace

import numpy as np
import open_clip
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from clipkit.errors import BadInput
from clipkit.pocket import models
from clipkit.pocket.zoo import train as trainer
from clipkit.pocket.zoo.batches import TrainingData, batch, jitter
from clipkit.pocket.zoo.recipe import (
    RECIPES,
    DataRecipe,
    OptimizerRecipe,
    Recipe,
    read_recipe,
    shipped_recipes,
)
from clipkit.pocket.zoo.run import needs, plan

TINY = Recipe(
    name="tiny", model="pocket-vit", samples_seen=48, batch_size=8, data=DataRecipe(pool=20, images=20)
)


def said(path):
    """The metadata of a safetensors file."""
    with safe_open(path, "pt") as handle:
        return handle.metadata()


@pytest.fixture
def tiny_world(monkeypatch, rng):
    """Twenty random images with captions in place of a rendered pool, and as many for validation."""
    images = rng.integers(0, 256, (20, 48, 48, 3), dtype=np.uint8)
    tokens = models.tokenizer()(["a mug", "a dog", "a red car", "two fish"])
    labels = np.arange(20) % 4
    data = TrainingData(images, tokens, np.stack([labels] * 4, 1), labels, "fingerprint")
    monkeypatch.setattr(trainer, "load_training_data", lambda *_: data)
    monkeypatch.setattr(trainer, "load_set", lambda name, split: data)
    return data


SCRATCH = [r for r in shipped_recipes() if isinstance(r, Recipe)]


@pytest.mark.parametrize("recipe", SCRATCH, ids=lambda r: r.name)
def test_shipped_recipes_are_sound(recipe):
    assert (RECIPES / f"{recipe.name}.toml").is_file() and recipe.minutes > 0 and recipe.model in models.NAMES
    learner = trainer.Learner(recipe)
    trained = {
        id(p)
        for o in trainer.optimizers(learner, recipe.optimizer)
        for g in o.param_groups
        for p in g["params"]
    }
    assert trained == {id(p) for p in learner.parameters() if p.requires_grad}


def test_recipes_differ_from_their_base_in_what_their_name_says():
    base = json.loads(read_recipe("resnet-wild").to_json())
    for name, changed in {
        "resnet-studio": {"data"},
        "resnet-wild-10": {"data"},
        "resnet-uncurated": {"data"},
        "resnet-wild-sigmoid": {"model", "objective"},
        "vit-wild": {"model", "optimizer"},
    }.items():
        other = json.loads(read_recipe(name).to_json())
        assert {k for k in base if base[k] != other[k]} - {"name"} == changed


@pytest.mark.parametrize(
    "text, message",
    [
        ('model = "pocket-vit"\nlearning_rate = 1', "unknown key 'learning_rate'"),
        ('model = "pocket-vit"\nsamples_seen = "many"', "samples_seen = 'many' is of type str"),
        ('model = "pocket-vit"\n[data]\nimages = 10', "10 images, batches of 64"),
        ('model = "pocket-vit"\nobjective = "triplet"', "objective 'triplet' is unknown"),
        ("model = ", "is not TOML"),
        ("seeds = [1]", "missing 1 required keyword-only argument: 'model'"),
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path, text, message):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(BadInput, match=message):
        read_recipe(tmp_path / "r.toml")


def test_the_plan_holds_each_model_once_and_nothing_before_what_it_starts_from():
    jobs = plan(shipped_recipes())
    names = [f"{r.name}-s{s}" for r, s in jobs]
    assert len(names) == len(set(names)) and names[0] == "resnet-wild-s0"
    assert set(names) == {f"{r.name}-s{s}" for r in shipped_recipes() for s in r.seeds
                          if getattr(r, "method", "") != "wise"}  # fmt: skip
    for k, (recipe, seed) in enumerate(jobs):
        assert needs(recipe, seed) <= set(names[:k])


def test_jitter_shifts_and_mirrors_without_inventing_pixels(rng):
    images = rng.integers(0, 256, (64, 12, 12, 3), dtype=np.uint8)
    out = jitter(images, np.random.default_rng(1))
    assert out.shape == images.shape
    mirrored = straight = 0
    for before, after in zip(images, out, strict=True):
        centre = after[4:8, 4:8]
        windows = [
            (before[i : i + 4, j : j + 4], before[i : i + 4, j : j + 4][:, ::-1])
            for i in range(9)
            for j in range(9)
        ]
        straight += any((w == centre).all() for w, _ in windows)
        mirrored += any((m == centre).all() for _, m in windows)
    assert straight + mirrored == 64 and 16 < mirrored < 48


def test_an_epoch_shows_every_image_once(tiny_world):
    data = replace(tiny_world, images=tiny_world.images, labels=np.arange(20))
    seen = np.concatenate([batch(data, 5, 0, step)[2].numpy() for step in range(4)])
    assert sorted(seen) == list(range(20))
    assert not np.array_equal(
        seen, np.concatenate([batch(data, 5, 0, step)[2].numpy() for step in range(4, 8)])
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": OptimizerRecipe(name="muon")},
        {"objective": "supervised"},
        {"model": "pocket-resnet"},
        {"model": "pocket-resnet-sigmoid", "objective": "sigmoid"},
    ],
    ids=["adamw", "muon", "supervised", "resnet", "sigmoid"],
)
def test_a_resumed_run_is_the_straight_run(tmp_path, tiny_world, changes):
    recipe = replace(TINY, **changes)
    straight = trainer.run(recipe, tmp_path / "straight", seed=1)
    assert trainer.run(recipe, tmp_path / "broken", seed=1, stop_after=2) is None
    assert trainer.run(recipe, tmp_path / "broken", seed=1, stop_after=3) is None
    resumed = trainer.run(recipe, tmp_path / "broken", seed=1)
    assert said(straight) == said(resumed)
    a, b = load_file(straight), load_file(resumed)
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    assert not list((tmp_path / "broken").glob("*.pt"))


def test_the_final_file_loads_through_open_clip_and_tells_its_recipe(tmp_path, tiny_world):
    path = trainer.run(TINY, tmp_path, seed=0)
    models.register()
    model = open_clip.create_model("pocket-vit", pretrained=str(path))
    for name, value in load_file(path).items():
        torch.testing.assert_close(
            model.state_dict()[name], value.to(model.state_dict()[name].dtype), rtol=0, atol=0
        )
    assert json.loads(said(path)["recipe"])["model"] == "pocket-vit"
    assert said(path)["data_fingerprint"] == "fingerprint"
    curve = json.loads(said(path)["curve"])
    assert [point[0] for point in curve] == sorted({point[0] for point in curve}) and curve[-1][0] == 48


def test_training_lowers_the_loss(tiny_world):
    torch.manual_seed(0)
    shades = np.broadcast_to(60 * tiny_world.labels[:, None, None, None], tiny_world.images.shape).astype(
        np.uint8
    )
    data = replace(tiny_world, images=shades)
    recipe = replace(TINY, samples_seen=8 * 30, objective="supervised")
    learner = trainer.Learner(recipe).train()
    found = trainer.optimizers(learner, recipe.optimizer)
    losses = [
        trainer.train_step(learner, found, recipe.optimizer, 30, learner.batch(data, 0, step), step)
        for step in range(30)
    ]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path, tiny_world):
    trainer.run(TINY, tmp_path, seed=0, stop_after=1)
    with pytest.raises(BadInput, match="belongs to another recipe, seed or data"):
        trainer.run(replace(TINY, samples_seen=64), tmp_path, seed=0)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"objective": "sigmoid"}, "does not fit objective sigmoid"),
        ({"model": "pocket-resnet-sigmoid"}, "does not fit objective contrastive"),
    ],
)
def test_a_loss_that_the_model_cannot_have_is_refused(changes, message):
    with pytest.raises(BadInput, match=message):
        trainer.Learner(replace(TINY, **changes))


def test_muon_needs_transformer_blocks():
    recipe = replace(
        TINY, model="pocket-resnet", objective="supervised", optimizer=OptimizerRecipe(name="muon")
    )
    with pytest.raises(BadInput, match="this model has none"):
        trainer.optimizers(trainer.Learner(recipe), recipe.optimizer)
