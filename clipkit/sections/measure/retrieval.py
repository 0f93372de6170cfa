"""Retrieval: recall in both directions, and whether a caption is told from one that is almost true."""

from functools import partial

import numpy as np

from clipkit.metrics import best_ranks, recall_hits, resampled_mean, resampled_ratio
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import Outputs
from clipkit.stats import shared_counts
from clipkit.zeroshot import normalise

SECTION = "retrieval"
DATASETS = ("retrieval", "hard-negatives")
KS = (1, 5, 10)
PREFERRED = "caption_accuracy"
BLIND = "blind_accuracy"


def measure(outputs: Outputs) -> list[Measured]:
    """Every number of the section on the pocket sets; none for a model without a text tower."""
    if not outputs.card.prompts:
        return []
    return [*recalls(outputs, "retrieval", "captions"), *hard_negatives(outputs, "hard-negatives")]


def recalls(outputs: Outputs, dataset: str, column: str) -> list[Measured]:
    """Recall@k and median rank of captions in `column`, in both directions.

    Subset "image": each caption looks for its image; "text": each image for any of its captions; "both": the
    mean of the two at k = 1. Captions are used as they are, without templates.

    Queries are resampled, an image and all its captions together, while the gallery stays as it is: the
    interval is for new queries on these candidates. Candidates drawn twice would tie with themselves. n counts
    images.
    """
    images, texts = outputs.features(dataset), outputs.texts(dataset, column)
    n = len(images)
    counts, captions = shared_counts(dataset, n, DRAWS), np.bincount(texts.image, minlength=n)
    hits = recall_hits(images, texts.features, texts.image, KS)
    ranks = best_ranks(images, texts.features, texts.image)
    found = {}
    for k in KS:
        of_image = np.bincount(texts.image, weights=hits.image[k], minlength=n)
        found["image", k] = hits.image[k].mean(), resampled_ratio(counts, of_image, captions)
        found["text", k] = hits.text[k].mean(), resampled_mean(counts, hits.text[k])
    found["both", 1] = tuple((a + b) / 2 for a, b in zip(found["image", 1], found["text", 1], strict=True))
    rows = [
        Measured(SECTION, dataset, subset, f"recall@{k}", float(value), draws, n)
        for (subset, k), (value, draws) in found.items()
    ]
    for subset, rank, repeats in (
        ("image", ranks.image, counts[:, texts.image]),
        ("text", ranks.text, counts),
    ):
        draws = resampled_median(repeats, rank)
        value = float(np.median(rank))
        rows.append(
            Measured(
                SECTION, dataset, subset, "median rank", value, draws, n, unit="rank", higher_is_better=False
            )
        )
    return rows


def hard_negatives(outputs: Outputs, dataset: str) -> list[Measured]:
    """Share of images nearer to their true caption than to its false twin, for each kind and overall.

    `table` has the columns kind, caption and negative, one caption of each sort for an image. Chance is one
    half, and ties count half. `blind_accuracy` is the control: the share of the kind's *other*
    pictures that prefer the true caption as well. What exceeds it has been seen; up to it, the words may have
    sufficed (a twin may read oddly). Images are resampled within their kind; the other pictures stay.
    """
    images = normalise(outputs.features(dataset).astype(np.float64))
    true, false = (
        normalise(outputs.texts(dataset, column).features.astype(np.float64))
        for column in ("caption", "negative")
    )
    kinds = outputs.table(dataset)["kind"].to_numpy()
    own, other = np.empty(len(images)), np.empty(len(images))
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        # In single precision, so that equal vectors tie in whatever order they are summed.
        nearer = [(images[rows] @ texts[rows].T).astype(np.float32) for texts in (true, false)]
        prefers = (1 + np.sign(nearer[0] - nearer[1])) / 2
        own[rows] = np.diag(prefers)
        other[rows] = (prefers.sum(axis=0) - np.diag(prefers)) / (len(rows) - 1)
    found = []
    for metric, scores, higher in ((PREFERRED, own, True), (BLIND, other, None)):
        row = partial(Measured, SECTION, dataset, metric=metric, higher_is_better=higher)
        sums = np.zeros(DRAWS)
        for kind in dict.fromkeys(kinds):
            rows = np.flatnonzero(kinds == kind)
            draws = resampled_mean(shared_counts(f"{dataset}, {kind}", len(rows), DRAWS), scores[rows])
            found.append(row(subset=kind, value=float(scores[rows].mean()), draws=draws, n=len(rows)))
            sums += len(rows) * draws
        found.append(row(subset="overall", value=float(scores.mean()), draws=sums / len(kinds), n=len(kinds)))
    return found


def resampled_median(counts, values) -> np.ndarray:
    """Median of each resample: (draws,) for counts (draws, n) and values (n,); of two middle values the mean.

    >>> resampled_median(np.array([[1, 1, 1, 1], [0, 3, 0, 1]]), [4.0, 1.0, 2.0, 9.0]).tolist()
    [3.0, 1.0]
    """
    order = np.argsort(values, kind="stable")
    ordered = np.asarray(values, float)[order]
    up_to = np.cumsum(counts[:, order], axis=1, dtype=np.int64)
    size = up_to[:, -1:]
    lower, upper = ((up_to > middle).argmax(axis=1) for middle in ((size - 1) // 2, size // 2))
    return (ordered[lower] + ordered[upper]) / 2
