"""Readers of pairs, on miniatures in the layout of the real sets; and pairs made of depth and cameras."""

import json

import numpy as np
import pytest
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


def save(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)


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
    """Three frames of a wall, two metres away, from cameras ten centimetres apart."""
    scene = tmp_path / "scene0707_00"
    for i, frame in enumerate((15, 585, 990)):
        save(scene / "color" / f"{frame}.jpg", np.full((480, 640, 3), 60 * i, np.uint8))
        save(scene / "depth" / f"{frame}.png", np.full((480, 640), 2000, np.uint16))
        camera = np.eye(4)
        camera[0, 3] = 0.1 * i
        (scene / "pose").mkdir(exist_ok=True)
        np.savetxt(scene / "pose" / f"{frame}.txt", camera)
    np.savez(tmp_path / "test.npz", name=np.array([[707, 0, 15, 585], [707, 0, 15, 990]]))
    np.savez(tmp_path / "intrinsics.npz", scene0707_00=np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]]))
    return tmp_path


def test_scannet_errors_are_in_pixels_of_the_small_map(scannet):
    images = ScanNetPairs(scannet, n_expected=2)
    assert images.ids == [f"scene0707_00/color/{i}.jpg" for i in (15, 585, 990)]
    near, far = images.pairs()
    assert (near.first, near.second, far.second) == (0, 1, 2) and near.angle == 0
    assert len(near.query) == 120 * 160 and near.scale == 160
    moved = near.scale * (near.query - near.target)[:, 0]
    np.testing.assert_allclose(moved, 600 * 0.1 / 2 / 4)
    assert images[1].image.size == (640, 480)


@pytest.mark.parametrize("kind", ["color", "depth", "pose"])
def test_a_scannet_pair_with_a_missing_file_is_left_out(scannet, kind):
    next((scannet / "scene0707_00" / kind).glob("990.*")).unlink()
    images = ScanNetPairs(scannet, n_expected=2)
    assert len(images.pairs()) == 1
    assert images.left_out == {"scene0707_00/15-990": f"frame 990 has no file in {kind}"}


def test_a_scannet_depth_map_of_another_size_is_left_out_and_one_of_zeros_is_not_usable(scannet):
    depth = scannet / "scene0707_00" / "depth"
    save(depth / "990.png", np.full((240, 320), 2000, np.uint16))
    save(depth / "585.png", np.zeros((480, 640), np.uint16))
    images = ScanNetPairs(scannet, n_expected=2)
    assert images.left_out == {"scene0707_00/15-990": "depth of frame 990 is 320 x 240"}
    assert [p.usable for p in images.pairs()] == [False]


def test_scannet_counts_its_pairs(scannet):
    with pytest.raises(BadInput, match="lists 2 pairs, 1500 expected"):
        ScanNetPairs(scannet)
    (scannet / "test.npz").unlink()
    with pytest.raises(MissingData, match=r"no test\.npz"):
        ScanNetPairs(scannet)


# NAVI


@pytest.fixture
def navi(tmp_path):
    """A flat object, half a metre away, in three photographs: as it is, turned by 60° about the axis, by 180°."""
    notes = []
    for i, angle in enumerate((0, 60, 180)):
        folder = tmp_path / "duck" / "wild_set"
        values = np.zeros((60, 80), np.uint16)
        values[20:40, 30:60] = round(655_350 / 500)
        picture = np.full((120, 160, 3), 255, np.uint8)
        picture[40:80, 60:120] = (200, 0, 0)
        save(folder / "images" / f"{i:03d}.jpg", picture, quality=95)
        save(folder / "depth" / f"{i:03d}.png", values)
        half = np.radians(angle) / 2
        camera = {"q": [np.cos(half), 0, 0, np.sin(half)], "t": [0, 0, 0], "focal_length": 240.0}
        notes.append({"filename": f"{i:03d}.jpg", "image_size": [120, 160], "camera": camera})
    (tmp_path / "duck" / "wild_set" / "annotations.json").write_text(json.dumps(notes))
    return tmp_path


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
    ("spoil", "why"),
    [
        (lambda f: (f / "depth" / "001.png").unlink(), "no depth map"),
        (lambda f: (f / "images" / "001.jpg").unlink(), "no image"),
        (lambda f: save(f / "depth" / "001.png", np.zeros((60, 80), np.uint16)), "depth is zero everywhere"),
        (lambda f: save(f / "depth" / "001.png", np.ones((9, 9), np.uint16)), "depth is 9 x 9, the image 160 x 120"),
    ],
)  # fmt: skip
def test_a_navi_photograph_without_sound_depth_is_left_out(navi, spoil, why):
    spoil(navi / "duck" / "wild_set")
    images = Navi(navi, every=1, max_angle=180)
    assert images.left_out == {"duck/001": why}
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
    """Four pairs of a cat, 100 x 60, with another, 50 x 80; the third keypoint is on the first only."""
    for name, size, kps in (
        ("2008_1", (100, 60), {"0": [10, 20], "1": [50, 30], "2": [5, 5], "3": None}),
        ("2008_2", (50, 80), {"0": [40, 8], "1": [20, 40], "2": None, "3": [1, 1]}),
    ):
        save(tmp_path / "JPEGImages" / "cat" / f"{name}.jpg", np.zeros((*size[::-1], 3), np.uint8))
        path = tmp_path / "ImageAnnotation" / "cat" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"filename": f"{name}.jpg", "kps": kps}))
    folder = tmp_path / "PairAnnotation" / "test"
    folder.mkdir(parents=True)
    for i in range(4):
        pair = {"filename": f"{i:06d}-2008_1-2008_2:cat", "category": "cat", "viewpoint_variation": i % 2}
        (folder / f"{i:06d}.json").write_text(json.dumps(pair | {"trg_bndbox": [10, 10, 40, 50]}))
    return tmp_path


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
