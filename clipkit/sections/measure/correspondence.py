"""3D correspondence: does a point of one view find itself in another, by dense features alone?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from clipkit.datasets.pairs import Pair
from clipkit.errors import BadInput
from clipkit.metrics.geometry import (
    most_confident,
    nearest_neighbours,
    point_errors,
    random_recall,
    recall,
    sample,
    viewpoint_bin,
)
from clipkit.metrics.resampled import resampled_ratio
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import Outputs
from clipkit.stats.shared_draws import shared_counts

SECTION = "3D correspondence"
ALL, EVERYTHING, OVERALL, LEFT_OUT = "all", "all sets", "recall", "pairs left out"
RANDOM, TRUTH, MATCHED = "random features", "ground truth", "matched grid"
GRID = 6
"""Cells a side on the matched grid: those of the coarsest maps."""
KEPT = 35
"""Matches kept for each pair of views: of 24 × 24 points the share that probe3d's 1,000 are of 128 × 128."""
_CODE = 128
_REACH = 0.25  # distance of places at which their codes part, in units of the world or of an object


class Asked(NamedTuple):
    """What is asked of a set.

    thresholds: name → ("place" or "image", error below which a match is right), errors in the unit of places or of
    `Pair.scale`. headline: the metric that is given by bins of viewpoint change, [edges[i], edges[i + 1]) degrees.
    kept: how many matches count for a pair, the most confident; None for all.
    """

    thresholds: dict[str, tuple[str, float]]
    headline: str
    edges: tuple[int, ...] = ()
    kept: int | None = None


_WORLD = {f"recall@{t} world": ("place", t) for t in (0.1, 0.2)}
_PIXELS = {f"recall@{t} px": ("image", t) for t in (2.5, 5)}
SETS = {
    "view-pairs": Asked(_WORLD | _PIXELS, "recall@0.2 world", (0, 30, 60, 90, 120), KEPT),
    "scene-pairs": Asked(_WORLD | _PIXELS, "recall@5 px", (0, 15, 30, 60, 180), KEPT),
    "part-pairs": Asked({f"pck@{t}": ("image", t) for t in (0.05, 0.1)}, "pck@0.1"),
}
"""The pocket sets."""
FULL_SETS = {
    "navi": Asked(
        {f"recall@{t} m": ("place", t) for t in (0.01, 0.02, 0.05)}
        | {f"recall@{t} px": ("image", t) for t in (5, 25, 50)},
        "recall@0.02 m",
        (0, 30, 60, 90, 120),
        1000,
    ),
    "scannet-pairs": Asked(
        {f"recall@{t} px": ("image", t) for t in (5, 10, 20)}, "recall@10 px", (0, 15, 30, 60, 180), 1000
    ),
    "spair-71k": Asked({"pck@0.1": ("image", 0.1)}, "pck@0.1"),
}
"""The real sets, with the thresholds, bins and numbers of matches of probe3d.

ScanNet's pixels are those of a depth map of 160 × 120. SPair-71k's number is the mean over pairs, not over classes.
"""
DATASETS = tuple(SETS)


def measure(outputs: Outputs) -> list[Measured]:
    """One model on views of an object, views of a scene, and parts of two objects of a class.

    Features of a point are interpolated in the map of its image, and its match is the candidate with the nearest
    ones (`nearest_neighbours`). A number is the mean over pairs of the share of kept matches that are right:
    "recall@0.2 world" within 0.2 units of the world (a ninth of the object's diagonal), "recall@5 px" within 5 of
    48 pixels, "pck@0.1" within a tenth of the object's bounding box. Subsets: "all", and for the headline the
    bins of viewpoint change, such as "0–30°", that hold pairs.

    Controls, at the headline: "…, random features" is what features without any meaning reach on average, exactly.
    "…, ground truth" is what features reach that tell the place each cell shows and nothing else, on the
    same grid, by the same way. "…, matched grid" is the model with its map averaged to 6 × 6 cells, since a tower of
    stride 8 may answer more finely than one of stride 32. "pairs left out" have no point that both views show.
    The dataset "all sets" has the mean of the three headlines, and of their controls.

    On the full track the sets are those of `FULL_SETS`. Pairs are resampled, with all their points. Differences from
    probe3d: features are interpolated linearly, and errors are from the centre of a candidate; on the pocket track,
    queries are points that both views show, and on parts they lie anywhere, not on named keypoints.
    """
    found, sets = [], SETS if outputs.track == "pocket" else FULL_SETS
    for dataset, asked in sets.items():
        found += correspondence(dataset, outputs.dense(dataset), outputs.pairs(dataset), asked)
    of_sets = tuple(found)
    for control in ("", RANDOM, TRUTH, MATCHED):
        parts = [
            m for m in of_sets if m.subset == ALL and m.metric == named(sets[m.dataset].headline, control)
        ]
        if len(parts) < len(sets):
            continue
        found.append(
            Measured(
                SECTION,
                EVERYTHING,
                ALL,
                named(OVERALL, control),
                float(np.mean([m.value for m in parts])),
                np.mean([m.draws for m in parts], axis=0),
                sum(m.n for m in parts),
                higher_is_better=None if control in (RANDOM, TRUTH) else True,
            )
        )
    return found


def named(metric: str, control: str = "") -> str:
    """The name of a metric, or of one of its controls.

    >>> named("pck@0.1", TRUTH)
    'pck@0.1, ground truth'
    """
    return f"{metric}, {control}" if control else metric


def bins_of(asked: Asked) -> list[str]:
    """Names of the bins of viewpoint change.

    >>> bins_of(SETS["scene-pairs"])
    ['0–15°', '15–30°', '30–60°', '60–180°']
    """
    return [f"{low}–{high}°" for low, high in zip(asked.edges, asked.edges[1:], strict=False)]


