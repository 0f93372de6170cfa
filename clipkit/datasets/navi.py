"""NAVI v1: photographs of 36 objects with their pose and depth, read in pairs of the wild set.

Layout and units as read in the loader of probe3d (mbanani/probe3d, evals/datasets/{navi,utils}.py); the data were
not at hand:

    <object>/wild_set/annotations.json   a list: filename, image_size (h, w), camera {q (w, x, y, z), t, focal_length}
    <object>/wild_set/images/<id>.jpg    or images/downsampled_<id>.jpg, which is taken where it exists
    <object>/wild_set/depth/<id>.png     or depth/downsampled_<id>.png; 16 bit

A pose maps the object's coordinates to the camera's, in millimetres; focal lengths are in pixels of `image_size`.
Depth is 655,350 / value millimetres, and nothing is known where the value is 0. All lengths are given in metres.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from clipkit.datasets.images import NO_LABEL, Sample
from clipkit.datasets.pairs import DepthView, Pair, PairedImages, geometric_pair
from clipkit.errors import CorruptData, MissingData

_DEPTH = 655_350.0  # value · depth, in millimetres
_POINTS = 128  # points a side, probe3d's 512 / 4


class Navi(PairedImages):
    """The images of the pairs, each cut to the square around its object; ids are "<object>/<id>".

    every: each how many-th photograph of the wild sets is the first of a pair; its partner is drawn among the others
    of its object within `max_angle` degrees (seed). probe3d draws so too, but from the order in which its file system
    lists names, so *its very pairs cannot be had again*; and it cuts photographs to their middle square before it cuts
    them to the object, which this reader does not. A photograph without image or depth map, or with a map of another
    proportion, is one of the `defects`. One whose depth is zero everywhere, or that has no partner, is no defect and
    `left_out`: name → why.

    Raises MissingData if there are no annotations below `root`.
    """

    name = "navi"

    def __init__(self, root: str | Path, every: int = 4, max_angle: float = 120.0, seed: int = 8):
        self.root, self.defects, self.left_out = Path(root), {}, {}
        self._notes = {f"{p.parts[-3]}/{Path(a['filename']).stem}": a
                       for p in sorted(self.root.glob("*/wild_set/annotations.json"))
                       for a in json.loads(p.read_text())}  # fmt: skip
        if not self._notes:
            raise MissingData(
                f"no <object>/wild_set/annotations.json below {self.root}", "unpack navi_v1.tar.gz there"
            )
        known = [i for i in sorted(self._notes) if self._is_whole(i)]
        self._chosen = self._draw(known, every, max_angle, np.random.default_rng(seed))
        used = sorted({i for both in self._chosen for i in both})
        if not used:
            raise MissingData(
                f"{self.root} holds no two usable views of an object: {self.defects | self.left_out}",
                "complete the copy",
            )
        self._set_entries([(i, NO_LABEL) for i in used])

    def read(self, index: int) -> bytes:
        try:
            return self._path("images", self.ids[index], "jpg").read_bytes()
        except OSError as error:
            raise CorruptData(f"cannot be read ({error.strerror})") from None

    def __getitem__(self, index: int) -> Sample:
        name = self.ids[index]
        try:
            with Image.open(self._path("images", name, "jpg")) as image:
                image = ImageOps.exif_transpose(image).convert("RGB")
        except OSError as error:
            raise CorruptData(f"{name}: cannot be decoded ({error})") from None
        height, width = _depth(self._path("depth", name, "png")).shape
        left, top, side = self._box(name)
        scale = np.array([image.width / width, image.height / height] * 2)
        return Sample(
            name, image.crop(tuple(np.round(scale * (left, top, left + side, top + side)))), NO_LABEL
        )

    @property
    def fingerprint(self) -> str:
        """That of the photographs and of what is cut from them."""
        boxes = [self._box(name) for name in self.ids]
        return hashlib.sha256(f"{super().fingerprint} {boxes}".encode()).hexdigest()

    def pairs(self) -> list[Pair]:
        """The pairs, with the object's surface in both images; places in metres, scale 512 pixels a side."""
        position = {name: i for i, name in enumerate(self.ids)}
        return [self._pair(position, a, b) for a, b in self._chosen]

    def _pair(self, position: dict[str, int], a: str, b: str) -> Pair:
        views = (self._view(name) for name in (a, b))
        return geometric_pair(position[a], position[b], *views)._replace(scale=512.0)

    def _view(self, name: str) -> DepthView:
        depth = _depth(self._path("depth", name, "png"))
        left, top, side = self._box(name)
        note = self._notes[name]
        # The principal point is the image's middle. Nearest depth at the points of a grid over the box.
        focal = note["camera"]["focal_length"] * min(depth.shape) / min(note["image_size"])
        ticks = ((np.arange(_POINTS) + 0.5) * side / _POINTS).astype(int)
        thinned = depth[np.ix_(top + ticks, left + ticks)]
        middle = np.array(depth.shape[::-1]) / 2 - (left, top)
        intrinsics = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1.0]])
        intrinsics[:2] *= _POINTS / side
        return DepthView(thinned, intrinsics, pose(note["camera"]))

    def _box(self, name: str) -> tuple[int, int, int]:
        """Left, top and side of the smallest square inside the image that holds the object, or of the largest."""
        depth = _depth(self._path("depth", name, "png"))
        rows, columns = np.nonzero(depth)
        low, high = np.array([columns.min(), rows.min()]), np.array([columns.max(), rows.max()]) + 1
        size = np.array(depth.shape[::-1])
        side = min((high - low).max(), *size)
        left, top = np.clip((low + high - side) // 2, 0, size - side)
        return int(left), int(top), int(side)

    def _is_whole(self, name: str) -> bool:
        image, depth = self._path("images", name, "jpg"), self._path("depth", name, "png")
        if why := self._fault(image, depth):
            self.defects[name] = why
        elif not _depth(depth).any():
            self.left_out[name] = why = "depth is zero everywhere"
        return not why

    def _fault(self, image: Path, depth: Path) -> str:
        if not image.is_file() or not depth.is_file():
            return "no image" if not image.is_file() else "no depth map"
        height, width = _depth(depth).shape
        try:
            across, down = _size(image)
        except OSError:
            return "is not an image"
        if abs(across * height - down * width) > 0.01 * across * height:
            return f"depth is {width} x {height}, the image {across} x {down}"
        return ""

    def _draw(self, names: list[str], every: int, most: float, rng) -> list[tuple[str, str]]:
        # Here for the reason that `geometric_pair` gives.
        from clipkit.metrics.geometry import viewpoint_change

        poses = {name: pose(self._notes[name]["camera"]) for name in names}
        chosen = []
        for first in names[::every]:
            near = [
                n for n in names
                if n != first and n.split("/")[0] == first.split("/")[0]
                and viewpoint_change(poses[first], poses[n]) <= most
            ]  # fmt: skip
            if near:
                chosen.append((first, near[rng.integers(len(near))]))
            else:
                self.left_out[first] = f"no other view within {most:g} degrees"
        return chosen

    def _path(self, kind: str, name: str, suffix: str) -> Path:
        thing, image = name.split("/")
        folder = self.root / thing / "wild_set" / kind
        small = folder / f"downsampled_{image}.{suffix}"
        return small if small.is_file() else folder / f"{image}.{suffix}"


def pose(camera: dict) -> np.ndarray:
    """Object → camera (4, 4), metres, of an annotation's camera: quaternion q (w, x, y, z), translation t in mm.

    >>> pose({"q": [1, 0, 0, 0], "t": [0, 0, 250]})[:, 3]
    array([0.  , 0.  , 0.25, 1.  ])
    """
    q = np.array(camera["q"], float)
    w, x, y, z = q / np.linalg.norm(q)
    found = np.eye(4)
    found[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    found[:3, 3] = np.array(camera["t"], float) / 1000
    return found


def _size(path: Path) -> tuple[int, int]:
    """Width and height of an upright image, from its header."""
    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1) > 4
        return image.size[::-1] if turned else image.size


@lru_cache(4)
def _depth(path: Path) -> np.ndarray:
    """Metres (h, w), 0 where unknown."""
    try:
        with Image.open(path) as image:
            values = np.asarray(ImageOps.exif_transpose(image), np.float64)
    except OSError as error:
        raise CorruptData(f"{path} cannot be read ({error})", "fetch it again") from None
    return np.divide(_DEPTH / 1000, values, out=np.zeros(values.shape), where=values > 0)
