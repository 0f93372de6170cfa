"""NAVI, ScanNet's pairs and SPair-71k in miniature, nested and named as in the real ones."""

import json
from pathlib import Path

import numpy as np
from PIL import Image


def save(path: Path, values: np.ndarray, **options) -> None:
    """An image file of these values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)


def write_scannet(root: Path, keep: int = 1) -> Path:
    """Three frames of a wall, two metres away, from cameras ten centimetres apart.

    keep: one in so many pixels each way, of those that are asked for, has a depth.
    """
    scene = root / "scene0707_00"
    depth = np.zeros((480, 640), np.uint16)
    depth[:: 4 * keep, :: 4 * keep] = 2000
    for i, frame in enumerate((15, 585, 990)):
        save(scene / "color" / f"{frame}.jpg", np.full((480, 640, 3), 60 * i, np.uint8))
        save(scene / "depth" / f"{frame}.png", depth)
        camera = np.eye(4)
        camera[0, 3] = 0.1 * i
        (scene / "pose").mkdir(exist_ok=True)
        np.savetxt(scene / "pose" / f"{frame}.txt", camera)
    np.savez(root / "test.npz", name=np.array([[707, 0, 15, 585], [707, 0, 15, 990]]))
    np.savez(root / "intrinsics.npz", scene0707_00=np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]]))
    return root


def write_navi(root: Path, keep: int = 1, angles=(0, 60, 180)) -> Path:
    """A flat object, half a metre away, in photographs of it turned by so many degrees about the axis.

    keep: one in so many rows of the object has a depth, and as many columns.
    """
    notes = []
    for i, angle in enumerate(angles):
        folder = root / "duck" / "wild_set"
        values = np.zeros((60, 80), np.uint16)
        values[20:40:keep, 30:60:keep] = round(655_350 / 500)
        picture = np.full((120, 160, 3), 255, np.uint8)
        picture[40:80, 60:120] = (200, 0, 0)
        save(folder / "images" / f"{i:03d}.jpg", picture, quality=95)
        save(folder / "depth" / f"{i:03d}.png", values)
        half = np.radians(angle) / 2
        camera = {"q": [np.cos(half), 0, 0, np.sin(half)], "t": [0, 0, 0], "focal_length": 240.0}
        notes.append({"filename": f"{i:03d}.jpg", "image_size": [120, 160], "camera": camera})
    (root / "duck" / "wild_set" / "annotations.json").write_text(json.dumps(notes))
    return root


def write_spair(root: Path) -> Path:
    """Four pairs of a cat, 100 x 60, with another, 50 x 80; the third keypoint is on the first only."""
    for name, size, kps in (
        ("2008_1", (100, 60), {"0": [10, 20], "1": [50, 30], "2": [5, 5], "3": None}),
        ("2008_2", (50, 80), {"0": [40, 8], "1": [20, 40], "2": None, "3": [1, 1]}),
    ):
        save(root / "JPEGImages" / "cat" / f"{name}.jpg", np.zeros((*size[::-1], 3), np.uint8))
        path = root / "ImageAnnotation" / "cat" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"filename": f"{name}.jpg", "kps": kps}))
    folder = root / "PairAnnotation" / "test"
    folder.mkdir(parents=True)
    for i in range(4):
        pair = {"filename": f"{i:06d}-2008_1-2008_2:cat", "category": "cat", "viewpoint_variation": i % 2}
        (folder / f"{i:06d}.json").write_text(json.dumps(pair | {"trg_bndbox": [10, 10, 40, 50]}))
    return root
