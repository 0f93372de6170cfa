"""SPair-71k: photographs of two objects of one class, with keypoints that mean the same on both.

Layout as read in the loader of probe3d (mbanani/probe3d, evals/datasets/spair.py); the data were not at hand:

    PairAnnotation/test/*.json            filename "<number>-<first>-<second>:<class>", category, viewpoint_variation,
                                          trg_bndbox (left, top, right, bottom), …
    ImageAnnotation/<class>/<image>.json  kps: "0", "1", … → [x, y] or null
    JPEGImages/<class>/<image>.jpg
"""

import io
import json
import random
from pathlib import Path

import numpy as np
from PIL import Image

from clipkit.datasets.images import NO_LABEL, Sample, decode
from clipkit.datasets.pairs import Pair, PairedImages
from clipkit.errors import CorruptData, MissingData

_GRID = 50  # places a side among which a match chooses, as in probe3d's map of 800 / 16 cells


class SPair(PairedImages):
    """The images of the pairs, padded to squares with white, to the right or below; ids are "<class>/<image>".

    At most `most` pairs of each class and level of viewpoint change are kept, shuffled with `seed` (probe3d: 200 and
    20; it shuffles names in the file system's order, this reader sorted ones, so the pairs differ). `categories` and
    `levels` (0, 1 or 2) go with `pairs`, one entry each: a score is the mean over classes.

    A pair one of whose images or annotations is missing is one of the `defects`.
    Raises MissingData without annotations of pairs.
    """

    name = "spair-71k"

    def __init__(self, root: str | Path, split: str = "test", most: int | None = 200, seed: int = 20):
        self.root, self.defects = Path(root), {}
        files = sorted((self.root / "PairAnnotation" / split).glob("*.json"))
        if not files:
            raise MissingData(
                f"no PairAnnotation/{split}/*.json in {self.root}", "unpack SPair-71k.tar.gz there"
            )
        groups: dict[tuple[str, int], list[dict]] = {}
        for file in files:
            found = json.loads(file.read_text())
            groups.setdefault((found["category"], found["viewpoint_variation"]), []).append(found)
        self._chosen, self.categories, self.levels = [], [], []
        for (category, level), members in sorted(groups.items()):
            random.Random(seed).shuffle(members)
            for found in members[:most]:
                if self._is_whole(found):
                    self._chosen.append(found)
                    self.categories.append(category)
                    self.levels.append(level)
        if not self._chosen:
            name, why = next(iter(self.defects.items()))
            raise MissingData(
                f"{self.root} holds the images of no pair: {len(self.defects)} not whole, such as {name} ({why})",
                "complete the copy",
            )
        used = sorted({name for found in self._chosen for name in _names(found)})
        self._set_entries([(name, NO_LABEL) for name in used])

    def read(self, index: int) -> bytes:
        try:
            return self._image(self.ids[index]).read_bytes()
        except OSError as error:
            raise CorruptData(f"cannot be read ({error.strerror})") from None

    def __getitem__(self, index: int) -> Sample:
        try:
            image = decode(self.read(index))
        except CorruptData as error:
            raise CorruptData(f"{self.ids[index]}: {error.problem}") from None
        square = Image.new("RGB", (max(image.size),) * 2, "white")
        square.paste(image)
        return Sample(self.ids[index], square, NO_LABEL)

    def pairs(self) -> list[Pair]:
        """The pairs: queries are the keypoints that both objects have, candidates a grid over the second image.

        scale is the image's side over the longer side of the second object's bounding box, so that an error below
        0.1 is a hit of PCK@0.1. A candidate is the *centre* of its cell; probe3d takes the upper left corner.
        """
        ticks = (np.arange(_GRID) + 0.5) / _GRID
        grid = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
        position = {name: i for i, name in enumerate(self.ids)}
        return [self._pair(found, position, grid) for found in self._chosen]

    def _pair(self, found: dict, position: dict[str, int], grid: np.ndarray) -> Pair:
        names = _names(found)
        both = [json.loads(self._annotation(name).read_text())["kps"] for name in names]
        shared = [k for k, point in both[0].items() if point and both[1].get(k)]
        sides = []
        for name in names:
            with Image.open(io.BytesIO(self._image(name).read_bytes())) as image:
                sides.append(max(image.size))
        query, target = (
            np.array([kps[k] for k in shared], float).reshape(-1, 2) / side
            for kps, side in zip(both, sides, strict=True)
        )
        left, top, right, bottom = found["trg_bndbox"]
        scale = sides[1] / max(right - left, bottom - top)
        return Pair(*(position[name] for name in names), query, target, grid, scale=scale)

    def _image(self, name: str) -> Path:
        return self.root / "JPEGImages" / f"{name}.jpg"

    def _annotation(self, name: str) -> Path:
        return self.root / "ImageAnnotation" / f"{name}.json"

    def _is_whole(self, found: dict) -> bool:
        for name in _names(found):
            for path in (self._image(name), self._annotation(name)):
                if not path.is_file():
                    self.defects[found["filename"]] = f"no {path.relative_to(self.root).as_posix()}"
                    return False
        return True


def _names(found: dict) -> tuple[str, str]:
    """ "<class>/<image>" of both images of a pair's annotation."""
    _, first, second = found["filename"].split(":")[0].split("-")
    return f"{found['category']}/{first}", f"{found['category']}/{second}"
