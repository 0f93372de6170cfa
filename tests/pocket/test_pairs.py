"""The pairs of the pocket world: which are used, what is asked, and that truth is where it is said to be."""

import numpy as np
import pytest
from PIL import Image

from clipkit.dense import dense
from clipkit.pocket.evaluation_sets import part_pairs, scene_pairs, view_pairs
from clipkit.pocket.outputs import PocketOutputs, dense_size
from clipkit.pocket.pairs import EVERY, STEP, PairImages, pairs
from clipkit.pocket.world.palette import CLASS_NAMES


@pytest.fixture(scope="module")
def sets(small):
    draws = {"view-pairs": view_pairs, "scene-pairs": scene_pairs, "part-pairs": part_pairs}
    return {name: small(draw, 26, name=name, geometry=True, samples=1) for name, draw in draws.items()}


@pytest.mark.parametrize("name", EVERY)
def test_pairs_point_at_their_images(sets, name):
    data = sets[name]
    images, found = PairImages(data), pairs(data)
    assert len(images) == 2 * len(found) == 2 * -(-26 // EVERY[name])
    assert [(p.first, p.second) for p in found] == [(2 * k, 2 * k + 1) for k in range(len(found))]
    k = len(found) - 1
    row = 2 * EVERY[name] * k
    assert images.ids[found[k].first] == f"{row:06d}"
    assert np.array_equal(np.asarray(images[found[k].second].image), data.images[row + 1])
    assert images.fingerprint != data.fingerprint and pairs(data) is found


def test_the_stride_through_the_pairs_reaches_every_class():
    assert all(len(CLASS_NAMES) % every for every in EVERY.values())


@pytest.mark.parametrize("name", ["view-pairs", "scene-pairs"])
def test_targets_show_the_place_that_the_query_shows(sets, name):
    """The candidate next to a target lies within a few hundredths of its place; at edges, on another surface."""
    off = []
    for pair in pairs(sets[name]):
        nearest = np.abs(pair.candidates[None] - pair.target[:, None]).max(-1).argmin(1)
        off.append(np.linalg.norm(pair.candidate_place[nearest] - pair.query_place, axis=1))
    assert np.median(np.concatenate(off)) < 0.06
    assert np.mean(np.concatenate(off) < 0.2) > 0.9


def test_candidates_are_the_object_or_the_whole_picture(sets):
    view, scene, part = (pairs(sets[name])[0] for name in EVERY)
    assert len(scene.candidates) == len(part.candidates) == (48 / STEP) ** 2 > len(view.candidates) > 20
    assert (view.angle, view.scale) == (sets["view-pairs"].table["angle"][0], 48) and np.isnan(part.angle)


def test_parts_have_equal_places_and_a_scale_of_the_bounding_box(sets):
    data = sets["part-pairs"]
    pair = pairs(data)[1]
    row = PairImages(data).rows[pair.second]
    inside = np.argwhere(data.geometry["instance"][row] == 0)
    assert pair.scale == pytest.approx(48 / (np.ptp(inside, axis=0).max() + 1))
    nearest = np.linalg.norm(pair.candidate_place[None] - pair.query_place[:, None], axis=-1).min(1)
    assert np.median(nearest) < 0.1, "the same part, and nearly the same place on it"
    assert (pair.query_place[:, 3] >= 0).all() and (pair.candidate_place[:, 3] < 0).any()


@pytest.mark.parametrize(("model", "cells", "width"), [("resnet-wild-s0", 6, 512), ("vit-wild-s0", 12, 128)])
def test_a_models_maps_belong_to_the_images_of_the_pairs(sets, tmp_path, model, cells, width):
    data = sets["part-pairs"]
    outputs = PocketOutputs(model, tmp_path)
    outputs._data["part-pairs"] = data
    maps, found = outputs.dense("part-pairs"), outputs.pairs("part-pairs")
    assert maps.shape == (2 * len(found), cells, cells, width) and maps.dtype == np.float16
    tower = dense(outputs.model, size=dense_size(outputs.card))
    image = Image.fromarray(data.images[2 * EVERY["part-pairs"] + 1])
    direct = tower.encode_image(tower.preprocess(image)[None])[0].numpy()
    np.testing.assert_allclose(
        maps[found[1].second].astype(float), direct.astype(float), atol=0.02, rtol=0.02
    )
