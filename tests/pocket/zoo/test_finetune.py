"""Fine-tuning: what each method may change, what is stored of it, and what comes back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from clipkit.errors import BadInput, MissingData
from clipkit.pocket import models
from clipkit.pocket.zoo import finetune, loading, train
from clipkit.pocket.zoo.batches import TrainingData, class_batch
from clipkit.pocket.zoo.delta import compress, restore
from clipkit.pocket.zoo.recipe import DataRecipe, FinetuneRecipe, Recipe
from clipkit.pocket.zoo.towers import Classifier, add_low_rank, merge_low_rank

PARENT = Recipe(
    name="tiny", model="pocket-resnet", samples_seen=64, batch_size=16, data=DataRecipe(pool=52, images=52)
)
CHILD = FinetuneRecipe(
    name="child", parent="tiny", method="cross-entropy", samples_seen=64, batch_size=16, lr=1e-3
)


@pytest.fixture
def trained(tmp_path, monkeypatch, rng):
    """A folder with a briefly trained parent; two random images of each class stand for any training set."""
    labels = np.arange(52) % 26
    images = rng.integers(0, 256, (52, 48, 48, 3), dtype=np.uint8)
    tokens = models.tokenizer()(["a mug", "a dog"])
    data = TrainingData(images, tokens, np.stack([labels % 2] * 4, 1), labels, "fingerprint")
    for module in (train, finetune):
        monkeypatch.setattr(module, "load_training_data", lambda *_: data)
    monkeypatch.setattr(train, "load_set", lambda name, split: data)
    train.run(PARENT, tmp_path, seed=1)
    return tmp_path


def tuned(folder, **changes):
    recipe = replace(CHILD, **changes)
    return loading.load_net(finetune.run(recipe, folder, seed=1).stem, folder)


def changed(net, parent) -> set[str]:
    """First parts of the names of the weights in which two models of one architecture differ."""
    a, b = net.state_dict(), parent.state_dict()
    return {name.split(".")[0] for name in a.keys() & b.keys() if not torch.equal(a[name], b[name])}


def test_cross_entropy_and_the_linear_probe_start_from_the_class_prompts(trained, rng):
    parent = loading.load_net("tiny-s1", trained)
    start = loading.zero_shot_classifier(parent)
    images = torch.from_numpy(rng.standard_normal((4, 3, 48, 48)).astype(np.float32))
    image = parent.encode_image(images, normalize=True)
    assert torch.allclose(start(images), image @ start.head.weight.T, atol=1e-5)
    scale = parent.logit_scale.exp()
    assert torch.allclose(start.head.weight.norm(dim=1), scale.expand(26), rtol=1e-5)


def test_a_linear_probe_changes_the_head_alone(trained):
    net, parent = tuned(trained, method="linear-probe"), loading.load_net("tiny-s1", trained)
    assert isinstance(net, Classifier) and changed(net, parent) == set()
    start = loading.zero_shot_classifier(loading.load_net("tiny-s1", trained))
    assert not torch.allclose(net.head.weight, start.head.weight, atol=1e-4)
    assert load_file(trained / "child-s1.safetensors").keys() == {"head.weight", "head.bias"}


def test_low_rank_changes_stay_in_the_image_tower_and_keep_its_statistics(trained):
    net, parent = tuned(trained, method="lora", rank=2), loading.load_net("tiny-s1", trained)
    assert changed(net, parent) == {"visual"}
    for name, value in net.visual.state_dict().items():
        before = parent.visual.state_dict()[name]
        if value.ndim > 1 and not torch.equal(value, before):
            assert torch.linalg.matrix_rank((value - before).flatten(1), rtol=1e-3) <= 2
        if "running" in name:
            assert torch.equal(value, before)


def test_flyp_changes_both_towers_and_cross_entropy_one(trained):
    parent = loading.load_net("tiny-s1", trained)
    both = tuned(trained, method="flyp", name="both")
    assert {"visual", "transformer", "token_embedding", "logit_scale"} <= changed(both, parent)
    assert changed(tuned(trained), parent) == {"visual"}


def test_what_was_trained_comes_back_up_to_the_precision_of_storage(trained, monkeypatch):
    seen = {}
    whole = finetune.Learner.weights
    monkeypatch.setattr(finetune.Learner, "weights", lambda self: seen.update(net=self.model) or whole(self))
    net = tuned(trained)
    images = torch.randn(8, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(net(images), seen["net"].eval()(images), atol=0.05, rtol=0.02)


def test_a_resumed_run_is_the_straight_run(trained):
    straight = finetune.run(CHILD, trained, seed=1)
    first = load_file(straight)
    straight.unlink()
    assert finetune.run(CHILD, trained, seed=1, stop_after=2) is None
    second = load_file(finetune.run(CHILD, trained, seed=1))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_detour_starts_from_its_origin(trained):
    finetune.run(replace(CHILD, name="first"), trained, seed=1)
    learner = finetune.Learner(
        CHILD,
        loading.load_net("tiny-s1", trained),
        loading.load_net("first-s1", trained),
        loading.CLASS_NAMES,
    )
    origin = loading.load_net("first-s1", trained)
    assert changed(learner.model, origin) == {"head"}


def test_an_average_lies_between_its_ends(trained):
    child = tuned(trained)
    for alpha, end in (
        (0.0, loading.zero_shot_classifier(loading.load_net("tiny-s1", trained))),
        (1.0, child),
    ):
        got = loading._average(
            loading.load_net("tiny-s1", trained), loading.load_net("child-s1", trained), alpha
        )
        for name, value in got.state_dict().items():
            assert torch.allclose(value.float(), end.state_dict()[name].float(), atol=1e-6), name
    half = loading._average(loading.load_net("tiny-s1", trained), loading.load_net("child-s1", trained), 0.5)
    start = loading.zero_shot_classifier(loading.load_net("tiny-s1", trained))
    assert torch.allclose(half.head.bias, (start.head.bias + child.head.bias) / 2, atol=1e-6)


def test_averages_are_not_trained_and_a_missing_parent_is_named(tmp_path):
    with pytest.raises(BadInput, match="is an average of two others"):
        finetune.run(replace(CHILD, method="wise", origin="first"), tmp_path, seed=0)
    with pytest.raises(MissingData, match="no weights of tiny-s7"):
        finetune.run(CHILD, tmp_path, seed=7)


def test_a_delta_errs_by_no_more_than_a_254th_of_the_rows_largest_change(rng):
    parent = {
        "w": torch.from_numpy(rng.standard_normal((5, 3, 2, 2))),
        "b": torch.ones(5),
        "n": torch.tensor(3),
    }
    child = {
        k: v + 0.01 * torch.randn(v.shape) if v.is_floating_point() else v + 1 for k, v in parent.items()
    }
    child["w"][2] = parent["w"][2]
    stored = compress(parent, child)
    assert stored["delta.w"].dtype == torch.int8
    back = restore(parent, stored)
    assert (
        torch.equal(back["b"], child["b"])
        and back["n"] == 4
        and torch.equal(back["w"][2], parent["w"][2].float())
    )
    error = (back["w"] - child["w"]).abs().flatten(1).amax(1)
    most = (child["w"] - parent["w"]).abs().flatten(1).amax(1)
    assert (error <= most / 254 + 1e-6).all() and error.max() > 0


def test_a_delta_of_another_parent_is_refused():
    with pytest.raises(BadInput, match="do not belong to that parent: w"):
        restore({"w": torch.zeros(2, 3)}, compress({"w": torch.zeros(2, 2)}, {"w": torch.ones(2, 2)}))


def test_low_rank_changes_begin_at_nothing_and_merge_to_the_same_function():
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 2))
    changing = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 2))
    changing.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, 8, 8)
    before = plain(x)
    found = add_low_rank(changing, rank=2)
    assert torch.equal(changing(x), before)
    assert {n for n, p in changing.named_parameters() if p.requires_grad} == {
        f"{i}.parametrizations.weight.0.{part}" for i in (0, 2) for part in "ab"
    }
    for value in found.values():
        value.data.normal_()
    merge_low_rank(plain, found)
    assert torch.allclose(plain(x), changing(x), atol=1e-4) and not torch.allclose(
        plain(x), before, atol=1e-2
    )


def test_a_class_batch_shows_each_class_once_and_differs_by_step():
    labels = np.repeat(np.arange(26), 3)
    images = np.broadcast_to(np.arange(78, dtype=np.uint8)[:, None, None, None], (78, 48, 48, 3))
    data = TrainingData(images, None, None, labels, "", augment=False)
    seen, found = class_batch(data, seed=0, step=0)
    assert found.tolist() == list(range(26)) and seen.shape == (26, 3, 48, 48)
    assert len({tuple(class_batch(data, 0, step)[0][:, 0, 0, 0].tolist()) for step in range(5)}) == 5
    with pytest.raises(BadInput, match="no training image shows 'guitar'"):
        class_batch(replace(data, images=images[:75], labels=labels[:75]), 0, 0)
