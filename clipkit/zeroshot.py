"""Zero-shot classification: prompts become a linear classifier on image features."""

from collections.abc import Callable, Sequence

import numpy as np

from clipkit.errors import BadInput
from clipkit.prompts import short_hash
from clipkit.results import versions
from clipkit.store import Shard


def text_classifier(
    model, classnames: Sequence[str], templates: Sequence[str], *, batch_size: int = 256
) -> np.ndarray:
    """Weights (d, n_classes), float32, each column of unit length, from prompts through the text tower.

    A class is the mean of its normalised prompt embeddings, normalised again, as in the reference notebook
    of Radford et al. 2021 and in open_clip's `build_zero_shot_classifier`. A mean of raw embeddings would
    weight prompts by their norm; a mean left as it is would be shorter the more its prompts disagree.

    `model` is a `clipkit.models.loading.Model`; raises BadInput if it has no text tower or a list is empty.
    """
    if not len(classnames) or not len(templates):
        raise BadInput("a classifier needs at least one class name and one template", "see clipkit.prompts")
    prompts = [template.replace("{}", name) for name in classnames for template in templates]
    embedded = text_features(model, prompts, batch_size=batch_size)
    return ensemble(embedded.reshape(len(classnames), len(templates), -1)).T


def text_features(model, texts: Sequence[str], *, batch_size: int = 256) -> np.ndarray:
    """Features (n, d) of texts, float32, not normalised; raises BadInput if there is no text tower."""
    batches = (texts[start : start + batch_size] for start in range(0, len(texts), batch_size))
    return np.concatenate([model.encode_text(model.tokenize(batch)).cpu().numpy() for batch in batches])


def ensemble(embeddings: np.ndarray) -> np.ndarray:
    """One unit vector (n_classes, d) per class from prompt embeddings (n_classes, n_templates, d).

    >>> ensemble(np.array([[[10.0, 0.0], [0.0, 1.0]]])).round(4)  # lengths 10 and 1 count alike
    array([[0.7071, 0.7071]])
    """
    return normalise(normalise(embeddings).mean(axis=1))


def classify(
    image_features: np.ndarray, classifier: np.ndarray, logit_scale: float, logit_bias: float | None = None
) -> np.ndarray:
    """Logits (n, n_classes) = logit_scale · cosine + logit_bias of image features (n, d), of any length.

    `classifier` is (d, n_classes) with unit columns; `logit_scale` is the model's own, already
    exponentiated. Probabilities over the classes are the softmax (scipy.special.softmax) of these logits
    for every model, SigLIP included: its bias is the same for all classes and cancels there, and its
    pairwise sigmoid, which needs the bias, is not what is meant by a confidence here. Higher is more likely.

    Raises BadInput if the widths differ or an image feature is zero or not finite.

    >>> classify(np.array([[3.0, 4.0]]), np.eye(2), logit_scale=100)
    array([[60., 80.]])
    """
    if image_features.ndim != 2 or image_features.shape[1] != classifier.shape[0]:
        raise BadInput(
            f"image features {image_features.shape} and classifier {classifier.shape} differ in width",
            "take both from one model",
        )
    norms = np.linalg.norm(image_features, axis=1)
    if not (np.isfinite(norms) & (norms > 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))[0])
        raise BadInput(
            f"image feature {row} is zero or not finite, so it has no cosine", "embed the images again"
        )
    return logit_scale * (image_features / norms[:, None]) @ classifier + (logit_bias or 0.0)


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Vectors scaled to unit length along the last axis.

    >>> normalise(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def stored_classifier(model, classnames: Sequence[str], templates: Sequence[str], store) -> np.ndarray:
    """`text_classifier` from an `EmbeddingStore` if it is there, else computed and stored.

    With 80 templates and 1,000 classes the text tower costs more than the images of a small data set.
    """
    key = {"templates_hash": short_hash(templates), "classnames_hash": short_hash(classnames)}
    recipe = {"templates": list(templates)}
    return _stored(
        model, key, recipe, classnames, store, lambda: text_classifier(model, classnames, templates).T
    ).T


def stored_text_features(model, texts: Sequence[str], store) -> np.ndarray:
    """`text_features` from an `EmbeddingStore` if they are there, else computed and stored."""
    key = {"texts_hash": short_hash(texts)}
    return _stored(model, key, {}, texts, store, lambda: text_features(model, texts))


def _stored(
    model, key: dict, recipe: dict, ids: Sequence[str], store, compute: Callable[[], np.ndarray]
) -> np.ndarray:
    entry = store.entry(model.card.identity() | {"precision": model.precision} | key)
    if 0 not in entry.shards():
        entry.start({"model": model.card.name, "versions": versions()} | recipe)
        found = compute()
        entry.write(0, Shard(found, np.arange(len(found)), list(ids), {}, {"versions": versions()}))
    return entry.read(entry.shards()[0]).features
