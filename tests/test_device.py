"""Mixed precision, compiled towers and full memory: what is computed is checked, and said in the store."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from clipkit import device
from clipkit.datasets.readers import open_images
from clipkit.device import FARTHEST, Encoder, choose_precision, compiled, parity
from clipkit.embed import _key, embed_images
from clipkit.errors import BadInput, ClipkitError
from clipkit.models.random import random_model
from clipkit.pocket import models as pocket_models
from clipkit.store import EmbeddingStore

QUIET = {"progress": False, "workers": 0, "batch_size": 4, "shard_size": 8}
BATCH = torch.randn(6, 3, 48, 48, generator=torch.manual_seed(0))


@pytest.fixture(scope="module")
def tower():
    pocket_models.register()
    return random_model("pocket-vit", device="cpu")


@pytest.fixture
def few(tmp_path):
    """Eight pictures of noise."""
    (tmp_path / "few" / "noise").mkdir(parents=True)
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 255, (8, 48, 48, 3), dtype=np.uint8)):
        Image.fromarray(pixels).save(tmp_path / "few" / "noise" / f"{i}.png")
    return tmp_path / "few"


def test_by_default_key_recipe_and_shards_are_what_they_were_before_there_was_a_choice(tower, few, tmp_path):
    """Shipped results and everybody's stores hang on this: fp32 adds nothing to what is stored."""
    images = open_images(few)
    assert _key(tower, images) == tower.card.identity() | {
        "precision": "fp32",
        "dataset_fingerprint": images.fingerprint,
    }
    found = embed_images(tower, images, EmbeddingStore(tmp_path / "store"), **QUIET)
    assert set(next(found.shards()).run) == {"batch_size", "threads", "device", "channels_last", "versions"}
    with torch.inference_mode():
        pixels = torch.stack([tower.preprocess(images[i].image) for i in range(4)])
        assert np.array_equal(found.features[:4], tower.net.encode_image(pixels).numpy())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_is_near_fp32_under_a_key_of_its_own_and_says_how_near(
    precision, tower, few, tmp_path
):
    store, images = EmbeddingStore(tmp_path / "store"), open_images(few)
    plain = embed_images(tower, images, store, **QUIET)
    mixed = embed_images(replace(tower, precision=precision), images, store, **QUIET)
    assert mixed.entry.folder != plain.entry.folder and mixed.recipe["precision"] == precision
    assert not np.array_equal(mixed.features, plain.features)
    said = next(mixed.shards()).run["parity"]
    cosine = np.sum(mixed.features[:4] * plain.features[:4], axis=1) / (
        np.linalg.norm(mixed.features[:4], axis=1) * np.linalg.norm(plain.features[:4], axis=1)
    )
    assert said["one_minus_cosine"] == pytest.approx((1 - cosine).max(), rel=0.05, abs=1e-6)
    assert said == {"images": 4, "one_minus_cosine": said["one_minus_cosine"], "allowed": FARTHEST[precision]}


def test_features_far_from_fp32_are_refused_before_anything_is_stored(tower, few, tmp_path, monkeypatch):
    monkeypatch.setitem(device.FARTHEST, "bf16", 1e-9)
    store = EmbeddingStore(tmp_path / "store")
    with pytest.raises(BadInput, match=r"pocket-vit/random in bf16 is off .*\n  -> use --precision fp32$"):
        embed_images(replace(tower, precision="bf16"), open_images(few), store, **QUIET)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_features_that_are_not_finite_are_far(tower):
    spoilt = tower.encode_image(BATCH).clone()
    spoilt[2, 0] = torch.inf
    with pytest.raises(BadInput, match="1 - cosine = nan"):
        parity(replace(tower, precision="fp16"), BATCH, spoilt)


class Full:
    """A tower on a device whose memory holds so many images."""

    def __init__(self, model, room):
        self.model, self.room, self.passes = model, room, []

    def encode(self, images):
        self.passes.append(len(images))
        if len(images) > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return type(self.model).encode_image(self.model, images)


