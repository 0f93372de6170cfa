"""Fog, flash and focus against the published formulae, written out anew on depth ramps."""

import numpy as np
import pytest

from clipkit.corruptions import CORRUPTIONS, DEPTH, corrupt_all, depth_from_inverse
from clipkit.corruptions.arrays import enlargement
from clipkit.corruptions.depth import UNIT, blur, far_focus, flash, fog_3d, near_focus, shading
from clipkit.errors import BadInput, UnknownName

RNG = np.random.default_rng(0)
PICTURE = RNG.random((10, 224, 3))
RAMP = np.tile(np.linspace(1.0, 6.0, 224), (10, 1)) + np.linspace(0, 0.3, 10)[:, None]


@pytest.mark.parametrize(("severity", "alpha"), list(enumerate([4, 8, 12, 16, 20], start=1)))
def test_fog_is_exponential_in_depth(severity, alpha):
    found = fog_3d(PICTURE, RAMP, severity, None)
    for i, j in ((0, 0), (4, 100), (9, 223)):
        left = np.exp(-alpha * RAMP[i, j] / 15.625)
        assert found[i, j] == pytest.approx(left * PICTURE[i, j] + (1 - left) * PICTURE.mean())


@pytest.mark.parametrize(("severity", "c"), list(enumerate([2.4, 1.4, 0.9, 0.6, 0.4], start=1)))
def test_flash_lights_a_tilted_plane_by_the_cosine(severity, c):
    camera = np.array([[200.0, 0, 112], [0, 210.0, 5], [0, 0, 1]])
    normal = np.array([0.6, -0.2, -0.8]) / np.linalg.norm([0.6, -0.2, -0.8])
    for i, j in ((0, 0), (5, 60), (9, 223)):
        ray = np.linalg.inv(camera) @ [j + 0.5, i + 0.5, 1.0]
        expected = abs(normal @ ray) / np.linalg.norm(ray)
        depth = _plane(normal, camera)
        assert shading(depth, camera)[i, j] == pytest.approx(expected)
        lit = PICTURE[i, j] + PICTURE[i, j] * expected / c
        assert flash(PICTURE, depth, severity, None, camera)[i, j] == pytest.approx(np.minimum(lit, 1))


def _plane(normal, camera):
    """Depth of the plane normal · P = −2 at each pixel."""
    depth = np.empty((10, 224))
    for i in range(10):
        for j in range(224):
            depth[i, j] = -2 / (normal @ np.linalg.inv(camera) @ [j + 0.5, i + 0.5, 1.0])
    return depth


def test_an_outline_makes_no_wall():
    depth = np.full((6, 6), 2.0)
    depth[:, 3:] = 9.0
    assert shading(depth).min() > 0.8


