"""Dense maps of every family of image towers that open_clip offers: shape, stride, and that they move with the image.

Weights are random, and depth and width are cut down, which leaves what is tested as it is: how a family lays out
its cells. Two tests of motion. On a torus: convolutions wrap round and positions are taken out, then an image rolled
by one stride gives the map rolled by one cell, exactly and up to its borders. What cannot be made periodic (windows,
padding that a tower computes itself, rotary and relative positions) has the other test, as all have: a change in
one cell of the image changes that cell of the map most, or one beside it where convolutions overlap.
"""

import json

import numpy as np
import open_clip
import pytest
import timm
import torch
from open_clip.model import _build_vision_tower
from PIL import Image
from random_models import clip_weights

from clipkit.datasets.readers import open_images
from clipkit.dense import dense
from clipkit.embed import embed_images
from clipkit.errors import BadInput, UnknownName
from clipkit.models import ModelCard, load
from clipkit.models.model import Model
from clipkit.pocket import models as pocket_models
from clipkit.store import EmbeddingStore

VIT = {"embed_dim": 64, "depth": 2, "num_heads": 2}
FAST = {"layers": (1, 1, 1, 1), "embed_dims": (32, 64, 128, 256)}
# Architecture → stride, what timm or open_clip is given besides, and whether the tower can be put on a torus.
FAMILIES = {
    "ViT-B-32": (32, {"layers": 2, "width": 128}, True),
    "ViT-L-14-CLIPA": (14, {"layers": 2, "width": 128}, True),
    "ViT-M-16-alt": (16, {"layers": 2, "width": 128}, True),
    "coca_ViT-L-14": (14, {"layers": 2, "width": 128}, True),
    "coca_base": (18, {"layers": 2, "width": 128}, True),
    "pocket-vit": (8, {}, True),
    "RN50": (32, {"layers": [1, 1, 1, 1], "width": 16}, True),
    "pocket-resnet": (32, {}, True),
    "convnext_base": (32, {"depths": (1, 1, 1, 1), "dims": (16, 32, 48, 64)}, True),
    "convnext_xxlarge": (32, {"depths": (1, 1, 1, 1), "dims": (16, 32, 48, 64)}, True),
    "pocket-convnext": (32, {}, True),
    "pocket-edgenext": (32, {}, True),
    "MobileCLIP2-S0": (32, FAST, True),
    "MobileCLIP2-S3": (64, {"layers": (1,) * 5, "embed_dims": (32, 64, 128, 256, 512)}, True),
    "ViT-B-16-SigLIP": (16, VIT, True),
    "vit_medium_patch16_gap_256": (16, VIT, True),
    "MobileCLIP2-L-14": (14, VIT, True),
    "EVA01-g-14": (14, VIT, True),
    "EVA02-B-16": (16, VIT, False),
    "PE-Core-T-16-384": (16, VIT, False),
    "vit_relpos_medium_patch16_cls_224": (16, VIT, False),
    "MobileCLIP-B": (16, {"depth": 2}, True),
    "ViTamin-S": (16, {"depth": 2}, False),
    "swin_base_patch4_window7_224": (32, {"embed_dim": 16, "depths": (2, 2, 2, 2), "num_heads": (1, 1, 2, 2)}, False),
}  # fmt: skip


@pytest.fixture
def build(monkeypatch):
    """build(name): a Model around the image tower of an open_clip architecture, cut down, with random weights."""
    create = timm.create_model

    def make(name):
        torch.manual_seed(0)
        _, cut, _ = FAMILIES[name]
        if name.startswith("pocket-"):
            pocket_models.register()
        config = open_clip.get_model_config(name)
        vision = dict(config["vision_cfg"])
        if "timm_model_name" in vision:
            monkeypatch.setattr(timm, "create_model", lambda *a, **k: create(*a, **k, **cut))
        else:
            vision |= cut
        net = torch.nn.Module()
        net.visual = _build_vision_tower(config["embed_dim"], vision).eval().requires_grad_(False)
        monkeypatch.setattr(timm, "create_model", create)
        for module in net.modules():  # zeros at the start would hide the layers behind them
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.data.uniform_(0.5, 1.5)
        said = {"size": vision["image_size"], "mean": [0.5] * 3, "std": [0.5] * 3}
        card = ModelCard(name=name, kind="local", architecture=name, preprocessing=json.dumps(said))
        return Model(card=card, net=net, preprocess=None)

    return make


