"""Paths of the camera, warping by them, and how near that comes to pictures rendered along the same path."""

from dataclasses import replace

import numpy as np
import pytest

from clipkit.corruptions import corrupt_all
from clipkit.corruptions.depth import intrinsics
from clipkit.corruptions.motion import CANVAS, FRAMES, camera_path, warp, xy_motion_blur
from clipkit.errors import BadInput
from clipkit.pocket.moving import moving_frames
from clipkit.pocket.sets import set_spec
from clipkit.pocket.world import render, render_geometry
from clipkit.pocket.world.camera import project, unproject

RNG = np.random.default_rng(0)
PICTURE = RNG.random((40, 40, 3))
CAMERA = intrinsics(40, 40)


@pytest.fixture(scope="module")
def wild():
    """Twenty-six scenes, one of each class, with pictures and geometry."""
    spec = set_spec("wild", "validation")
    scenes = spec.draw(spec.seed, 26, 48).scenes
    return scenes, render(scenes, 48, 4), render_geometry(scenes, 48)


def test_sideways_the_nearest_point_goes_by_the_published_share_of_the_width():
    depth = np.full((40, 40), 5.0)
    depth[15:25, 15:25] = 2.0
    for seed in range(20):
        path = camera_path("xy_motion_blur", depth, 30.0, np.random.default_rng(seed))
        u, v = -path[-1, :2] * 30.0 / 2.0 * CANVAS / 40
        assert path.shape == (FRAMES, 3) and not path[0].any() and not path[:, 2].any()
        assert 50 <= round(abs(u), 6) < 75 and -75 <= round(v, 6) < 75


def test_ahead_the_camera_goes_by_half_of_the_nearest_depth_at_most():
    ends = [
        camera_path("z_motion_blur", np.full((8, 8), 3.0), 8.0, np.random.default_rng(s)) for s in range(20)
    ]
    assert all(-1.5 <= path[-1, 2] <= -1.2 for path in ends)
    assert all(np.allclose(np.diff(path[:, 2]), path[-1, 2] / (FRAMES - 1)) for path in ends)


def test_a_wall_moves_by_whole_pixels_and_its_edge_is_repeated():
    moved = warp(PICTURE, np.full((40, 40), 2.0), np.array([3 * 2.0 / 40, 0, 0]), CAMERA)
    assert moved[:, 3:] == pytest.approx(PICTURE[:, :-3])
    assert moved[:, :3] == pytest.approx(np.repeat(PICTURE[:, :1], 3, axis=1))


def test_what_is_near_hides_what_is_far_and_leaves_a_hole_that_the_far_fills():
    depth = np.full((40, 40), 100.0)
    picture = np.zeros((40, 40, 3))
    depth[10:30, 10:20], picture[10:30, 10:20] = 2.0, 1.0
    moved = warp(picture, depth, np.array([4 * 2.0 / 40, 0, 0]), CAMERA)
    assert (moved[12:28, 15:23] > 0.95).all() and (moved[12:28, 26:] < 0.05).all()
    assert (moved[12:28, 10:13] < 0.05).all()


def test_the_same_generator_gives_the_same_bytes_and_another_does_not():
    depth = RNG.uniform(1, 3, (40, 40))
    first, second, other = (xy_motion_blur(PICTURE, depth, 3, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_moving_frames_are_seen_from_where_the_path_says(wild):
    """A point of the scene falls where the moved camera of the path projects it."""
    scenes, _, geometry = wild
    shift = np.array([0.3, -0.1, -0.8])
    centre, K, E = geometry.depth[0][20:28, 20:28], geometry.intrinsics[0], geometry.extrinsics[0]
    points = unproject(geometry.depth[0].astype(float), K, E)[20:28, 20:28].reshape(-1, 3)
    moved = E.copy()
    moved[:3, 3] += shift
    _, depth = project(points, K, moved)
    assert depth == pytest.approx(centre.ravel() + shift[2], abs=1e-5)
    still, gone = list(moving_frames(scenes[0], np.array([[0, 0, 0], shift]), 48))
    assert np.array_equal(still, render(scenes[:1], 48, 1)[0]) and not np.array_equal(still, gone)


@pytest.mark.parametrize(("name", "least"), [("xy_motion_blur", 32.0), ("z_motion_blur", 30.0)])
def test_warped_blur_comes_near_to_rendered_blur(wild, name, least):
    """To 35 dB and 32 dB when this was written, where the blur itself changes pictures to 20 dB."""
    _, pictures, geometry = wild
    spec = set_spec(f"wild+{name}", "validation")
    rendered = spec.draw(spec.seed, 5 * 8, 48).images[4 * 8 :].astype(float)
    warped = corrupt_all(
        name, 5, pictures[:8], geometry.depth[:8].astype(float), geometry.intrinsics[:8], spec.seed
    )
    apart = np.mean((np.array(warped.pictures) - rendered) ** 2, axis=(1, 2, 3))
    agreement = 10 * np.log10(255**2 / apart)
    changed = np.mean((pictures[:8] - rendered) ** 2, axis=(1, 2, 3))
    assert agreement.mean() > least and (apart < changed).all()


def test_only_photographs_are_taken_by_a_moving_camera(wild):
    with pytest.raises(BadInput, match="style 'sketch'"):
        next(moving_frames(replace(wild[0][0], style="sketch"), np.zeros((1, 3)), 48))
