"""The configurations build under open_clip, and their text towers take the pocket tokenizer's tokens."""

import gzip

import numpy as np
import open_clip
import pytest
import torch

from clipkit.errors import UnknownName
from clipkit.pocket import models
from clipkit.pocket.captions import training_captions
from clipkit.pocket.prompts import HELD_OUT_TEMPLATES
from clipkit.pocket.tokenizer import (
    CONTEXT_LENGTH,
    MERGES_FILE,
    learn_merges,
    vocabulary_size,
    world_words,
    write_merges,
)
from clipkit.pocket.zoo.batches import to_tensor


@pytest.mark.parametrize("name", models.NAMES)
def test_a_model_embeds_images_and_texts(name):
    model, tokens = models.create(name), models.tokenizer(name)(["a red mug", "two dogs"])
    with torch.no_grad():
        image, text = model.encode_image(torch.zeros(2, 3, 48, 48)), model.encode_text(tokens)
    assert image.shape == text.shape == (2, 96)
    assert (
        model.token_embedding.num_embeddings == vocabulary_size() == open_clip.get_tokenizer(name).vocab_size
    )
    assert (model.logit_bias is not None) == ("sigmoid" in name)


def test_every_word_of_the_world_is_one_token_and_every_caption_fits(wild_scenes):
    from clipkit.pocket.world.sampling import Dice

    tokenize = models.tokenizer()
    assert [w for w in world_words() if len(tokenize.encode(w)) != 1] == []
    texts = [c for i, s in enumerate(wild_scenes) for c in training_captions(s, Dice(i))]
    texts += [t.format("snowman with a hat") for t in HELD_OUT_TEMPLATES]
    assert max(len(tokenize.encode(t)) for t in texts) + 2 <= CONTEXT_LENGTH


def test_a_word_the_world_does_not_know_still_gives_tokens():
    tokenize = models.tokenizer()
    assert tokenize.decode(tokenize.encode("a quixotic mug")).strip() == "a quixotic mug"


def test_the_shipped_merges_are_those_that_the_words_give(tmp_path):
    write_merges(learn_merges(world_words(), 100_000), tmp_path / "m.gz")
    assert gzip.decompress((tmp_path / "m.gz").read_bytes()) == gzip.decompress(MERGES_FILE.read_bytes())


def test_preprocessing_is_open_clips_default():
    from PIL import Image

    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    models.register()
    _, _, transform = open_clip.create_model_and_transforms("pocket-vit")
    torch.testing.assert_close(
        to_tensor(image[None])[0], transform(Image.fromarray(image)), atol=1e-6, rtol=0
    )


def test_an_unknown_model_is_explained():
    with pytest.raises(UnknownName, match="Did you mean pocket-resnet"):
        models.create("pocket-resent")
