"""Similarities of images and captions whose recall is chosen, or known by formula."""

from collections.abc import Mapping

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.pocket.oracle.planted import share


def ranked_similarity(
    image_recall: Mapping[int, float],
    text_recall: Mapping[int, float],
    n: int,
    captions: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, dict[str, float]]:
    """Similarity (n, n * captions) with exactly these recalls, to the rounding of counts; and the truth.

    Captions of image i are columns i * captions and following. Images stand in a line from tall to low: the
    similarity of an image to its own captions is its height. A caption that is to miss is put just above its
    own height at enough *taller* images, whose own captions still beat it: so the ranking of captions at those
    images stays as it was. Images that are to miss get the captions of taller images in the same way. Since
    only taller ones can do it, the first in line cannot miss: recall@k is at least k/n, that of chance.
    """
    image_rank, image_truth = _ranks("image_recall", image_recall, n * captions)
    text_rank, text_truth = _ranks("text_recall", text_recall, n)
    place, own = np.divmod(np.arange(n * captions), captions)
    height = 2 - (place + own / (2 * captions)) / n
    tallest = height[::captions]
    hair = 1 / (4 * n)
    _enough("image_recall", image_rank - 1 <= place)
    _enough("text_recall", text_rank - 1 <= captions * np.arange(n))
    similarity = np.zeros((n, n * captions))
    similarity[place, np.arange(n * captions)] = height
    for caption, rank in enumerate(image_rank):
        similarity[place[caption] - rank + 1 : place[caption], caption] = height[caption] + hair
    for image, rank in enumerate(text_rank):
        similarity[image, image * captions - rank + 1 : image * captions] = tallest[image] + hair
    line = rng.permutation(n)  # where each image stands
    columns = (line[:, None] * captions + np.arange(captions)).ravel()
    truth = {f"image_recall@{k}": v for k, v in image_truth.items()}
    return similarity[line][:, columns], truth | {f"text_recall@{k}": v for k, v in text_truth.items()}


def gumbel_similarity(advantage: float, n: int, captions: int, rng: np.random.Generator) -> np.ndarray:
    """Similarity (n, n * captions): independent standard Gumbel values, plus `advantage` for own captions."""
    similarity = rng.gumbel(size=(n, n * captions))
    similarity[np.repeat(np.arange(n), captions), np.arange(n * captions)] += advantage
    return similarity


def gumbel_recall(advantage: float, right: int, wrong: int, k: int) -> float:
    """Expected recall@k among `right` Gumbel scores with this advantage and `wrong` without.

    Gumbel scores are ranked as by drawing without replacement with weights exp(advantage) and 1 (Luce's model;
    Yellott 1977): a miss is k draws of wrong ones, so its chance is a product. At k = 1 it is the softmax.

    >>> gumbel_recall(np.log(3), right=1, wrong=1, k=1)
    0.75
    """
    left = wrong - np.arange(min(validate.positive_integer("k", k), wrong))
    miss = np.prod(left / (left + right * np.exp(advantage))) if k <= wrong else 0.0
    return float(1 - miss)


def _ranks(name: str, recall: Mapping[int, float], queries: int) -> tuple[np.ndarray, dict[int, float]]:
    """Ascending rank (queries,) of the best right candidate of each query, and the recalls that result."""
    ks = sorted(validate.positive_integer("k", k) for k in recall)
    hits = [round(share(f"{name}[{k}]", recall[k]) * queries) for k in ks]
    if not ks or np.any(np.diff(hits) < 0):
        raise BadInput(f"{name} is {dict(recall)}", "give at least one k; recall@k never falls as k grows")
    ranks = np.repeat([1, *(k + 1 for k in ks)], np.diff([0, *hits, queries]))
    return ranks, {k: h / queries for k, h in zip(ks, hits, strict=True)}


def _enough(name: str, possible: np.ndarray) -> None:
    if not possible.all():
        raise BadInput(
            f"{name} is lower than this construction reaches", "ask for a recall@k of at least k / n images"
        )