def own_size(name):
    return (open_clip.get_model_config(name)["vision_cfg"]["image_size"],) * 2


def size_of(name, cells=(5, 6)):
    """An oblong of whole cells, so that rows cannot pass for columns."""
    return tuple(c * FAMILIES[name][0] for c in cells)


def put_on_a_torus(tower):
    """Let convolutions wrap round, and take out what tells where on the image a cell is."""
    for module in tower.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.padding_mode = "circular"
        if hasattr(module, "pos_embd"):  # EdgeNeXt
            module.pos_embd = None
    for name, parameter in tower.named_parameters():
        if name.split(".")[-1] in ("positional_embedding", "pos_embed") and "attnpool" not in name:
            parameter.zero_()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_maps_have_the_towers_stride_and_float_features(build, name):
    stride, size = FAMILIES[name][0], size_of(name)
    model = build(name)
    tower = dense(model, size=size)
    assert tower.stride == (stride, stride) and tower.size == size
    maps = tower.encode_image(torch.randn(2, 3, *size))
    assert maps.shape[:3] == (2, size[0] // stride, size[1] // stride) and maps.shape[3] > 8
    assert maps.dtype == torch.float16 and maps.float().std() > 0
    assert dense(model).size == own_size(name), "the model itself is as it was"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (*_, torus) in FAMILIES.items() if torus])
def test_on_a_torus_the_map_moves_with_the_image(build, name):
    stride, size = FAMILIES[name][0], size_of(name)
    tower = dense(build(name), size=size)
    put_on_a_torus(tower.net)
    tower.net.double()
    images = torch.randn(1, 3, *size, dtype=torch.float64, generator=torch.manual_seed(1))
    still = tower.encode_image(images).double()
    for down, right in ((1, 0), (0, 1), (2, 3)):
        moved = tower.encode_image(images.roll((down * stride, right * stride), (2, 3))).double()
        off = (moved - still.roll((down, right), (1, 2))).abs().max()
        assert off < 0.05 * (moved - still).abs().max(), "half precision is all that is left"


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_what_changes_in_a_cell_of_the_image_changes_most_in_that_cell_of_the_map(build, name):
    stride, size = FAMILIES[name][0], size_of(name)
    tower = dense(build(name), size=size)
    generator = torch.manual_seed(1)
    background = 0.1 * torch.randn(1, 3, *size, generator=generator)
    before = tower.encode_image(background).float()
    overlapping = any(
        isinstance(m, torch.nn.Conv2d) and m.stride < m.kernel_size for m in tower.net.modules()
    )
    for row, column in ((0, 4), (4, 1), (1, 5)):
        images = background.repeat(4, 1, 1, 1)
        down, right = (slice(i * stride, (i + 1) * stride) for i in (row, column))
        images[..., down, right] += 3 * torch.randn(4, 3, stride, stride, generator=generator)
        change = (tower.encode_image(images).float() - before).norm(dim=-1).mean(dim=0)
        found = np.unravel_index(int(change.argmax()), change.shape)
        assert np.abs(np.subtract(found, (row, column))).max() <= overlapping


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "cells", "width"),
    [
        ("RN50", "layer2", (20, 24), 128),
        ("RN50", "layer4", (5, 6), 512),
        ("ViT-B-32", "transformer.resblocks.0", (5, 6), 128),
        ("convnext_base", "trunk.stages.1", (20, 24), 32),
        ("ViT-B-16-SigLIP", "trunk.blocks.0", (5, 6), 64),
        ("EVA01-g-14", "trunk.blocks.1", (5, 6), 64),
        ("swin_base_patch4_window7_224", "trunk.layers.0", (40, 48), 16),
    ],
)
def test_a_layer_by_its_name(build, name, layer, cells, width):
    tower = dense(build(name), layer, size_of(name))
    images = torch.randn(1, 3, *tower.size)
    assert tower.encode_image(images).shape == (1, *cells, width)
    assert tower.stride == (tower.size[0] / cells[0], tower.size[1] / cells[1])


@pytest.mark.parametrize(
    ("name", "layer"),
    [("RN50", "layer4"), ("ViT-B-32", "transformer.resblocks.1"), ("convnext_base", "trunk.stages.3")],
)
def test_the_last_map_is_that_of_the_last_layer_before_norm_and_pooling(build, name, layer):
    model = build(name)
    images = torch.randn(1, 3, *size_of(name))
    last, named = (dense(model, which, size_of(name)).encode_image(images) for which in ("last", layer))
    assert torch.equal(last, named)


