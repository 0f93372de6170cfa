"""Pictures: the same bytes everywhere, and a truth behind the pixels that agrees with itself."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from clipkit.pocket.world import Scene, render, render_geometry
from clipkit.pocket.world.camera import project, unproject
from clipkit.pocket.world.scene import STYLES
from clipkit.pocket.world.shapes import FAMILIES, build_shape

PROGRAM = """
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
from clipkit.pocket.world import render
from clipkit.pocket.world.sampling import Dice, draw_from
labels = ("mug", "bus", "dog", "tree", "boat", "lamp")
scenes = [draw_from("mixed", label, Dice(4, i)) for i, label in enumerate(labels)]
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    parts = list(pool.map(lambda s: render([s], 32, 4).tobytes(), scenes))
print(hashlib.sha256(b"".join(parts) + "".join(s.to_json() for s in scenes).encode()).hexdigest())
"""


def test_same_seed_same_bytes_in_every_process_and_with_any_number_of_threads():
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, threads], capture_output=True, text=True, check=True
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1 and len(found.pop().strip()) == 64


def test_a_picture_does_not_depend_on_its_neighbours(wild_scenes):
    together = render(wild_scenes[:6], 24, 1)
    alone = np.concatenate([render([s], 24, 1) for s in wild_scenes[:6]])
    assert hashlib.sha256(together).digest() == hashlib.sha256(alone).digest()


@pytest.mark.parametrize("style", STYLES)
def test_every_style_gives_a_picture_of_its_own(style):
    scene = Scene(
        label="duck",
        subcategory="rubber duck",
        colour="yellow",
        accent="orange",
        background="grass",
        style=style,
    )
    image = render([scene], 32)[0]
    assert image.dtype == np.uint8 and image.std() > 10
    if style != "photo":
        assert (image != render([replace(scene, style="photo")], 32)[0]).mean() > 0.3


def test_depth_goes_to_world_points_and_back(wild_scenes):
    g = render_geometry(wild_scenes[:8], 32)
    for k in range(8):
        points = unproject(g.depth[k], g.intrinsics[k], g.extrinsics[k]).reshape(-1, 3)
        pixels, depth = project(points, g.intrinsics[k], g.extrinsics[k])
        x, y = np.meshgrid(np.arange(32) + 0.5, np.arange(32) + 0.5)
        np.testing.assert_allclose(pixels, np.stack([x.ravel(), y.ravel()], 1), atol=1e-5)
        np.testing.assert_allclose(depth, g.depth[k].ravel(), rtol=1e-5)


def test_floor_pixels_lie_on_the_floor(wild_scenes):
    g = render_geometry(wild_scenes, 32)
    below = points_below = 0
    for k in range(len(wild_scenes)):
        z = unproject(g.depth[k], g.intrinsics[k], g.extrinsics[k])[..., 2]
        assert z.min() > -1e-3
        floor = (g.instance[k] == -1) & (np.abs(z) < 1e-3)
        below += floor.sum()
        points_below += (g.instance[k] == -1).sum()
    assert below > 0.4 * points_below


def test_geometry_marks_what_is_in_the_scene(wild_scenes):
    g = render_geometry(wild_scenes, 48)
    for scene, instance, part, coordinates in zip(
        wild_scenes, g.instance, g.part, g.coordinates, strict=True
    ):
        assert (instance == 0).sum() >= 20, f"{scene.label} can hardly be seen"
        assert instance.max() <= len(scene.others) + (scene.occluder is not None)
        names = build_shape(scene.label, scene.subcategory).parts
        assert part[instance == 0].max() < len(names)
        np.testing.assert_array_equal(np.isnan(coordinates[..., 0]), instance == -1)


@pytest.mark.parametrize("name", [n for n in FAMILIES if n != "nothing"])
def test_every_subcategory_fills_the_frame_as_asked(name):
    for subcategory in FAMILIES[name].subcategories:
        scene = Scene(label=name, subcategory=subcategory, colour="red", accent="white")
        rows, columns = np.nonzero(render_geometry([scene], 48).instance[0] == 0)
        extent = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 0.6 * 48 < extent < 0.9 * 48


def test_an_object_moved_to_the_edge_is_seen_in_part():
    whole = Scene(label="bus", subcategory="city bus", colour="red", accent="white")
    seen = [
        (render_geometry([s], 48).instance[0] == 0).sum()
        for s in (whole, replace(whole, crop=0.5), replace(whole, crop=-0.5))
    ]
    assert all(0.2 * seen[0] < n < 0.8 * seen[0] for n in seen[1:])
