"""Nearest neighbours and their errors, where the answer is known: identity, a plane, chance, brute force."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import geometry
from clipkit.metrics.geometry import (
    most_confident,
    nearest_neighbours,
    point_errors,
    random_recall,
    recall,
    sample,
    viewpoint_bin,
    viewpoint_change,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def grid(n):
    ticks = (np.arange(n) + 0.5) / n
    return np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)


def code(places, rng_seed=1, width=64):
    """Features that tell a place: no two places have equal ones."""
    turn = np.random.default_rng(rng_seed).normal(scale=8, size=(places.shape[1], width))
    return np.concatenate([np.cos(places @ turn), np.sin(places @ turn)], axis=1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_image_finds_itself_in_itself(rng, dtype):
    features = rng.normal(size=(14, 14, 32)).astype(dtype)
    at = sample(features, grid(14))
    found = nearest_neighbours(at, at)
    assert recall(np.linalg.norm(grid(14)[found.index] - grid(14), axis=1), 1e-9) == 1
    assert found.confidence.min() > 0.99


def test_a_plane_is_found_again_under_a_homography(rng):
    """The second image shows the plane through H; its features are those of the plane's points."""
    homography = np.array([[0.9, 0.2, 0.05], [-0.15, 0.95, 0.1], [0.1, 0.05, 1.0]])
    plane = grid(20)
    seen = np.column_stack([plane, np.ones(len(plane))]) @ homography.T
    truth = seen[:, :2] / seen[:, 2:]
    shuffled = rng.permutation(len(plane))
    found = nearest_neighbours(code(plane), code(plane[shuffled]) * rng.uniform(0.5, 2, (400, 1)))
    errors = np.linalg.norm(truth[shuffled][found.index] - truth, axis=1)
    assert recall(errors, 1e-12) == 1
    # A grid of candidates that holds no target: the nearest one lies half a step away at most, each way.
    back = np.column_stack([grid(40), np.ones(1600)]) @ np.linalg.inv(homography).T
    inside = truth[(truth > 0).all(1) & (truth < 1).all(1)]
    from_first = plane[(truth > 0).all(1) & (truth < 1).all(1)]
    found = nearest_neighbours(code(from_first), code(back[:, :2] / back[:, 2:]))
    errors = np.linalg.norm(grid(40)[found.index] - inside, axis=1)
    assert recall(errors, 0.5 / 40 * 2**0.5 * 1.3) == 1


@pytest.mark.parametrize("kept", [None, 20])
def test_random_features_reach_chance(rng, kept, monkeypatch):
    """Whichever matches are kept, and in however many blocks all distances are counted."""
    truth, candidates = rng.uniform(size=(60, 2)), rng.uniform(size=(80, 2))
    chance, reached = random_recall(candidates, truth, 0.2), []
    monkeypatch.setattr(geometry, "_BLOCK", 700)
    assert random_recall(candidates, truth, 0.2) == chance
    for _ in range(400):
        found = nearest_neighbours(rng.normal(size=(60, 16)), rng.normal(size=(80, 16)))
        asked = np.arange(60) if kept is None else most_confident(found.confidence, kept)
        reached.append(recall(point_errors(candidates[found.index[asked]], truth[asked]), 0.2))
    standard_error = np.std(reached) / len(reached) ** 0.5
    assert abs(np.mean(reached) - chance) < 4 * standard_error < 0.02


def test_neighbours_and_confidence_are_those_of_brute_force(rng, monkeypatch):
    queries, candidates = rng.normal(size=(37, 8)), rng.normal(size=(23, 8))
    cosines = (queries @ candidates.T) / np.outer(*(np.linalg.norm(v, axis=1) for v in (queries, candidates)))
    ordered = np.sort(1 - cosines, axis=1)
    whole = nearest_neighbours(queries, candidates)
    assert np.array_equal(whole.index, cosines.argmax(axis=1))
    np.testing.assert_allclose(whole.confidence, 1 - ordered[:, 0] / ordered[:, 1])
    monkeypatch.setattr(geometry, "_BLOCK", 50)
    for all_at_once, in_blocks in zip(whole, nearest_neighbours(queries, candidates), strict=True):
        np.testing.assert_allclose(all_at_once, in_blocks)


def test_length_is_no_matter_and_ties_go_to_the_first():
    found = nearest_neighbours([[1.0, 0.0]], [[0.0, 1.0], [5.0, 0.0], [0.1, 0.0]])
    assert found.index.tolist() == [1] and found.confidence.tolist() == [0]


def test_a_sample_at_a_cells_centre_is_that_cell_and_between_two_their_mean(rng):
    features = rng.normal(size=(3, 4, 5))
    centres = np.stack(np.meshgrid((np.arange(4) + 0.5) / 4, (np.arange(3) + 0.5) / 3), -1).reshape(-1, 2)
    np.testing.assert_allclose(sample(features, centres), features.reshape(12, 5))
    between = sample(features, [[0.25, 0.5]])[0]
    np.testing.assert_allclose(between, features[1, :2].mean(0))
    np.testing.assert_allclose(sample(features, [[0, 0], [1, 1]]), features[[0, -1], [0, -1]])
    np.testing.assert_allclose(sample(features[:1, :1], [[0.9, 0.1]]), features[0, :1])


def test_sampling_agrees_with_torch(rng):
    torch = pytest.importorskip("torch")
    features, points = rng.normal(size=(6, 5, 3)), rng.uniform(0, 1, size=(50, 2))
    theirs = torch.nn.functional.grid_sample(
        torch.from_numpy(features).permute(2, 0, 1)[None],
        torch.from_numpy(2 * points - 1)[None, None],
        padding_mode="border",
        align_corners=False,
    )[0, :, 0].T
    np.testing.assert_allclose(sample(features, points), theirs.numpy(), atol=1e-12)


def test_viewpoints():
    turn = np.radians(37)
    camera = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    moved = np.eye(4)
    moved[:3, :3], moved[:3, 3] = camera, 5
    assert viewpoint_change(np.eye(4), moved) == pytest.approx(37)
    assert viewpoint_change(camera, camera) == pytest.approx(0, abs=1e-5)
    assert viewpoint_bin([-1, 179.9, 180, 15], [0, 15, 30, 60, 180]).tolist() == [-1, 3, 3, 1]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nearest_neighbours(np.ones((2, 3)), np.ones((1, 3))), "one candidate only"),
        (lambda: nearest_neighbours(np.ones((2, 3)), np.ones((2, 4))), "queries have 3 numbers each, candidates 4"),
        (lambda: nearest_neighbours([[1.0, 0], [0, 0]], np.ones((2, 2))), r"queries\[1\] is zero"),
        (lambda: nearest_neighbours(np.ones((2, 2)), [[1.0, np.nan]] * 2), r"candidates\[0, 1\] is nan"),
        (lambda: most_confident([0.5], 0), "k is 0"),
        (lambda: recall([], 1.0), "errors is empty"),
        (lambda: point_errors(np.ones((2, 2)), np.ones((2, 3))), "points of 2 and 3 coordinates"),
        (lambda: viewpoint_bin([1.0], [30, 0]), "edges are"),
    ],
)  # fmt: skip
def test_errors(call, text):
    with pytest.raises(BadInput, match=text):
        call()
