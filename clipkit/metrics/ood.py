"""Out-of-distribution detection: scores (higher means more in-distribution), AUROC and FPR@95."""

import numpy as np
from scipy.stats import rankdata

from clipkit.errors import BadInput
from clipkit.metrics import validate

# Cosines of features in bfloat16 exceed 1 by less than this; logits exceed it by far.
COSINE_TOLERANCE = 0.01


def mcm(cosine, temperature: float = 1.0) -> np.ndarray:
    """Maximum concept matching: max over classes of softmax(cosine / temperature). (n,), higher is more ID.

    cosine: (n, n_classes) cosines of L2-normalised features, **without** CLIP's logit scale, which MCM leaves
    out: with temperature = 1 / scale it becomes `msp` of the logits, another score with another ranking.
    In (0, 1]. Raises BadInput for values outside [-1, 1]. Source: Ming et al. 2022, NeurIPS, eq. 1.

    >>> mcm([[0.0, 0.0], [1.0, -1.0]]).round(4)
    array([0.5   , 0.8808])
    """
    cosine = validate.array("cosine", cosine, ndim=2)
    largest = np.abs(cosine).max()
    if largest > 1 + COSINE_TOLERANCE:
        raise BadInput(
            f"cosine holds a value of size {largest:.4g}, outside [-1, 1]",
            "divide logits by the model's logit scale (and normalise the features)",
        )
    if not temperature > 0:
        raise BadInput(f"temperature is {temperature}", "pass a positive number")
    return _max_softmax(cosine, temperature)


def msp(logits) -> np.ndarray:
    """Maximum softmax probability of `logits` (n, n_classes). (n,) in (0, 1], higher is more ID.

    Source: Hendrycks & Gimpel 2017, ICLR.

    >>> msp([[0.0, 0.0], [2.0, 0.0]]).round(4)
    array([0.5   , 0.8808])
    """
    return _max_softmax(validate.array("logits", logits, ndim=2), 1.0)


def max_logit(logits) -> np.ndarray:
    """Largest of the `logits` (n, n_classes). (n,), higher is more ID. Source: Hendrycks et al. 2022, ICML.

    >>> max_logit([[0.0, -3.0], [2.0, 1.0]])
    array([0., 2.])
    """
    return validate.array("logits", logits, ndim=2).max(axis=1)


def auroc(id_scores, ood_scores) -> float:
    """Chance that a random ID sample scores above a random OOD one, ties counted half. In [0, 1].

    id_scores (n,), ood_scores (m,), higher = more ID. ID is the positive class; with OOD as the positive
    class and scores negated the number is the same. 0.5 is chance; **higher is better.**
    The value of `sklearn.metrics.roc_auc_score` with ID labelled 1, by ranks (Mann–Whitney).

    >>> auroc([0.9, 0.4], [0.4, 0.1])
    0.875
    """
    id_scores, ood_scores = _both(id_scores, ood_scores)
    n, m = len(id_scores), len(ood_scores)
    ranks = rankdata(np.concatenate([id_scores, ood_scores]))[:n].sum()
    return float((ranks - n * (n + 1) / 2) / (n * m))


def fpr_at_tpr(id_scores, ood_scores, tpr: float = 0.95) -> float:
    """Share of OOD accepted at the threshold whose ID acceptance is closest to `tpr`. **Lower is better.**

    id_scores (n,), ood_scores (m,), higher = more ID; a sample is accepted if its score is >= the threshold.
    ID is the positive class. In [0, 1]; a useless score has about `tpr`.
    The candidates are all scores that occur, ID or OOD. If several are equally close, the lowest is taken, so
    ties go against the detector: OOD samples that tie with the last accepted ID sample, or lie between it and
    the next one, count as accepted. Thresholds below the lowest ID score are left out: they only add OOD.
    Source: the official MCM code (Ming et al. 2022; after Hendrycks' outlier exposure), with equal values.
    Others demand at least 95 % instead of closest to it; with few ID samples the two differ.

    >>> fpr_at_tpr([4, 5, 6, 7, 8], [1, 2, 3, 5], tpr=0.8)
    0.25
    """
    if not 0 < tpr <= 1:
        raise BadInput(f"tpr is {tpr}, outside (0, 1]", "pass a fraction such as 0.95")
    id_scores, ood_scores = _both(id_scores, ood_scores)
    id_scores = np.sort(id_scores)
    thresholds = np.unique(np.concatenate([id_scores, ood_scores]))
    thresholds = thresholds[thresholds >= id_scores[0]]
    accepted = (len(id_scores) - np.searchsorted(id_scores, thresholds, side="left")) / len(id_scores)
    threshold = thresholds[np.argmin(np.abs(accepted - tpr))]
    return float(np.mean(ood_scores >= threshold))


def _both(id_scores, ood_scores) -> tuple[np.ndarray, np.ndarray]:
    return validate.array("id_scores", id_scores, ndim=1), validate.array("ood_scores", ood_scores, ndim=1)


def _max_softmax(values: np.ndarray, temperature: float) -> np.ndarray:
    # In double precision: at temperature 1 and 1,000 classes all MCM scores lie within a few 1e-5 of each
    # other, and single precision would make ties that are not there.
    shifted = values.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted /= temperature
    return 1 / np.exp(shifted, out=shifted).sum(axis=1)