def _gaussian(picture, radius):
    if radius < 0.1:
        return picture
    taps = int(3 * radius)
    taps += 1 - taps % 2
    weights = np.array([np.exp(-((k - taps // 2) ** 2) / 2 / radius**2) for k in range(taps)])
    weights /= weights.sum()
    half = taps // 2
    wide = np.pad(picture, ((half, half), (half, half), (0, 0)), mode="edge")
    across = sum(w * wide[:, k : k + picture.shape[1]] for k, w in enumerate(weights))
    return sum(w * across[k : k + picture.shape[0]] for k, w in enumerate(weights))


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize(
    ("function", "focus", "aperture"), [(near_focus, 0, lambda s: s + 2), (far_focus, 7, lambda s: s + 0.5)]
)
def test_focus_blends_the_blurs_of_the_two_nearest_quantiles(function, focus, aperture, severity):
    edges = [float(np.quantile(RAMP, k / 8)) for k in range(9)]
    edges[0], edges[8] = edges[0] - 1e-4 * UNIT, edges[8] + 1e-4 * UNIT
    blurred = [_gaussian(PICTURE, aperture(severity) * abs(e - edges[focus]) / e) for e in edges]
    found = function(PICTURE, RAMP, severity, None)
    for i, j in [(0, 0), (2, 17), (3, 90), (5, 150), (9, 223)]:
        k = max(k for k in range(8) if edges[k] < RAMP[i, j])
        share = (RAMP[i, j] - edges[k]) / (edges[k + 1] - edges[k])
        near, far = 1 - share**2, 1 - (1 - share) ** 2
        expected = (near * blurred[k][i, j] + far * blurred[k + 1][i, j]) / (near + far)
        assert found[i, j] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("width", "times"), [(48, 5), (64, 4), (112, 2)])
@pytest.mark.parametrize("radius", [0.5, 2.0, 5.0])
def test_a_small_picture_is_blurred_as_if_enlarged_by_repetition(width, times, radius):
    picture = PICTURE[:, :width]
    large = _gaussian(picture.repeat(times, 0).repeat(times, 1), radius)
    expected = large.reshape(10, times, width, times, 3).mean((1, 3))
    assert enlargement(width) == times
    assert blur(picture, radius) == pytest.approx(expected, abs=1e-9)


def test_a_constant_depth_is_in_focus_everywhere():
    assert np.abs(near_focus(PICTURE, np.full((10, 224), 3.0), 5, None) - PICTURE).max() < 0.05


def test_pictures_come_back_in_their_type():
    eight_bits = np.rint(255 * PICTURE).astype(np.uint8)
    found = fog_3d(eight_bits, RAMP, 3, None)
    assert found.dtype == np.uint8
    assert np.abs(found - 255 * fog_3d(eight_bits / 255, RAMP, 3, None)).max() <= 0.5
    assert fog_3d(PICTURE.astype(np.float32), RAMP, 3, None).dtype == np.float32


def test_inverse_depth_is_capped_at_half_a_unit():
    assert depth_from_inverse([65535, 1024, 3]) == pytest.approx([UNIT * 512 / 65535, UNIT / 2, UNIT / 2])


@pytest.mark.parametrize("name", DEPTH)
@pytest.mark.parametrize(
    ("depth", "problem"),
    [
        (None, "depth is missing"),
        (np.zeros((10, 224)), "zero, negative or not finite at 2240 of 2240 pixels"),
        (np.where(RAMP > 6, np.nan, RAMP), "not finite at"),
        (RAMP[:, :-1], r"depth of shape \(10, 223\) for a picture of \(10, 224\)"),
    ],
    ids=["missing", "all zero", "not a number", "of another size"],
)
def test_depth_that_cannot_be_used_is_refused(name, depth, problem):
    with pytest.raises(BadInput, match=problem):
        CORRUPTIONS[name](PICTURE, depth, 1, RNG)


@pytest.mark.parametrize(
    ("picture", "severity", "problem"),
    [
        (PICTURE[..., 0], 1, "picture of shape"),
        (PICTURE * 255, 1, r"outside \[0, 1\]"),
        (PICTURE, 0, "severity is 0"),
        (PICTURE, 6, "severity is 6"),
    ],
)
def test_pictures_and_severities_that_cannot_be_right_are_refused(picture, severity, problem):
    with pytest.raises(BadInput, match=problem):
        fog_3d(picture, RAMP, severity, None)


def test_refused_pictures_are_counted_and_the_others_corrupted():
    found = corrupt_all("fog_3d", 2, [PICTURE] * 4, [RAMP, None, np.zeros((10, 224)), RAMP])
    assert found.position == [0, 3] and len(found.pictures) == 2
    assert list(found.refused) == [1, 2] and found.refused[1] == "depth is missing"
    assert np.array_equal(found.pictures[0], found.pictures[1])


def test_unknown_corruptions_are_named():
    with pytest.raises(UnknownName, match="Did you mean fog_3d"):
        corrupt_all("fog3d", 1, [], [])
    with pytest.raises(BadInput, match="0 depth maps for 1 pictures"):
        corrupt_all("fog_3d", 1, [PICTURE], [])
