"""Batches of a training run: which images and captions, how shifted and flipped, from seed and step alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

from clipkit.errors import BadInput
from clipkit.pocket import models
from clipkit.pocket.curation import CaptionNoise, ScoreFilter, TextFilter, uncurated
from clipkit.pocket.intermediate import INTERMEDIATE_NAMES, intermediate, intermediate_labels
from clipkit.pocket.training_sets import train
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.files import WEIGHTS
from clipkit.pocket.zoo.loading import load_net
from clipkit.pocket.zoo.recipe import DataRecipe

_SHIFT = 4  # pixels, each way
_NOISE_SEED = 77


@dataclass(frozen=True)
class TrainingData:
    """images: uint8 (n, s, s, 3); tokens: int64 (captions, context); caption_of: int64 (n, 4) into tokens.

    labels: int64 (n,) into class_names. augment: whether `batch` shifts and mirrors.
    """

    images: np.ndarray
    tokens: torch.Tensor
    caption_of: np.ndarray
    labels: np.ndarray
    fingerprint: str
    class_names: tuple[str, ...] = CLASS_NAMES
    augment: bool = True


def load_training_data(recipe: DataRecipe, tokenize: Callable, folder: Path = WEIGHTS) -> TrainingData:
    """Images and tokens of a recipe, rendered first if need be, after caption noise and curation.

    folder: where the model lies that curates by score, if it is not shipped.
    """
    if recipe.labels == "intermediate":
        pool = intermediate(recipe.pool, recipe.seed)
        labels, names = intermediate_labels(pool), INTERMEDIATE_NAMES
    else:
        pool = train(recipe.distribution, recipe.pool, recipe.seed)
        labels, names = pool.labels, CLASS_NAMES
    images, labels = pool.images[: recipe.images], labels[: recipe.images]
    captions = [list(c) for c in pool.table["captions"][: recipe.images]]
    if recipe.captions == "uncurated":
        captions, _ = uncurated(captions, CaptionNoise(), _NOISE_SEED + recipe.seed)
    if recipe.curation != "none":
        chosen = (
            TextFilter()
            if recipe.curation == "text"
            else ScoreFilter(image_text_score(recipe.scorer, folder))
        )
        kept = np.flatnonzero(chosen.keep(images, captions))
        images, labels, captions = images[kept], labels[kept], [captions[i] for i in kept]
    if not captions:
        raise BadInput("curation kept no image", "use a milder filter")
    distinct = {text: i for i, text in enumerate(sorted({t for four in captions for t in four}))}
    index = np.array([[distinct[t] for t in four] for four in captions])
    tokens = tokenize(list(distinct))
    return TrainingData(images, tokens, index, labels, pool.fingerprint, names, recipe.augment)


def image_text_score(
    scorer: str, folder: Path
) -> Callable[[np.ndarray, Sequence[Sequence[str]]], np.ndarray]:
    """The score of a model for `ScoreFilter`: an image's mean cosine with its own captions."""
    net, tokenize = load_net(scorer, folder), models.tokenizer()

    @torch.no_grad()
    def score(images, captions):
        found = []
        for start in range(0, len(images), 256):
            own = captions[start : start + 256]
            image = net.encode_image(to_tensor(images[start : start + 256]), normalize=True)
            text = net.encode_text(tokenize([t for four in own for t in four]), normalize=True)
            found.append((image[:, None] * text.reshape(len(own), -1, image.shape[1])).sum(2).mean(1))
        return torch.cat(found).numpy()

    return score


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """uint8 (n, s, s, 3) → float32 (n, 3, s, s) with open_clip's default mean and standard deviation."""
    x = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float().div_(255)
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
    images = to_tensor(jitter(data.images[chosen], rng) if data.augment else data.images[chosen])
    captions = data.caption_of[chosen, rng.integers(0, data.caption_of.shape[1], size)]
    return images, data.tokens[torch.from_numpy(captions)], torch.from_numpy(data.labels[chosen])


def class_batch(data: TrainingData, seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One image of each class, in the order of the classes: images (classes, 3, s, s) and labels (classes,).

    Two images of one class in a batch would be each other's false negatives.
    """
    rng = np.random.default_rng([seed, 3, step])
    order = np.argsort(data.labels, kind="stable")
    starts = np.searchsorted(data.labels[order], np.arange(len(data.class_names) + 1))
    if (np.diff(starts) == 0).any():
        missing = data.class_names[int(np.flatnonzero(np.diff(starts) == 0)[0])]
        raise BadInput(f"no training image shows {missing!r}", "train on more images")
    chosen = order[rng.integers(starts[:-1], starts[1:])]
    images = data.images[chosen]
    return to_tensor(jitter(images, rng) if data.augment else images), torch.arange(len(chosen))
