"""Two images of one thing: points that correspond lie on the same part, at the same place of the object."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.pocket.correspondence import geometric_matches, semantic_matches
from clipkit.pocket.evaluation_sets import from_distribution, part_pairs, scene_pairs, view_pairs
from clipkit.pocket.world.palette import CLASS_NAMES


@pytest.fixture(scope="module")
def views(small):
    return small(view_pairs, 52, name="views", geometry=True, samples=1)


def nearest(data, name, image, points):
    column, row = np.floor(points).astype(int).T
    return np.asarray(data.geometry[name][image])[row, column]


def test_co_visible_points_agree_on_the_part_and_on_the_place(views):
    agree, apart, matched, visible = [], [], 0, 0
    for first in range(0, 104, 2):
        m = geometric_matches(views, first, first + 1)
        agree.append(nearest(views, "part", first + 1, m.second) == m.part)
        here = nearest(views, "coordinates", first, m.first)
        apart.append(np.linalg.norm(nearest(views, "coordinates", first + 1, m.second) - here, axis=1))
        if views.table["angle"][first] < 40:
            matched += len(m.first)
            visible += (views.geometry["instance"][first] == 0).sum()
    assert np.concatenate(agree).mean() >= 0.95
    assert np.median(np.concatenate(apart)) < 0.05
    assert matched > 0.5 * visible


def test_an_image_corresponds_to_itself(views):
    m = geometric_matches(views, 0, 0)
    np.testing.assert_allclose(m.first, m.second, atol=1e-4)
    assert len(m.first) == (views.geometry["instance"][0] >= 0).sum()


def test_angles_cover_the_range_evenly(views):
    angles = views.table["angle"].to_numpy()[::2]
    assert np.histogram(angles, [0, 30, 60, 90, 120])[0].tolist() == [13, 13, 13, 13]


def test_scene_pairs_correspond_on_the_ground_too(small):
    data = small(scene_pairs, 6, name="scenes", geometry=True, samples=1)
    for first in range(0, 12, 2):
        objects, everything = (
            geometric_matches(data, first, first + 1, objects_only=o) for o in (True, False)
        )
        assert len(everything.first) > len(objects.first) > 0


def test_semantic_matches_are_the_same_place_of_the_same_part(small):
    data = small(part_pairs, 26, name="parts", geometry=True, samples=1)
    found = 0
    for first in range(0, 52, 2):
        m = semantic_matches(data, first, first + 1)
        found += len(m.first) > 0
        assert (nearest(data, "part", first + 1, m.second) == m.part).all()
        assert data.scenes[first].subcategory == data.scenes[first + 1].subcategory
    assert found >= 20


def test_a_set_without_geometry_is_refused(small):
    data = small(lambda *a: from_distribution("wild", CLASS_NAMES, *a), 2, name="no geometry", samples=1)
    with pytest.raises(BadInput, match="was rendered without geometry"):
        geometric_matches(data, 0, 1)
