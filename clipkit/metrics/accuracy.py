"""Classification accuracy, and the restriction of logits to the classes that a test set has."""

import numpy as np

from clipkit.metrics import validate
from clipkit.metrics.ties import expected_hit


def accuracy(predicted, target) -> float:
    """Share of samples whose predicted label equals the target. In [0, 1]; higher is better.

    predicted, target: (n,) labels, both integers or both text.
    Raises BadInput for different lengths, mixed kinds, missing labels or no sample.

    >>> accuracy(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    0.6666666666666666
    """
    predicted, target = validate.categories(predicted=predicted, target=target)
    return float(np.mean(predicted == target))


def top_k_accuracy(scores, target, k: int = 1) -> float:
    """Share of samples whose target class is among the `k` highest scores. In [0, 1]; higher is better.

    scores: (n, n_classes), any monotone score (logits, cosines, probabilities); target: (n,) integers.
    A tie counts as its expected value under random order (`clipkit.metrics.ties`), so a model that scores all
    classes alike gets k / n_classes. `sklearn.metrics.top_k_accuracy_score` gives a tie to the last class
    instead; without ties the two agree. From k = n_classes on the value is 1.

    >>> top_k_accuracy([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [2, 0], k=1)
    0.5
    >>> top_k_accuracy([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [2, 0], k=2)
    1.0
    """
    scores = validate.array("scores", scores, ndim=2)
    target = validate.class_labels("target", target, scores.shape[1])
    validate.same_length(scores=scores, target=target)
    k = validate.positive_integer("k", k)
    return float(target_in_top_k(scores, target, k).mean())


def target_in_top_k(scores: np.ndarray, target: np.ndarray, k: int) -> np.ndarray:
    """Per sample (n,): 1 if the target is among the `k` best, 0 if not, the expected value where it ties."""
    own = np.take_along_axis(scores, target[:, None].astype(np.intp), axis=1)
    above = np.count_nonzero(scores > own, axis=1)
    tied = np.count_nonzero(scores == own, axis=1) - 1
    return expected_hit(above, tied, np.ones_like(tied), k)


def restrict_to_classes(logits, class_indices) -> np.ndarray:
    """Columns of `logits` (n, n_classes) that a test set has, in the order of `class_indices` (m,): (n, m).

    ImageNet-A and -R have 200 of the 1,000 classes, ObjectNet 113. Restrict **before** the softmax: classes
    that cannot occur would otherwise take probability away, which changes calibration, and could be chosen,
    which changes accuracy. Targets then count into `class_indices`. Compare with the clean set restricted to
    the same classes. Raises BadInput for an index out of range or listed twice.

    >>> restrict_to_classes([[5.0, 1.0, 2.0]], [2, 1])
    array([[2., 1.]])
    """
    logits = validate.array("logits", logits, ndim=2)
    return logits[:, validate.indices("class_indices", class_indices, logits.shape[1])]
