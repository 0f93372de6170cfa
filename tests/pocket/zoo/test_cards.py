"""The shipped zoo: every model has a card, a file of legal size, and opens as the card says."""

import numpy as np
import open_clip
import pytest
import torch

from clipkit.models import card, load
from clipkit.pocket import models
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.files import WEIGHTS, read_metadata, recipe_of
from clipkit.pocket.zoo.recipe import FinetuneRecipe, read_recipe, split_name

CARDS = {c.name: c for c in pocket_cards()}
FILES = sorted(WEIGHTS.glob("*.safetensors"))


def one_of_each() -> list[str]:
    """The first model of every architecture, kind and fine-tuning method."""
    found = {}
    for c in CARDS.values():
        found.setdefault((c.architecture, c.kind, c.finetuning.split(" ")[0]), c.name)
    return sorted(found.values())


def test_files_are_small_and_all_of_them_have_a_card():
    sizes = {path.name: path.stat().st_size for path in FILES}
    assert max(sizes.values()) <= 4e6 and sum(sizes.values()) <= 150e6
    assert {path.stem for path in FILES} <= CARDS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_was_trained_by_the_recipe_that_is_shipped(path):
    name, seed = split_name(path.stem)
    said = read_metadata(path)
    assert recipe_of(path.stem).to_json() == read_recipe(name).to_json()
    assert int(said["seed"]) == seed and seed in read_recipe(name).seeds
    assert len(said["data_fingerprint"]) == 64


@pytest.mark.parametrize("name", one_of_each())
def test_a_model_opens_as_its_card_says(name):
    model = load(name)
    images = torch.zeros(2, 3, 48, 48)
    features = model.encode_image(images)
    assert features.shape[0] == 2 and torch.isfinite(features).all()
    assert len(model.card.weights_sha256) == 64
    if model.card.prompts:
        text = model.encode_text(model.tokenize(["a photo of a umbrella", "a photo of an umbrella"]))
        assert torch.equal(text[0], text[1]) and text.shape[1] == features.shape[1]
        assert 1 < model.logit_scale < 101
    else:
        assert model.logits(images).shape == (2, 26)


def test_the_factors_stand_on_the_card():
    base = CARDS["resnet-wild-s0"]
    assert (base.track, base.kind, base.tower_kind, base.source, base.loss) == (
        "pocket", "zero_shot", "CNN", "wild", "softmax")  # fmt: skip
    assert base.training_pairs == pytest.approx(0.024) and base.finetuning == "none" and base.prompts
    for c in CARDS.values():
        recipe = read_recipe(split_name(c.name)[0])
        tuned = isinstance(recipe, FinetuneRecipe)
        assert (c.kind == "finetuned") == tuned == bool(c.parent) and (c.run == c.name) == (not tuned)
        assert card(c.name) is c


@pytest.mark.parametrize("name", ["resnet-wild-s0", "vit-wild-s0"])
def test_a_checkpoint_opens_with_plain_open_clip(name):
    models.register()
    net, _, preprocess = open_clip.create_model_and_transforms(
        CARDS[name].architecture, pretrained=str(WEIGHTS / f"{name}.safetensors")
    )
    model = load(name)
    image = torch.from_numpy(np.random.default_rng(0).random((1, 3, 48, 48), np.float32))
    # Here batch norms are folded into convolutions, so that sums are rounded in another order.
    torch.testing.assert_close(
        net.eval().encode_image(image), model.encode_image(image), rtol=1e-5, atol=1e-4
    )
