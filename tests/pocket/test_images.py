"""Rendered sets behave as any data set: same interface, same features, counts as announced."""

import pickle
from dataclasses import replace

import numpy as np
import open_clip
import pytest
import torch

from clipkit.datasets.images import ImageDataset, decode
from clipkit.datasets.readers import open_images
from clipkit.embed import embed_images
from clipkit.errors import BadInput, UnknownName
from clipkit.models import load
from clipkit.models.cards import ModelCard
from clipkit.models.model import Model
from clipkit.pocket import models
from clipkit.pocket.cards import n_images, pocket_card, pocket_datasets
from clipkit.pocket.hard_images import NAME as HARD_IMAGES
from clipkit.pocket.images import PocketImages, is_rendered, open_pocket
from clipkit.pocket.sets import SETS, load_set, set_spec
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.batches import to_tensor
from clipkit.store import EmbeddingStore


@pytest.fixture
def small_sets(monkeypatch, pocket_cache):
    """The suite with 28 wild and 26 near-OOD images, in a cache of its own."""
    for name, n in (("wild", 28), ("near-ood", 26)):
        monkeypatch.setitem(SETS._items, name, replace(SETS[name], n=n, geometry=False, samples=1))
    monkeypatch.setenv("CLIPKIT_CACHE", str(pocket_cache))


def test_every_set_and_split_has_a_card():
    cards = pocket_datasets()
    assert len(cards) == 2 * len(SETS)
    assert all(name == card.name and card.n_expected > 0 for name, card in cards.items())
    assert cards["pocket:wild/validation"].get == "clipkit pocket render wild --split validation"


# The listing of hard images decides their number, so fewer cannot be drawn.
@pytest.mark.parametrize("name", sorted(set(SETS) - {HARD_IMAGES}))
def test_a_card_expects_as_many_images_as_are_drawn(name):
    spec = replace(SETS[name], n=3)
    drawn = spec.draw(spec.seed, spec.n, 8)
    assert n_images(spec) == len(drawn.scenes if drawn.images is None else drawn.images)


def test_the_interface_is_that_of_every_data_set(small_sets):
    data, images = load_set("wild"), open_pocket("wild")
    assert isinstance(images, ImageDataset) and len(images) == 28
    assert images.ids == sorted(set(images.ids)) and images.ids[27] == "000027"
    assert images.labels.dtype == np.int64 and images.labels.tolist() == [*range(26), 0, 1]
    assert images.class_names == CLASS_NAMES
    assert images.fingerprint == data.fingerprint and images.scan.corrupt == {}
    sample = images[27]
    assert (sample.id, sample.label, sample.image.mode) == ("000027", 1, "RGB")
    assert np.array_equal(np.asarray(sample.image), data.images[27])
    assert np.array_equal(np.asarray(decode(images.read(27))), data.images[27])
    with pytest.raises(IndexError):
        images[28]


def test_images_of_no_known_class_have_no_label(small_sets):
    assert set(open_pocket("near-ood").labels) == {-1}


def test_a_pickle_carries_no_pixels(small_sets):
    images = open_pocket("wild")
    before = np.asarray(images[3].image)
    packed = pickle.dumps(images)
    assert len(packed) < before.nbytes  # less than a single image
    again = pickle.loads(packed)
    assert np.array_equal(np.asarray(again[3].image), before)
    assert (again.ids, again.fingerprint) == (images.ids, images.fingerprint)


@pytest.mark.parametrize("name", ["pocket-resnet", "pocket-vit", "pocket-edgenext"])
def test_embedding_gives_what_the_tower_gives_in_training(small_sets, tmp_path, name):
    models.register()
    torch.manual_seed(0)
    net, _, preprocess = open_clip.create_model_and_transforms(name)
    card = ModelCard(name=name, kind="local", architecture=name, weights_sha256="0" * 64)
    model = Model(card=card, net=net.eval().requires_grad_(False), preprocess=preprocess)
    data = load_set("wild")

    tensors = torch.stack([preprocess(sample.image) for sample in PocketImages(data)])
    expected = to_tensor(np.array(data.images))
    torch.testing.assert_close(tensors, expected, atol=1e-6, rtol=0)

    found = embed_images(
        model, PocketImages(data), EmbeddingStore(tmp_path), batch_size=28, workers=0, progress=False
    )
    assert (found.n_seen, found.images_embedded) == (28, 28) and found.labels.tolist() == data.labels.tolist()
    scale = found.features.std()
    np.testing.assert_allclose(found.features, net.encode_image(expected).numpy(), atol=1e-5 * scale, rtol=0)


@pytest.mark.parametrize("name", ["resnet-wild-s0", "vit-wild-s0"])
def test_decoded_images_go_through_the_tower_together_to_the_same_bytes(small_sets, tmp_path, name):
    model, images, asked = load(name), open_pocket("wild"), []

    def features(**changes):
        store = EmbeddingStore(tmp_path / "_".join(changes))
        changed = replace(model, **changes)
        return embed_images(changed, images, store, workers=0, progress=False).features

    expected = features(preprocess_pixels=None)
    other_size = features(preprocess_pixels=lambda pixels: to_tensor(pixels[:, ::2, ::2]))
    together = features(preprocess=lambda image: asked.append(1) or model.preprocess(image))
    assert np.array_equal(together, expected) and np.array_equal(other_size, expected)
    assert len(asked) == 1  # to see that both ways agree


def test_an_address_opens_a_set_wherever_a_path_is_asked_for(small_sets):
    assert open_images("pocket:wild", n_expected=28).fingerprint == load_set("wild").fingerprint
    validation = open_images("pocket:wild/validation")
    assert validation.name == "pocket:wild/validation"
    assert validation.fingerprint == load_set("wild", "validation").fingerprint
    with pytest.raises(BadInput, match="pocket:wild: 28 images found, 50000 expected"):
        open_images("pocket:wild", n_expected=50_000)
    with pytest.raises(UnknownName, match="unknown pocket set 'wlid'\n  -> Did you mean wild"):
        open_images("pocket:wlid")
    with pytest.raises(BadInput, match="split 'train' of pocket set 'wild'\n  -> use one of test, valid"):
        open_images("pocket:wild/train")


def test_a_set_that_is_not_whole_is_refused(small_sets, monkeypatch):
    short = load_set("wild")
    monkeypatch.setitem(SETS._items, "wild", replace(SETS["wild"], n=27))
    monkeypatch.setattr("clipkit.pocket.images.load_set", lambda *arguments: short)
    with pytest.raises(BadInput, match="pocket:wild: 28 images found, 27 expected"):
        open_pocket("wild")


def test_what_is_rendered_is_known_without_opening_it(small_sets, tmp_path):
    spec = set_spec("wild")
    assert not is_rendered(spec, tmp_path)
    load_set("wild", cache=tmp_path, progress=False)
    assert is_rendered(spec, tmp_path) and not is_rendered(replace(spec, n=27), tmp_path)
    assert pocket_card("wild").n_expected == 28