def correspondence(dataset: str, maps, pairs: Sequence[Pair], asked: Asked) -> list[Measured]:
    """The numbers of one set; maps[i] is the map (h, w, d) of image i. No ground truth where places are not known.

    Raises BadInput if no pair is usable.
    """
    usable = np.array([p.usable for p in pairs])
    if not usable.any():
        raise BadInput(
            f"none of the {len(pairs)} pairs of {dataset} can be matched", "check depth and cameras"
        )
    scores = [pair_scores(maps[p.first], maps[p.second], p, asked) for p in pairs]
    counts = shared_counts(dataset, len(pairs), DRAWS)

    def row(metric, subset, chosen, better=True):
        own = np.array([s.get(metric, np.nan) for s in scores])
        draws = resampled_ratio(counts, np.where(chosen, own, 0.0), chosen)
        value = float(own[chosen].mean())
        return Measured(
            SECTION, dataset, subset, metric, value, draws, int(chosen.sum()), higher_is_better=better
        )

    bins = viewpoint_bin([p.angle for p in pairs], asked.edges) if asked.edges else np.full(len(pairs), -1)
    chosen = {ALL: usable} | {name: usable & (bins == i) for i, name in enumerate(bins_of(asked))}
    found = [row(metric, ALL, usable) for metric in asked.thresholds if metric != asked.headline]
    found.append(row(named(asked.headline, MATCHED), ALL, usable))
    controls = (RANDOM, TRUTH) if all(p.query_place is not None for p in pairs) else (RANDOM,)
    for subset, these in chosen.items():
        if these.any():
            found.append(row(asked.headline, subset, these))
            found += [row(named(asked.headline, c), subset, these, None) for c in controls]
    left = ~usable
    draws = resampled_ratio(counts, left, np.ones(len(left)))
    found.append(
        Measured(SECTION, dataset, ALL, LEFT_OUT, float(left.mean()), draws, len(left), higher_is_better=None)
    )
    return found


def pair_scores(first: np.ndarray, second: np.ndarray, pair: Pair, asked: Asked) -> dict[str, float]:
    """Metric → share of right matches of one pair, for maps (h, w, d) of its images; {} if it is not usable."""
    if not pair.usable:
        return {}
    first, second = (np.asarray(features, np.float32) for features in (first, second))
    which, threshold = asked.thresholds[asked.headline]
    found = match(first, second, pair, asked.kept)
    scores = {metric: _share(found, pair, *test) for metric, test in asked.thresholds.items()}
    scores[named(asked.headline, RANDOM)] = random_recall(*_answers_and_truth(pair, which), threshold)
    if pair.query_place is not None:
        grid = first.shape[:2]
        truth = (
            _told(pair.query, pair.query_place, grid),
            _told(pair.candidates, pair.candidate_place, grid),
        )
        scores[named(asked.headline, TRUTH)] = _share(match(*truth, pair, asked.kept), pair, which, threshold)
    if first.shape[0] > GRID:
        found = match(coarsened(first), coarsened(second), pair, asked.kept)
    scores[named(asked.headline, MATCHED)] = _share(found, pair, which, threshold)
    return scores


class Match(NamedTuple):
    """Which queries were kept, and the candidate that each of them found, as indices (k,)."""

    query: np.ndarray
    candidate: np.ndarray


def match(first: np.ndarray, second: np.ndarray, pair: Pair, kept: int | None = None) -> Match:
    """Nearest neighbours of a pair's queries among its candidates, by maps (h, w, d) of the two images."""
    found = nearest_neighbours(sample(first, pair.query), sample(second, pair.candidates))
    asked = np.arange(len(pair.query)) if kept is None else most_confident(found.confidence, kept)
    return Match(asked, found.index[asked])


def coarsened(features: np.ndarray, cells: int = GRID) -> np.ndarray:
    """A map (h, w, d) averaged to cells × cells.

    >>> coarsened(np.arange(4.0).reshape(2, 2, 1), 1).item()
    1.5
    """
    for axis in (0, 1):
        start = np.arange(cells) * features.shape[axis] // cells
        size = np.diff(start, append=features.shape[axis])
        sums = np.add.reduceat(features, start, axis=axis)
        features = sums / np.expand_dims(size, (1, 2) if axis == 0 else (0, 2))
    return features


def _share(found: Match, pair: Pair, which: str, threshold: float) -> float:
    candidates, truth = _answers_and_truth(pair, which)
    return recall(point_errors(candidates[found.candidate], truth[found.query]), threshold)


def _answers_and_truth(pair: Pair, which: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the candidates are (c, D) and where the queries belong (m, D), in the unit of the thresholds."""
    if which == "place":
        return pair.candidate_place, pair.query_place
    return pair.scale * pair.candidates, pair.scale * pair.target


def _told(points: np.ndarray, places: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """A map (*grid, d) that tells in each cell the mean code of the places of the points in it.

    Codes are random Fourier features: their cosine falls with distance like a Gaussian of width _REACH.
    """
    turn = np.random.default_rng(0).normal(scale=1 / _REACH, size=(places.shape[1], _CODE // 2))
    phase = (places @ turn).astype(np.float32)
    code = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    columns, rows = np.minimum(points * grid[::-1], np.array(grid[::-1]) - 1).astype(int).T
    cell = rows * grid[1] + columns
    share = 1 / np.bincount(cell)[cell].astype(np.float32)
    mean = csr_array((share, (cell, np.arange(len(cell)))), (grid[0] * grid[1], len(cell)))
    return (mean @ code).reshape(*grid, _CODE)
