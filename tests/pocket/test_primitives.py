"""Ray against primitive: distances and normals that can be worked out by hand."""

import numpy as np
import pytest

from clipkit.pocket.world import primitives as p
from clipkit.pocket.world.assemble import assemble


def row(kind, taper=(1.0, 1.0), centre=(0, 0, 0), half=(1, 1, 1)):
    out = np.zeros(p.ROW_LENGTH)
    out[p.KIND], out[p.TAPER_X : p.TAPER_Y + 1] = kind, taper
    local = np.hstack([np.diag(1 / np.array(half, float)), (-np.array(centre, float) / half)[:, None]])
    out[p.TO_LOCAL : p.TO_LOCAL + 12] = local.ravel()
    out[p.BOUND : p.BOUND + 4] = [*centre, np.linalg.norm(half)]
    return out


def hit(primitive, origin, direction):
    t, *normal = p.hit(primitive[None], 0, *map(float, origin), *map(float, direction), 1e-3, p.FAR)
    return t, np.array(normal) / (np.linalg.norm(normal) or 1)


@pytest.mark.parametrize(
    "primitive, origin, direction, distance, normal",
    [
        (row(p.ELLIPSOID), (-5, 0, 0), (1, 0, 0), 4, (-1, 0, 0)),
        (row(p.ELLIPSOID, half=(2, 1, 1)), (-5, 0, 0), (1, 0, 0), 3, (-1, 0, 0)),
        (row(p.ELLIPSOID, centre=(1, 0, 0)), (-5, 0, 0), (1, 0, 0), 5, (-1, 0, 0)),
        (row(p.BOX), (0, -5, 0.5), (0, 1, 0), 4, (0, -1, 0)),
        (row(p.BOX, (0.5, 1)), (-5, 0, 0), (1, 0, 0), 4.25, (-1, 0, 0.25) / np.sqrt(1.0625)),
        (row(p.FRUSTUM), (0, -5, 0), (0, 1, 0), 4, (0, -1, 0)),
        (row(p.FRUSTUM), (0.5, 0, 5), (0, 0, -1), 4, (0, 0, 1)),
        (row(p.FRUSTUM, (0.0, 0.0)), (-5, 0, 0), (1, 0, 0), 4.5, (-1, 0, 0.5) / np.sqrt(1.25)),
        (row(p.DOME), (0, 0, 5), (0, 0, -1), 4, (0, 0, 1)),
        (row(p.DOME), (0, 0, -5), (0, 0, 1), 5, (0, 0, -1)),
    ],
)
def test_distance_and_normal(primitive, origin, direction, distance, normal):
    t, n = hit(primitive, origin, direction)
    assert t == pytest.approx(distance)
    np.testing.assert_allclose(n, normal, atol=1e-12)


@pytest.mark.parametrize("kind", [p.ELLIPSOID, p.BOX, p.FRUSTUM, p.DOME])
def test_misses_what_lies_beside_and_behind(kind):
    assert hit(row(kind), (-5, 0, 1.01), (1, 0, 0))[0] == p.FAR
    assert hit(row(kind), (-5, 0, 0.5), (-1, 0, 0))[0] == p.FAR


def test_a_dome_has_no_lower_half():
    assert hit(row(p.DOME), (-5, 0, -0.5), (1, 0, 0))[0] == p.FAR


def test_the_nearest_of_several_wins():
    rows = np.array([row(p.ELLIPSOID, centre=(3, 0, 0)), row(p.BOX, centre=(-2, 0, 0), half=(0.5, 1, 1))])
    spheres = np.array([[3, 0, 0, 1.1, 0, 1], [-2, 0, 0, 2, 1, 2]], float)
    index, t, *_ = p.first_hit(rows, spheres, -5.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1e-3, p.FAR, False)
    assert (index, t) == (1, pytest.approx(2.5))


def test_the_bounding_sphere_of_every_primitive_holds_it(wild_scenes):
    for scene in wild_scenes:
        a = assemble(scene)
        for r in a.rows:
            to_local = r[p.TO_LOCAL : p.TO_LOCAL + 12].reshape(3, 4)
            world = np.linalg.inv(to_local[:, :3])
            u = np.random.default_rng(0).normal(size=(200, 3))
            if r[p.KIND] in (p.ELLIPSOID, p.DOME):
                u /= np.linalg.norm(u, axis=1, keepdims=True)
            else:
                u = np.sign(u) * np.where(u[:, 2:] > 0, [max(1, r[p.TAPER_X]), max(1, r[p.TAPER_Y]), 1], 1)
            points = (u - to_local[:, 3]) @ world.T
            assert np.linalg.norm(points - r[p.BOUND : p.BOUND + 3], axis=1).max() <= r[p.BOUND + 3]
