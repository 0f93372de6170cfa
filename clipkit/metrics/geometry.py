"""Correspondence between two images: nearest neighbours among dense features, and how far off they are.

Source: Banani et al., CVPR 2024 (probe3d), "Probing the 3D Awareness of Visual Foundation Models". Its
conventions are kept: cosine, one direction, one minus Lowe's ratio as confidence, the k most confident matches,
an error counts as a hit where it is *below* the threshold.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from clipkit.errors import BadInput
from clipkit.metrics import validate

# Entries of one block of similarities: half a megabyte of float32.
_BLOCK = 1 << 17
_LEAST_DISTANCE = 1e-9


class Neighbours(NamedTuple):
    """For each query the index of its nearest candidate (n,), and the confidence in it (n,), in [0, 1]."""

    index: np.ndarray
    confidence: np.ndarray


def nearest_neighbours(queries, candidates) -> Neighbours:
    """The candidate of the highest cosine for each query, ties to the first, and how clearly it is the nearest.

    queries: (n, d); candidates: (m, d), m ≥ 2; of any length, none zero. confidence = 1 − d₁/d₂ with cosine
    distances d = 1 − cosine of the nearest and the second nearest (Lowe 2004): 0 where both are equally near, 1
    where the nearest is the same vector and the second is not. Needs memory for a block of queries × m, whatever n.

    Raises BadInput for fewer than two candidates, widths that differ, and vectors that are zero or not finite.

    >>> found = nearest_neighbours([[2.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 3.0]])
    >>> found.index, found.confidence.round(3)
    (array([0, 0]), array([1., 0.]))
    """
    queries, lengths = _with_lengths("queries", queries)
    candidates, candidate_lengths = _with_lengths("candidates", candidates)
    if queries.shape[1] != candidates.shape[1]:
        raise BadInput(
            f"queries have {queries.shape[1]} numbers each, candidates {candidates.shape[1]}",
            "take both from one model",
        )
    if len(candidates) < 2:
        raise BadInput("there is one candidate only", "a ratio needs two: leave out such a pair")
    index, confidence = np.empty(len(queries), np.intp), np.empty(len(queries))
    step = max(1, _BLOCK // len(candidates))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        # Cosines times the query's length: what decides the order in a row is divided once.
        similarity = queries[rows] @ candidates.T
        similarity /= candidate_lengths
        at = np.arange(len(similarity))
        first = index[rows] = similarity.argmax(axis=1)
        nearest = similarity[at, first]
        similarity[at, first] = -np.inf
        cosines = np.stack([nearest, similarity.max(axis=1)]) / lengths[rows]
        distances = np.maximum(1 - cosines, _LEAST_DISTANCE)
        confidence[rows] = 1 - distances[0] / distances[1]
    return Neighbours(index, confidence)


def most_confident(confidence, k: int) -> np.ndarray:
    """Positions of the k highest confidences, the highest first, ties in order; all if there are fewer.

    >>> most_confident([0.1, 0.9, 0.1, 0.5], 3)
    array([1, 3, 0])
    """
    confidence = validate.array("confidence", confidence, ndim=1)
    return np.argsort(-confidence, kind="stable")[: validate.positive_integer("k", k)]


def point_errors(found, truth) -> np.ndarray:
    """Distance of each found point from the true one: (m,) for points (m, D).

    Unit that of the points: D = 2 for pixels, D = 3 for the world. **Lower is better.**

    >>> point_errors([[3.0, 4.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]])
    array([5., 0.])
    """
    found, truth = _points(found, truth)
    validate.same_length(found=found, truth=truth)
    return np.linalg.norm(found - truth, axis=1)


def recall(errors, threshold: float) -> float:
    """Share of errors below `threshold`, in their unit. In [0, 1]; **higher is better.**

    >>> recall([0.0, 1.0, 2.0], 2.0)
    0.6666666666666666
    """
    return float((validate.array("errors", errors, ndim=1) < threshold).mean())


def random_recall(candidates, truth, threshold: float) -> float:
    """The recall that random features reach on average, exactly, for true points (m, D) and candidates (c, D).

    Each candidate is then the nearest with the same probability, and confidence says nothing: it is the share of all
    m × c distances below `threshold`. Needs memory for a block of them, whatever m.

    >>> print(random_recall([[0.0, 0.0], [0.0, 2.0], [9.0, 9.0], [9.0, 0.0]], [[0.0, 1.0]], 1.5))
    0.5
    """
    candidates, truth = _points(candidates, truth)
    step = max(1, _BLOCK // len(candidates))
    blocks = (truth[start : start + step] for start in range(0, len(truth), step))
    right = sum(np.count_nonzero(cdist(block, candidates) < threshold) for block in blocks)
    return right / (len(truth) * len(candidates))


def viewpoint_bin(angles, edges) -> np.ndarray:
    """Index of the bin [edges[i], edges[i + 1]) of each angle, degrees; the last includes its edge; −1 outside.

    >>> viewpoint_bin([0.0, 30.0, 120.0, 121.0], [0, 30, 60, 90, 120])
    array([ 0,  1,  3, -1])
    """
    angles, edges = validate.array("angles", angles, ndim=1), np.asarray(edges, float)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise BadInput(f"edges are {edges.tolist()}", "give rising numbers, two at least")
    found = np.searchsorted(edges, angles, side="right") - 1
    found[angles == edges[-1]] = len(edges) - 2
    return np.where((angles >= edges[0]) & (angles <= edges[-1]), found, -1)


def viewpoint_change(first, second) -> float:
    """Angle (degrees, 0 to 180) of the rotation between two cameras, given as world → camera (3, 3) or (4, 4).

    >>> quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> viewpoint_change(np.eye(3), quarter)
    90.0
    """
    turn = np.asarray(second, float)[:3, :3] @ np.asarray(first, float)[:3, :3].T
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


def sample(features, points) -> np.ndarray:
    """Features (m, d) of a map (h, w, d) at points (m, 2), (x, y) as shares of width and height, bilinear.

    Cell (i, j) has its centre at ((j + ½)/w, (i + ½)/h); beyond the outermost centres the border's values hold.

    >>> sample(np.array([[[0.0], [1.0]]]), [[0.25, 0.5], [0.5, 0.1], [1.0, 0.9]])[:, 0]
    array([0. , 0.5, 1. ])
    """
    features, points = validate.array("features", features, ndim=3), validate.array("points", points, ndim=2)
    height, width, depth = features.shape
    columns, right = _between(points[:, 0], width)
    rows, lower = _between(points[:, 1], height)
    cells = rows[:, :, None] * width + columns[:, None]  # (m, 2, 2)
    weights = lower[:, :, None] * right[:, None]
    start = np.arange(0, 4 * len(points) + 1, 4)
    blend = csr_array(
        (weights.ravel().astype(features.dtype), cells.ravel(), start), (len(points), height * width)
    )
    return blend @ features.reshape(-1, depth)


def _points(found, truth) -> tuple[np.ndarray, np.ndarray]:
    found, truth = validate.array("found", found, ndim=2), validate.array("truth", truth, ndim=2)
    if found.shape[1] != truth.shape[1]:
        raise BadInput(
            f"points of {found.shape[1]} and {truth.shape[1]} coordinates", "compare like with like"
        )
    return found, truth


def _between(share, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The two cells (m, 2) beside each position along one side, and the weight (m, 2) of each."""
    at = np.clip(share * cells - 0.5, 0, cells - 1)
    low = np.minimum(at.astype(int), max(cells - 2, 0))
    part = at - low
    return np.stack([low, np.minimum(low + 1, cells - 1)], 1), np.stack([1 - part, part], 1)


def _with_lengths(name: str, vectors) -> tuple[np.ndarray, np.ndarray]:
    vectors = validate.array(name, vectors, ndim=2)
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    if not lengths.all():
        raise BadInput(f"{name}[{int(np.argmin(lengths))}] is zero, so it has no cosine", "leave it out")
    return vectors, lengths