def test_at_its_own_size_a_vit_sees_its_own_positions(build):
    model = build("ViT-B-32")
    images = torch.randn(1, 3, 224, 224)
    tower = model.net.visual
    tokens = tower.transformer(tower._embeds(images))[:, 1:]
    assert torch.equal(dense(model).encode_image(images), tokens.reshape(1, 7, 7, -1).half())


def test_positions_are_resized_in_a_copy(build):
    model = build("pocket-vit")
    before = model.net.visual.positional_embedding.clone()
    larger = dense(model, size=96)
    assert larger.net.positional_embedding.shape[0] == 1 + 12 * 12
    assert torch.equal(model.net.visual.positional_embedding, before) and larger.net is not model.net.visual
    torch.testing.assert_close(larger.net.positional_embedding[0], before[0])
    whole = dense(model, size=(48, 96)).net.positional_embedding
    assert whole.shape[0] == 1 + 6 * 12


def test_values_beyond_half_precision_are_kept(build):
    model = build("RN50")
    tower = dense(model, size=64)
    model.net.visual.layer4[0].bn3.weight.data.fill_(1e10)
    maps = tower.encode_image(torch.randn(1, 3, 64, 64))
    assert maps.dtype == torch.float32 and maps.isfinite().all() and maps.max() > 65_504


@pytest.mark.parametrize(
    ("name", "options", "error", "text"),
    [
        ("ViT-B-32", {"layer": "transformer.resblocks.9"}, UnknownName, "has no layer 'transformer.resblocks.9'"),
        ("ViT-B-32", {"size": 100}, BadInput, "100 x 100 pixels are no whole number of cells"),
        ("RN50", {"layer": "layer1.0", "size": (0, 64)}, BadInput, "cannot take images of 0 x 64"),
        ("RN50", {"layer": "attnpool", "size": 64}, BadInput, "layer 'attnpool' has no part in the last map"),
        ("EVA01-g-14", {"layer": "trunk.patch_embed", "size": 70}, BadInput, r"gives \(1, 25, 64\), no map"),
    ],
)  # fmt: skip
def test_errors(build, name, options, error, text):
    with pytest.raises(error, match=text):
        dense(build(name), **options)


@pytest.fixture
def few(tmp_path):
    folder = tmp_path / "few" / "class"
    folder.mkdir(parents=True)
    for i in range(5):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 60, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return open_images(folder.parent)


def test_maps_are_stored_by_layer_and_size_and_not_computed_again(few, tmp_path):
    model = load("ViT-S-32", weights=clip_weights("ViT-S-32"), quickgelu=False, device="cpu")
    store = EmbeddingStore(tmp_path / "store")
    options = {"store": store, "progress": False, "workers": 0, "shard_size": 2}
    tower = dense(model, size=(64, 96))
    found = embed_images(tower, few, **options)
    assert found.features.shape == (5, 2, 3, 384) and found.features.dtype == np.float16
    assert found.ids == few.ids and len(found.paths) == 3
    again = embed_images(dense(model, size=(64, 96)), few, **options)
    assert (again.images_embedded, store.images_embedded) == (0, 5)
    assert np.array_equal(again.features, found.features)
    embed_images(dense(model, "transformer.resblocks.3", (64, 96)), few, **options)
    embed_images(dense(model, size=(96, 64)), few, **options)
    assert embed_images(model, few, **options).features.shape == (5, 384)
    assert store.images_embedded == 20
    # The image is resized whole, so both its ends are on the map.
    pixels = tower.preprocess(few[0].image)
    assert pixels.shape == (3, 64, 96) and tower.identity()["layer"] == "last"
    direct = tower.encode_image(pixels[None])[0].numpy()
    np.testing.assert_allclose(direct.astype(float), found.features[0].astype(float), rtol=0.01, atol=0.01)


def test_a_classifier_has_maps_as_well():
    net = timm.create_model("resnet10t", pretrained=False).eval()
    said = {"input_size": [3, 64, 96], "mean": [0.5] * 3, "std": [0.5] * 3}
    card = ModelCard(
        name="resnet10t",
        kind="local",
        architecture="resnet10t",
        prompts=False,
        preprocessing=json.dumps(said),
    )
    tower = dense(Model(card=card, net=net, preprocess=None))
    assert tower.encode_image(torch.zeros(1, 3, 64, 96)).shape == (1, 2, 3, 512)
