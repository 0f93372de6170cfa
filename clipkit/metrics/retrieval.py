"""Recall@k and ranks of image–text retrieval by cosine similarity."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.metrics.ties import expected_hit


class Recall(NamedTuple):
    """image: {k: share of captions whose image is among the k best images};
    text: {k: share of images with any of their captions among the k best captions}.
    """

    image: dict[int, float]
    text: dict[int, float]


class RecallHits(NamedTuple):
    """Per query: image {k: (n_captions,)}, text {k: (n_images,)}; 0 or 1, a fraction where scores tie."""

    image: dict[int, np.ndarray]
    text: dict[int, np.ndarray]


class BestRanks(NamedTuple):
    """Per query, from 1 on: image (n_captions,), text (n_images,); **lower is better.**"""

    image: np.ndarray
    text: np.ndarray


def recall_at_k(
    image_features, text_features, image_of_text, ks: Iterable[int] = (1, 5, 10), chunk: int = 256
) -> Recall:
    """Recall@k in both directions. In [0, 1]; higher is better. Arguments as in `recall_hits`.

    Agrees with `clip_benchmark.metrics.zeroshot_retrieval` where no scores tie.

    >>> images = [[1.0, 0.0], [0.0, 1.0]]
    >>> captions = [[1.0, 0.1], [0.1, 1.0], [0.0, 1.0]]
    >>> recall_at_k(images, captions, image_of_text=[0, 0, 1], ks=[1])
    Recall(image={1: 0.6666666666666666}, text={1: 1.0})
    """
    hits = recall_hits(image_features, text_features, image_of_text, ks, chunk)
    return Recall(*({k: float(h.mean()) for k, h in direction.items()} for direction in hits))


def recall_hits(
    image_features, text_features, image_of_text, ks: Iterable[int] = (1, 5, 10), chunk: int = 256
) -> RecallHits:
    """Per-query hits, for intervals and paired comparisons.

    image_features: (I, d) and text_features: (T, d), any scale (normalised here, in double precision);
    image_of_text: (T,) index of each caption's image. An image may have any number of captions from one on
    (COCO has images with more than five). From k = number of candidates on, every query hits.
    chunk: queries scored at once; it bounds memory and does not change the result.

    Ties count as their expected value under random order (`clipkit.metrics.ties`); COCO has captions that
    occur word for word at several images. `torch.topk`, which clip_benchmark uses, lets storage order decide.

    Raises BadInput for a zero or non-finite feature, an index out of range, or an image without caption.
    """
    ks = [validate.positive_integer("k", k) for k in ks]
    places = _both_ways(image_features, text_features, image_of_text, chunk)
    return RecallHits(*({k: expected_hit(*place, k) for k in ks} for place in places))


def best_ranks(image_features, text_features, image_of_text, chunk: int = 256) -> BestRanks:
    """Rank of each query's best right candidate, in both directions. Arguments and errors as `recall_hits`.

    Whole numbers but where right and wrong candidates tie: then the expected rank under random order, of P
    right and N wrong ones N / (P + 1) behind the first place.

    >>> best_ranks([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [1.0, 0.0]], image_of_text=[0, 1])
    BestRanks(image=array([1., 2.]), text=array([2., 2.]))
    """
    places = _both_ways(image_features, text_features, image_of_text, chunk)
    return BestRanks(*(p.above + 1 + p.negatives / (p.positives + 1) for p in places))


class _Places(NamedTuple):
    """Per query: wrong candidates above the best right one, and wrong and right ones at its score; (n,) int64."""

    above: np.ndarray
    negatives: np.ndarray
    positives: np.ndarray


def _both_ways(image_features, text_features, image_of_text, chunk) -> tuple[_Places, _Places]:
    images, texts = _normalised("image_features", image_features), _normalised("text_features", text_features)
    if images.shape[1] != texts.shape[1]:
        raise BadInput(
            f"image features have {images.shape[1]} dimensions, text features {texts.shape[1]}",
            "take both from one model",
        )
    image_of_text = validate.class_labels("image_of_text", image_of_text, len(images)).astype(np.intp)
    validate.same_length(text_features=texts, image_of_text=image_of_text)
    captions = np.bincount(image_of_text, minlength=len(images))
    if not captions.all():
        raise BadInput(f"image {int(np.argmin(captions))} has no caption", "leave it out of image_features")
    chunk = validate.positive_integer("chunk", chunk)
    numbers = np.arange(len(texts))
    return (
        _places(texts, images, numbers, image_of_text, chunk),
        _places(images, texts, image_of_text, numbers, chunk),
    )


def _places(queries, candidates, query_of_pair, candidate_of_pair, chunk) -> _Places:
    """The place of each query's best right candidate, given the right ones as pairs; each query has one at least."""
    order = np.argsort(query_of_pair, kind="stable")
    query_of_pair, candidate_of_pair = query_of_pair[order], candidate_of_pair[order]
    above, negatives, positives = (np.empty(len(queries), dtype=np.int64) for _ in range(3))
    for start in range(0, len(queries), chunk):
        block = slice(start, start + chunk)
        # Scored in double and rounded to single precision: equal features then tie exactly. In single
        # precision alone, BLAS scores equal rows differently depending on where in the block they stand.
        scores = (queries[block] @ candidates.T).astype(np.float32)
        pairs = slice(*np.searchsorted(query_of_pair, [start, start + len(scores)]))
        rows = query_of_pair[pairs] - start
        right = scores[rows, candidate_of_pair[pairs]]
        best = np.full(len(scores), -np.inf, dtype=np.float32)
        np.maximum.at(best, rows, right)
        positives[block] = np.bincount(rows[right == best[rows]], minlength=len(scores))
        above[block] = np.count_nonzero(scores > best[:, None], axis=1)
        negatives[block] = np.count_nonzero(scores == best[:, None], axis=1) - positives[block]
    return _Places(above, negatives, positives)


def _normalised(name: str, features) -> np.ndarray:
    features = validate.array(name, features, ndim=2).astype(np.float64)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    if not norms.all():
        raise BadInput(
            f"{name}[{int(np.argmin(norms))}] is a zero vector", "it has no direction: embed it again"
        )
    features /= norms
    return features
