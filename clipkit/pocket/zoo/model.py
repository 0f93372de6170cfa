"""A pocket model through the interface of every other model."""

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from open_clip.transform import PreprocessCfg, image_transform_v2

from clipkit.models.cards import ModelCard
from clipkit.models.fold import fold_batch_norms
from clipkit.models.model import Model
from clipkit.models.weights import sha256_of
from clipkit.pocket import models
from clipkit.pocket.vocabulary import article
from clipkit.pocket.zoo.batches import to_tensor
from clipkit.pocket.zoo.files import WEIGHTS, recipe_of, weights_file
from clipkit.pocket.zoo.loading import load_net
from clipkit.pocket.zoo.recipe import FinetuneRecipe, split_name

_PREPROCESSING = PreprocessCfg(size=48)


def load_pocket(
    card: ModelCard,
    device: torch.device | str = "cpu",
    precision: str = "fp32",
    folder: Path = WEIGHTS,
) -> Model:
    """The model behind a pocket card. Its tokenizer turns "a" into "an" where that is due.

    The card's `weights_sha256` stands for the image tower: a linear probe has its parent's. Batch norms are folded
    into convolutions, for speed; `load_net` gives the network as it was trained.
    """
    net = fold_batch_norms(load_net(card.name, folder)).to(device)
    scale = net.logit_scale.exp().item() if card.prompts else card.logit_scale
    bias = net.logit_bias if card.prompts else None
    found = replace(
        card,
        weights_sha256=tower_digest(card.name, folder),
        preprocessing=json.dumps(vars(_PREPROCESSING), sort_keys=True),
        logit_scale=scale,
        logit_bias=None if bias is None else bias.item(),
    )
    return Model(
        card=found,
        net=net,
        preprocess=image_transform_v2(_PREPROCESSING, is_train=False),
        preprocess_pixels=to_tensor,
        tokenizer=(lambda texts: torch.stack([_tokens(text) for text in texts])) if card.prompts else None,
        device=torch.device(device),
        precision=precision,
    )


@cache  # All pocket models read alike, and the same texts are put to each.
def _tokens(text: str) -> torch.Tensor:
    return models.tokenizer()([article(text)])[0]


def tower_digest(name: str, folder: Path = WEIGHTS) -> str:
    """A sha256 that changes with the image tower of a model: its file's, or of all that it is computed from."""
    recipe, seed = recipe_of(name, folder), split_name(name)[1]
    if not isinstance(recipe, FinetuneRecipe):
        return sha256_of(weights_file(name, folder))
    parent = tower_digest(f"{recipe.parent}-s{seed}", folder)
    if recipe.method == "linear-probe":
        return parent
    if recipe.method == "wise":
        own = f"{tower_digest(f'{recipe.origin}-s{seed}', folder)} {recipe.alpha}"
    else:
        own = sha256_of(weights_file(name, folder))
    return hashlib.sha256(f"{parent} {own}".encode()).hexdigest()
