"""Train a pocket CLIP with a loss of one's own, with a progress bar and the trainer's own record."""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from tqdm.auto import tqdm

from clipkit.pocket import models
from clipkit.pocket.zoo.batches import load_training_data
from clipkit.pocket.zoo.recipe import Recipe
from clipkit.pocket.zoo.train import Learner, begin, fit

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class OwnLoss(Learner):
    """The trainer's learner with another criterion, and a bar that counts its batches."""

    def __init__(self, recipe: Recipe, loss: Loss, bar: tqdm):
        super().__init__(recipe)
        self.own, self.bar = loss, bar

    def batch(self, data, seed: int, step: int):
        self.bar.update(step + 1 - self.bar.n)
        return super().batch(data, seed, step)

    def loss(self, images, tokens, labels) -> torch.Tensor:
        return self.own(*self.model(images, tokens))


def train(recipe: Recipe, loss: Loss, out: Path, seed: int = 0) -> Path:
    """Train by `recipe` with `loss(images, texts, scale)`, on features (n, d) of unit length; the file of weights.

    The name of the recipe gets a digest of the loss's source, so that a run is never continued with another loss, and a
    file that is there already is taken as it is. Killed, it goes on from its last checkpoint. Raises BadInput or
    CorruptData as `clipkit pocket train` does.
    """
    digest = hashlib.sha256(inspect.getsource(loss).encode()).hexdigest()[:8]
    recipe = replace(recipe, name=f"{recipe.name}-{digest}")
    final = begin(recipe, out, seed)
    if final.is_file():
        return final
    data = load_training_data(recipe.data, models.tokenizer(recipe.model), out)
    with tqdm(total=recipe.steps, desc="train", unit="step") as bar:
        return fit(OwnLoss(recipe, loss, bar), recipe, recipe.steps, data, final, seed)
