"""Readers of pairs, on miniatures in the layout of the real sets; and pairs made of depth and cameras."""

import json

import numpy as np
import pytest
from pair_miniatures import save, write_navi, write_scannet, write_spair
from PIL import Image

from clipkit.datasets.navi import Navi, pose
from clipkit.datasets.pairs import DepthView, geometric_pair
from clipkit.datasets.scannet_pairs import ScanNetPairs
from clipkit.datasets.spair import SPair
from clipkit.errors import BadInput, MissingData

K = np.array([[40.0, 0, 20], [0, 40, 15], [0, 0, 1]])


def seen_from(x=0.0, depth=2.0, shape=(30, 40)):
    """A wall at z = depth, from a camera moved to the right by x."""
    extrinsics = np.eye(4)
    extrinsics[0, 3] = -x
    return DepthView(np.full(shape, depth), K, extrinsics)


def test_a_wall_moves_by_focal_length_times_shift_over_depth():
    pair = geometric_pair(0, 1, seen_from(), seen_from(x=0.1), step=3)
    assert len(pair.query) == 10 * 14 and pair.usable
    moved = (pair.query - pair.target) * (40, 30)
    np.testing.assert_allclose(moved, np.tile([40 * 0.1 / 2, 0], (len(moved), 1)), atol=1e-12)
    assert pair.query_place[:, 2].tolist() == [2.0] * len(moved) and pair.scale == 40


def test_identical_views_have_themselves_as_targets():
    pair = geometric_pair(0, 1, seen_from(), seen_from())
    np.testing.assert_allclose(pair.query, pair.target)
    np.testing.assert_allclose(pair.query_place, pair.candidate_place)


def test_depth_of_zeros_makes_a_pair_that_is_not_usable():
    nothing = seen_from(depth=0.0)
    for a, b in ((seen_from(), nothing), (nothing, seen_from())):
        assert not geometric_pair(0, 1, a, b).usable


def test_views_without_overlap_keep_their_points_and_those_behind_the_camera_are_dropped():
    away = seen_from(x=100.0)
    assert (geometric_pair(0, 1, seen_from(), away).target[:, 0] < 0).all()
    behind = away._replace(extrinsics=np.diag([1.0, 1, -1, 1]))
    assert len(geometric_pair(0, 1, seen_from(), behind).query) == 0


def test_maps_of_another_proportion_are_refused_and_a_larger_one_is_not():
    with pytest.raises(BadInput, match=r"depth maps are \(30, 40\) and \(30, 30\)"):
        geometric_pair(0, 1, seen_from(), seen_from(shape=(30, 30)))
    double = np.diag([2.0, 2.0, 1.0]) @ K
    finer = seen_from(shape=(60, 80))._replace(intrinsics=double)
    assert (
        abs(
            geometric_pair(0, 1, seen_from(), finer).target
            - geometric_pair(0, 1, seen_from(), seen_from()).target
        ).max()
        < 1e-12
    )


def test_a_map_needs_two_dimensions():
    with pytest.raises(BadInput, match=r"depth has shape \(1, 30, 40\)"):
        DepthView(np.ones((1, 30, 40)), K, np.eye(4)).points()


# ScanNet


@pytest.fixture
def scannet(tmp_path):
    return write_scannet(tmp_path)


def test_scannet_errors_are_in_pixels_of_the_small_map(scannet):
    images = ScanNetPairs(scannet)
    assert images.n_counted == 2 and images.ids == [f"scene0707_00/color/{i}.jpg" for i in (15, 585, 990)]
    near, far = images.pairs()
    assert (near.first, near.second, far.second) == (0, 1, 2) and near.angle == 0
    assert len(near.query) == 120 * 160 and near.scale == 160
    moved = near.scale * (near.query - near.target)[:, 0]
    np.testing.assert_allclose(moved, 600 * 0.1 / 2 / 4)
    assert images[1].image.size == (640, 480)


@pytest.mark.parametrize("kind", ["color", "depth", "pose"])
def test_a_scannet_pair_with_a_missing_file_is_a_defect(scannet, kind):
    next((scannet / "scene0707_00" / kind).glob("990.*")).unlink()
    images = ScanNetPairs(scannet)
    assert len(images.pairs()) == images.n_counted == 1
    assert images.defects == {"scene0707_00/15-990": f"frame 990 has no file in {kind}"}


def test_a_scannet_depth_map_of_another_size_is_a_defect_and_one_of_zeros_is_not_usable(scannet):
    depth = scannet / "scene0707_00" / "depth"
    save(depth / "990.png", np.full((240, 320), 2000, np.uint16))
    save(depth / "585.png", np.zeros((480, 640), np.uint16))
    images = ScanNetPairs(scannet)
    assert images.defects == {"scene0707_00/15-990": "depth of frame 990 is 320 x 240"}
    assert [p.usable for p in images.pairs()] == [False]


def test_scannet_needs_its_lists(scannet):
    (scannet / "test.npz").unlink()
    with pytest.raises(MissingData, match=r"no test\.npz"):
        ScanNetPairs(scannet)


# NAVI


@pytest.fixture
def navi(tmp_path):
    return write_navi(tmp_path)


