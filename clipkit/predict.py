"""From stored features to predictions, their accuracy and a table of them."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax

from clipkit.errors import BadInput
from clipkit.prompts import classnames as named_classes
from clipkit.results import Result, row_maker
from clipkit.stats.proportion import wilson
from clipkit.zeroshot import classify


@dataclass(frozen=True)
class Predictions:
    """The decision for each image: its id, class and probability, and its label (-1: none); arrays (n,)."""

    ids: list[str]
    predicted: np.ndarray
    probability: np.ndarray
    labels: np.ndarray


def predict(model, embeddings, classnames, classifier: np.ndarray | None = None) -> Predictions:
    """Predictions from stored features, one shard in memory at a time.

    `classifier` (d, n_classes) holds the prompts of a zero-shot model; None uses the model's own head.
    A probability is the softmax over all classes of the logits, at the model's own logit scale. Raises
    BadInput if the number of logits is not that of `classnames`, or no image is left.
    """
    ids, predicted, probability, labels = [], [], [], []
    for shard in embeddings.shards():
        if not shard.ids:
            continue
        if classifier is None:
            logits = model.head(torch.from_numpy(shard.features)).cpu().numpy()
        else:
            logits = classify(shard.features, classifier, model.logit_scale, model.logit_bias)
        if logits.shape[1] != len(classnames):
            raise BadInput(
                f"{model.card.name} gives {logits.shape[1]} logits, but {len(classnames)} classes are named",
                "name the classes the model was trained on",
            )
        best = logits.argmax(axis=1)
        ids += shard.ids
        predicted.append(best)
        probability.append(softmax(logits, axis=1)[np.arange(len(best)), best])
        labels.append(shard.labels)
    if not ids:
        raise BadInput("no image is left to classify", "replace the unreadable images")
    return Predictions(ids, np.concatenate(predicted), np.concatenate(probability), np.concatenate(labels))


def match_labels(
    labels: np.ndarray, folders: tuple[str, ...], classnames: tuple[str, ...]
) -> np.ndarray | None:
    """Labels as positions in `classnames`, or None where no rule says how they correspond.

    The rules: folders named like the classes (in any case); folders that are WordNet ids, with ImageNet's
    class names; no folder names, and every label a position in `classnames`.

    >>> match_labels(np.array([0, 1, -1]), ("dog", "Cat"), ("cat", "dog"))
    array([ 1,  0, -1])
    """
    if not (labels >= 0).any():
        return None
    if not folders:
        return labels if labels.max() < len(classnames) else None
    position = {name.lower(): i for i, name in enumerate(classnames)}
    if not all(folder.lower() in position for folder in folders) and classnames == named_classes("imagenet"):
        from timm.data import ImageNetInfo

        position = {wnid: i for i, wnid in enumerate(ImageNetInfo("imagenet-1k").label_names())}
    if not all(folder.lower() in position for folder in folders):
        return None
    table = np.array([position[folder.lower()] for folder in folders])
    return np.where(labels >= 0, table[labels], -1)


def accuracy_row(predictions: Predictions, labels: np.ndarray, **recipe) -> Result:
    """Top-1 accuracy over the labelled images, a fraction with Wilson's interval; higher is better."""
    known = labels >= 0
    correct = int((predictions.predicted[known] == labels[known]).sum())
    share = wilson(correct, int(known.sum()))
    return row_maker(section="classification", track="full", subset="all", higher_is_better=True, **recipe)(
        metric="accuracy",
        value=share.value,
        interval=(share.low, share.high),
        interval_method=share.method,
        n=int(known.sum()),
    )


def write_predictions(predictions: Predictions, path: str | Path) -> None:
    """A CSV in ImageNet-X's conventions: file_name, predicted_class (its number), predicted_probability.

    `file_name` is the last part of the id, or the whole id where last parts repeat.
    """
    names = [name.rpartition("/")[2] for name in predictions.ids]
    if len(set(names)) < len(names):
        names = predictions.ids
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file_name", "predicted_class", "predicted_probability"])
        for name, best, sure in zip(names, predictions.predicted, predictions.probability, strict=True):
            writer.writerow([name, int(best), f"{sure:.9g}"])
