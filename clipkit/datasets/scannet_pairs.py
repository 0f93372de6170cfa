"""ScanNet's 1,500 test pairs: frames of indoor video with depth and pose, as SuperGlue and LoFTR use them.

Layout and units as read in the loader of probe3d (mbanani/probe3d, evals/datasets/scannet_pairs.py); the data, which
are under ScanNet's terms of use, were not at hand:

    test.npz               array "name" (pairs, 4): room, scan, first frame, second frame
    intrinsics.npz         "scene<room, 4 digits>_<scan, 2 digits>" → K (3, 3), in pixels of the depth map
    <scene>/color/<frame>.jpg
    <scene>/depth/<frame>.png    640 × 480, millimetres, 0 unknown
    <scene>/pose/<frame>.txt     camera → world (4, 4), metres
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from clipkit.datasets.images import NO_LABEL
from clipkit.datasets.pairs import DepthView, Pair, PairedImages, geometric_pair
from clipkit.errors import CorruptData, MissingData

_SIZE = (640, 480)
_STEP = 4  # probe3d's scale of 0.25


class ScanNetPairs(PairedImages):
    """The frames of the pairs; ids are "<scene>/color/<frame>.jpg".

    A pair one of whose frames has no image, depth map or pose, or a depth map of another size than that which the
    intrinsics belong to, is one of the `defects`. One whose depth is all zeros stays, and is not usable.

    Raises MissingData without the two lists.
    """

    name = "scannet-pairs"

    def __init__(self, root: str | Path):
        self.root, self.defects = Path(root), {}
        for file in ("test.npz", "intrinsics.npz"):
            if not (self.root / file).is_file():
                raise MissingData(f"no {file} in {self.root}", "unpack scannet_test_1500.tar there")
        with np.load(self.root / "test.npz", allow_pickle=False) as listed:
            found = [(f"scene{room:04d}_{scan:02d}", a, b) for room, scan, a, b in listed["name"].tolist()]
        with np.load(self.root / "intrinsics.npz", allow_pickle=False) as known:
            self._intrinsics = {scene: known[scene] for scene, *_ in found}
        self._chosen = [frames for frames in found if self._is_whole(*frames)]
        if not self._chosen:
            name, why = next(iter(self.defects.items()))
            raise MissingData(
                f"{self.root} holds the frames of no pair: {len(self.defects)} not whole, such as {name} ({why})",
                "complete the copy",
            )
        used = sorted({(scene, frame) for scene, *both in self._chosen for frame in both})
        self._set_entries([(self._image(*frame), NO_LABEL) for frame in used])

    def read(self, index: int) -> bytes:
        try:
            return (self.root / self.ids[index]).read_bytes()
        except OSError as error:
            raise CorruptData(f"cannot be read ({error.strerror})") from None

    def pairs(self) -> list[Pair]:
        """The pairs; places in metres, errors in pixels of the thinned depth map, 160 × 120, as probe3d counts them."""
        position = {name: i for i, name in enumerate(self.ids)}
        found = []
        for scene, *both in self._chosen:
            a, b = (self._view(scene, frame) for frame in both)
            images = [position[self._image(scene, frame)] for frame in both]
            pair = geometric_pair(*images, a, b, step=_STEP)
            found.append(pair._replace(scale=pair.scale / _STEP))
        return found

    def _view(self, scene: str, frame: int) -> DepthView:
        folder = self.root / scene
        return DepthView(
            _depth(folder / "depth" / f"{frame}.png"),
            self._intrinsics[scene],
            np.linalg.inv(np.loadtxt(folder / "pose" / f"{frame}.txt")),
        )

    def _image(self, scene: str, frame: int) -> str:
        return f"{scene}/color/{frame}.jpg"

    def _is_whole(self, scene: str, *frames: int) -> bool:
        why = next(filter(None, (self._fault(self.root / scene, frame) for frame in frames)), "")
        if why:
            self.defects[f"{scene}/{frames[0]}-{frames[1]}"] = why
        return not why

    def _fault(self, folder: Path, frame: int) -> str:
        for kind, suffix in (("color", "jpg"), ("depth", "png"), ("pose", "txt")):
            if not (folder / kind / f"{frame}.{suffix}").is_file():
                return f"frame {frame} has no file in {kind}"
        try:
            with Image.open(folder / "depth" / f"{frame}.png") as image:
                width, height = image.size
        except OSError:
            return f"depth of frame {frame} is not an image"
        return "" if (width, height) == _SIZE else f"depth of frame {frame} is {width} x {height}"


@lru_cache(4)
def _depth(path: Path) -> np.ndarray:
    """Metres (h, w), 0 where unknown."""
    try:
        with Image.open(path) as image:
            return np.asarray(image, float) / 1000
    except OSError as error:
        raise CorruptData(f"{path} cannot be read ({error})", "fetch it again") from None
