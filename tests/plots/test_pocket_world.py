"""The pictures of the pocket world: every pixel a square, every word on the page, nothing but images of the sets."""

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from clipkit.errors import UnknownName
from clipkit.plots import pixel_page, pocket_world
from clipkit.pocket.dataset import load
from clipkit.pocket.sets import SETS
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.world.palette import CLASS_NAMES, NEAR_OOD_NAMES


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def words() -> list[str]:
    return [text.get_text() for text in plt.gca().texts]


def canvas() -> np.ndarray:
    return plt.gca().images[0].get_array()


def test_a_pixel_becomes_a_square_of_pixels(rng):
    image = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    page = pixel_page.grid_page(
        [[image, None], [None, image]], 4, rows=["a", "b"], columns=["c", "d"], margin=9
    )
    left, top, side = 9, pixel_page.LINE, 20
    assert (page.canvas[top : top + side : 4, left : left + side : 4] == image).all()
    assert (page.canvas[top + 3 : top + side : 4, left + 3 : left + side : 4] == image).all()
    assert (page.canvas[top : top + side, left + side + pixel_page.GAP :] == 255).all()
    assert words() == ["c", "d", "a", "b"]


def test_a_page_is_drawn_pixel_by_pixel(rng):
    image = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    page = pixel_page.grid_page([[image]], 3)
    page.figure.canvas.draw()
    drawn = np.asarray(page.figure.canvas.buffer_rgba())[..., :3]
    assert (drawn[: 6 * 3, : 6 * 3] == image.repeat(3, 0).repeat(3, 1)).all()


def test_pictures_are_those_of_the_set(tmp_path):
    first = load(replace(SETS["texture-only-neutral"], n=3), tmp_path, progress=False)
    shown = pocket_world.pictures("texture-only-neutral", [0, 2])
    assert (shown[0] == first.images[0]).all() and (shown[1] == first.images[2]).all()


def test_finished_images_need_no_scene():
    assert (pocket_world.pictures("far-noise", [1])[0] == pocket_world.draw("far-noise", 2).images[1]).all()


def test_unknown_names_are_told_apart():
    with pytest.raises(UnknownName, match="unknown pocket set 'wilde'\n.*Did you mean wild?"):
        pocket_world.draw("wilde", 1)
    for sheet in (pocket_world.factor_sheet, pocket_world.caption_cards):
        with pytest.raises(UnknownName, match="unknown class 'girafe'\n.*Did you mean giraffe?"):
            sheet("girafe")


def test_class_sheet_names_every_class_once_and_each_set_in_both_bands():
    pocket_world.class_sheet(["factors", "far-textures"], scale=1)
    assert [w for w in words() if w in CLASS_NAMES] == list(CLASS_NAMES)
    assert words().count("typical") == words().count("far-textures") == 2


def test_factor_sheet_names_every_factor():
    pocket_world.factor_sheet("mug")
    assert [w for w in words() if w] == ["base", *FACTORS]


def test_ood_sheet_names_every_near_class():
    pocket_world.ood_sheet(columns=6)
    assert [w for w in words() if w in NEAR_OOD_NAMES] == list(NEAR_OOD_NAMES)
    assert {"far-textures", "far-empty", "far-noise", "far-drawings"} < set(words())


def test_distribution_sheet_has_a_row_for_each_training_distribution():
    pocket_world.distribution_sheet(columns=2)
    assert words() == [CLASS_NAMES[0], CLASS_NAMES[-1], "wild", "studio", "catalogue", "mixed"]


def test_a_cue_conflict_is_looked_up_by_its_two_classes(monkeypatch):
    seen = []

    def render(scenes, size):
        seen.extend(scenes)
        return np.zeros((len(scenes), size, size, 3), np.uint8)

    monkeypatch.setattr(pocket_world, "render", render)
    pocket_world.cue_conflict_sheet(["car", "tree"], ["bus", "tree"], "other")
    ball, cube, *inside = seen
    assert [(s.label, s.texture_of) for s in (ball, cube)] == [("ball", "bus"), ("cube", "tree")]
    found = [(s.label, s.texture_of, s.repaint) for s in inside]
    assert found == [
        ("car", "", True), ("car", "bus", True), ("car", "tree", True),
        ("tree", "", True), ("tree", "bus", True), ("tree", "tree", False),
    ]  # fmt: skip


def test_lines_join_points_that_both_cameras_see():
    pocket_world.geometry_sheet(pair=7, lines=4)
    lines = plt.gca().lines[1::2]
    assert len(lines) == 4
    assert len({tuple(line.get_xydata()[0]) for line in lines}) == 4
    height, width = canvas().shape[:2]
    assert all(((0 <= xy) & (xy <= (width, height))).all() for xy in (line.get_xydata() for line in lines))
    assert {"depth", "instance", "part", "coordinates"} < set(words())


def test_points_are_spread():
    points = np.array([[0.0, 0.0], [1.0, 0.1], [10.0, 1.0], [0.0, 10.0]])
    assert pocket_world._spread(points, 3) == [0, 2, 3]
    assert len(pocket_world._spread(points[:2], 5)) == 2


def test_caption_cards_describe_their_pictures():
    html = pocket_world.caption_cards("mug", prompts=5)
    pictures = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)" width="(\d+)"', html)
    assert [side for _, side in pictures] == ["192", "96", "96", "96", "96"]
    assert all("mug" in alt or "cup" in alt for alt, _ in pictures)
    assert html.count("<li>true: ") == html.count("<li>false: ") == 4
    assert "<li>a photo of a mug</li>" in html