def test_navi_cuts_to_the_object_and_places_it_in_metres(navi):
    images = Navi(navi, every=1)
    pairs = {(images.ids[p.first], images.ids[p.second]): p for p in images.pairs()}
    assert set(pairs) <= {
        ("duck/000", "duck/001"),
        ("duck/001", "duck/000"),
        ("duck/001", "duck/002"),
        ("duck/002", "duck/001"),
    }
    pair = pairs["duck/000", "duck/001"]
    assert pair.angle == pytest.approx(60) and pair.scale == 512
    # 30 of 80 pixels wide, 20 of 60 high; focal length 120 pixels of the map; half a metre away.
    width, height, depth = np.ptp(pair.query_place, axis=0)
    assert (width, height) == (
        pytest.approx(30 / 120 * 0.5, rel=0.05),
        pytest.approx(20 / 120 * 0.5, rel=0.05),
    )
    assert depth == 0 and pair.query_place[0, 2] == pytest.approx(0.5, rel=0.001)
    image = np.asarray(images[0].image)
    assert image.shape == (60, 60, 3), "the square around the object, in pixels of the photograph"
    reds = (image[..., 1] < 128).mean(1)
    assert reds[30] == 1 and reds[5] == 0


def test_navi_takes_downsampled_files_where_they_are(navi):
    folder = navi / "duck" / "wild_set" / "images"
    for path in list(folder.glob("*.jpg")):
        Image.open(path).resize((80, 60)).save(folder / f"downsampled_{path.name}")
    assert Navi(navi, every=1)[0].image.size == (30, 30)


def test_navi_turns_photographs_as_their_tag_says(navi):
    upright = np.asarray(Navi(navi, every=1)[0].image, int)
    path = navi / "duck" / "wild_set" / "images" / "000.jpg"
    tag = Image.Exif()
    tag[0x0112] = 6
    Image.open(path).transpose(Image.Transpose.ROTATE_90).save(path, exif=tag, quality=95)
    assert np.abs(np.asarray(Navi(navi, every=1)[0].image, int) - upright).mean() < 3


@pytest.mark.parametrize(
    ("spoil", "where", "why"),
    [
        (lambda f: (f / "depth" / "001.png").unlink(), "defects", "no depth map"),
        (lambda f: (f / "images" / "001.jpg").unlink(), "defects", "no image"),
        (lambda f: (f / "images" / "001.jpg").write_bytes(b"text"), "defects", "is not an image"),
        (lambda f: save(f / "depth" / "001.png", np.ones((9, 9), np.uint16)), "defects",
         "depth is 9 x 9, the image 160 x 120"),
        (lambda f: save(f / "depth" / "001.png", np.zeros((60, 80), np.uint16)), "left_out",
         "depth is zero everywhere"),
    ],
)  # fmt: skip
def test_a_navi_photograph_without_sound_depth_is_passed_over(navi, spoil, where, why):
    spoil(navi / "duck" / "wild_set")
    images = Navi(navi, every=1, max_angle=180)
    assert images.defects | images.left_out == getattr(images, where) == {"duck/001": why}
    assert sorted(images.ids) == ["duck/000", "duck/002"]


def test_navi_draws_partners_within_the_angle_only(navi):
    with pytest.raises(MissingData, match="no other view within 50 degrees"):
        Navi(navi, every=1, max_angle=50)
    assert [p.angle for p in Navi(navi, every=1, max_angle=70).pairs()] == [pytest.approx(60)] * 2


def test_navi_without_annotations_is_missing(navi):
    with pytest.raises(MissingData, match=r"no <object>/wild_set/annotations\.json"):
        Navi(navi / "duck")


def test_a_pose_turns_and_moves():
    found = pose({"q": [np.sqrt(0.5), 0, 0, np.sqrt(0.5)], "t": [100, 0, 0]})
    np.testing.assert_allclose(found @ [1, 0, 0, 1], [0.1, 1, 0, 1], atol=1e-12)


# SPair


@pytest.fixture
def spair(tmp_path):
    return write_spair(tmp_path)


def test_spair_asks_for_the_keypoints_of_both_in_the_padded_square(spair):
    images = SPair(spair)
    pair = images.pairs()[0]
    np.testing.assert_allclose(pair.query, [[0.1, 0.2], [0.5, 0.3]])
    np.testing.assert_allclose(pair.target, [[0.5, 0.1], [0.25, 0.5]])
    assert pair.scale == 80 / 40 and len(pair.candidates) == 2500 and pair.query_place is None
    image = np.asarray(images[0].image)
    assert image.shape == (100, 100, 3) and image[59].max() < 10 and image[61].min() == 255


def test_spair_keeps_so_many_pairs_of_each_class_and_level(spair):
    assert SPair(spair).levels == [0, 0, 1, 1]
    one = SPair(spair, most=1)
    assert (one.categories, one.levels) == (["cat", "cat"], [0, 1])


def test_a_spair_pair_without_its_files_is_left_out(spair):
    (spair / "ImageAnnotation" / "cat" / "2008_2.json").unlink()
    with pytest.raises(MissingData, match="holds the images of no pair"):
        SPair(spair)
    with pytest.raises(MissingData, match="no PairAnnotation/val"):
        SPair(spair, split="val")


def test_a_pair_without_common_keypoints_is_not_usable(spair):
    path = spair / "ImageAnnotation" / "cat" / "2008_2.json"
    path.write_text(json.dumps({"kps": {"0": None, "1": None, "2": None, "3": [1, 1]}}))
    assert not any(p.usable for p in SPair(spair).pairs())
