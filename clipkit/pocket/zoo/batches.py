"""Batches of a training run: which images and captions, how shifted and flipped, from seed and step alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

from clipkit.errors import BadInput
from clipkit.pocket.curation import CaptionNoise, TextFilter, uncurated
from clipkit.pocket.training_sets import train
from clipkit.pocket.zoo.recipe import DataRecipe

_SHIFT = 4  # pixels, each way
_NOISE_SEED = 77


@dataclass(frozen=True)
class TrainingData:
    """images: uint8 (n, s, s, 3); tokens: int64 (captions, context); caption_of: int64 (n, 4) into tokens."""

    images: np.ndarray
    tokens: torch.Tensor
    caption_of: np.ndarray
    labels: np.ndarray
    fingerprint: str


def load_training_data(recipe: DataRecipe, tokenize: Callable) -> TrainingData:
    """Images and tokens of a recipe, rendered first if need be, after caption noise and curation."""
    pool = train(recipe.distribution, recipe.pool, recipe.seed)
    images, labels = pool.images[: recipe.images], pool.labels[: recipe.images]
    captions = [list(c) for c in pool.table["captions"][: recipe.images]]
    if recipe.captions == "uncurated":
        captions, _ = uncurated(captions, CaptionNoise(), _NOISE_SEED + recipe.seed)
    if recipe.curation == "text":
        kept = np.flatnonzero(TextFilter().keep(images, captions))
        images, labels, captions = images[kept], labels[kept], [captions[i] for i in kept]
    if not captions:
        raise BadInput("curation kept no image", "use a milder filter")
    distinct = {text: i for i, text in enumerate(sorted({t for four in captions for t in four}))}
    index = np.array([[distinct[t] for t in four] for four in captions])
    return TrainingData(images, tokenize(list(distinct)), index, labels, pool.fingerprint)


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """uint8 (n, s, s, 3) → float32 (n, 3, s, s) with open_clip's default mean and standard deviation."""
    x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(255)
    mean, std = torch.tensor(OPENAI_DATASET_MEAN), torch.tensor(OPENAI_DATASET_STD)
    return x.sub_(mean[:, None, None]).div_(std[:, None, None]).contiguous(memory_format=torch.channels_last)


def jitter(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift each image by up to four pixels, repeating the border, and mirror half of them."""
    n, size = images.shape[:2]
    padded = np.pad(images, ((0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT), (0, 0)), mode="edge")
    down, right = rng.integers(0, 2 * _SHIFT + 1, (2, n))
    rows = down[:, None] + np.arange(size)
    columns = right[:, None] + np.arange(size)
    mirrored = rng.random(n) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def batch(data: TrainingData, size: int, seed: int, step: int):
    """The batch of one step: images (size, 3, s, s), tokens (size, context), labels (size,).

    It depends on data, seed and step alone: a resumed run needs no state of a random generator to see what a
    straight run sees. Every epoch is a fresh permutation; its incomplete last batch is dropped.
    """
    per_epoch = len(data.images) // size
    epoch, turn = divmod(step, per_epoch)
    order = np.random.default_rng([seed, 1, epoch]).permutation(len(data.images))
    chosen = np.sort(order[turn * size : (turn + 1) * size])
    rng = np.random.default_rng([seed, 2, step])
    images = to_tensor(jitter(data.images[chosen], rng))
    captions = data.caption_of[chosen, rng.integers(0, data.caption_of.shape[1], size)]
    return images, data.tokens[torch.from_numpy(captions)], torch.from_numpy(data.labels[chosen])