def test_a_batch_that_does_not_fit_goes_in_halves_and_stays_so(tower, monkeypatch):
    full = Full(tower, room=2)
    model = replace(tower)
    monkeypatch.setattr(model, "encode_image", full.encode, raising=False)
    encode = Encoder(model, batch_size=6)
    torch.testing.assert_close(encode(BATCH), tower.encode_image(BATCH), rtol=1e-4, atol=1e-5)
    assert (full.passes, encode.notes) == ([6, 3, 2, 2, 2], {"pass_size": 2})
    encode(BATCH[:3])
    assert full.passes[5:] == [2, 1]


def test_the_store_says_which_batch_was_asked_for_and_which_fitted(tower, few, tmp_path, monkeypatch):
    model = replace(tower)
    monkeypatch.setattr(model, "encode_image", Full(tower, room=1).encode, raising=False)
    found = embed_images(model, open_images(few), EmbeddingStore(tmp_path / "store"), **QUIET)
    run = next(found.shards()).run
    assert (run["batch_size"], run["pass_size"], found.n_seen) == (4, 1, 8)


def test_one_image_that_does_not_fit_ends_the_run(tower, monkeypatch):
    model = replace(tower)
    monkeypatch.setattr(model, "encode_image", Full(tower, room=0).encode, raising=False)
    with pytest.raises(ClipkitError, match="one image does not fit into the memory of cpu beside pocket-vit"):
        Encoder(model, batch_size=6)(BATCH)


class Clip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 48 * 48, 5))

    def encode_image(self, images):
        return self.visual(images)


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.fc = Clip().visual, torch.nn.Linear(5, 2)

    def forward_features(self, images):
        return self.body(images)

    def forward_head(self, features, pre_logits):
        return features

    def get_classifier(self):
        return self.fc


@pytest.mark.parametrize("kind", [Clip, Classifier])
def test_a_compiled_tower_is_checked_against_the_plain_one(kind, tower, monkeypatch):
    """By the compiler's front end alone ("eager"): what it makes of the graph is PyTorch's to test."""
    seen = []
    back_end = lambda graph, inputs: seen.append(graph) or graph.forward  # noqa: E731
    monkeypatch.setattr(torch, "compile", lambda f, compile=torch.compile: compile(f, backend=back_end))
    torch.manual_seed(0)
    plain = replace(tower, net=kind().eval())
    model = compiled(plain)
    encode = Encoder(model, batch_size=6)
    torch.testing.assert_close(encode(BATCH), plain.encode_image(BATCH))
    assert len(seen) == 1 and model.plain is plain.net and model.identity() == plain.identity()
    assert encode.notes["parity"]["allowed"] == FARTHEST["fp32"]
    with pytest.raises(BadInput, match=r"in fp32, compiled is off .*\n.* without --compile"):
        Encoder(replace(model, plain=kind().eval()), batch_size=6)(BATCH)


@pytest.mark.parametrize(("capability", "chosen"), [((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")])
def test_auto_is_what_the_device_has_matrix_units_for(capability, chosen, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda place: capability)
    assert choose_precision("auto", "cuda") == chosen
    assert choose_precision("auto", "cpu") == "fp32" and choose_precision("fp16", "cuda") == "fp16"


def test_the_benchmark_of_a_gpu_runs_on_a_processor(monkeypatch, capsys):
    benchmarks = Path(__file__).parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(benchmarks)
    asked = "--architecture pocket-vit --device cpu --images 8 --batch-size 4 --repeats 1 --workers 0"
    monkeypatch.setattr(sys, "argv", ["gpu.py", *asked.split()])
    runpy.run_path(str(benchmarks / "gpu.py"), run_name="__main__")
    said = json.loads(capsys.readouterr().out)
    assert (said["precision"], said["images"]) == ("fp32", 8) and set(said["images/s"]) == {
        "bare",
        "decoded",
        "with decoding",
    }
