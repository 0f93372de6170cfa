"""What every image reader gives: sorted ids, labels, decoded images, and a fingerprint of the content."""

import hashlib
import io
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from PIL import Image

from clipkit.errors import BadInput, CorruptData

MAX_PIXELS = 89_478_485  # where Pillow warns of a decompression bomb, an image is refused
NO_LABEL = -1
# Pillow's other decoders are rarely used on benchmarks, and some (EPS) start other programs.
SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP", ".gif": "GIF",
            ".tif": "TIFF", ".tiff": "TIFF", ".ppm": "PPM"}  # fmt: skip


class Sample(NamedTuple):
    """One image with its id and its label (-1: none)."""

    id: str
    image: Image.Image
    label: int


@dataclass(frozen=True)
class Scan:
    """What one pass over the bytes found: the content's fingerprint, and what cannot be an image, and why."""

    fingerprint: str
    corrupt: dict[str, str]


class ImageDataset(ABC):
    """Images by position, in the order of their ids; nothing is opened until it is read.

    `ids` are sorted and unique, `labels` an int64 array (n,) with -1 for none, `class_names` what the
    labels index ("" for none). `pixels`, if not None, holds all images decoded: uint8 (n, h, w, 3).
    `defects`: what is not read because the copy is damaged, name → why. A card counts `n_counted` things called
    `counted`.
    Instances pickle cheaply and hold no open file, so that every worker process opens its own.
    """

    name: str
    ids: list[str]
    labels: np.ndarray
    class_names: tuple[str, ...] = ()
    pixels: np.ndarray | None = None
    defects: Mapping[str, str] = MappingProxyType({})
    counted = "images"

    @property
    def n_counted(self) -> int:
        """How many images there are, or what else a card counts."""
        return len(self)

    @abstractmethod
    def read(self, index: int) -> bytes:
        """The encoded bytes of image `index`; raises CorruptData if they cannot be had."""

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Raises CorruptData, naming the image, where it cannot be decoded."""
        try:
            image = decode(self.read(index))
        except CorruptData as error:
            raise CorruptData(f"{self.ids[index]}: {error.problem}") from None
        return Sample(self.ids[index], image, int(self.labels[index]))

    @cached_property
    def scan(self) -> Scan:
        """Read every byte once, in threads, without decoding pixels."""
        with ThreadPoolExecutor(4) as pool:
            looked = list(pool.map(self._look, range(len(self))))
        lines = (
            f"{i}\0{label}\0{digest}\n"
            for i, label, (digest, _) in zip(self.ids, self.labels, looked, strict=True)
        )
        corrupt = {i: why for i, (_, why) in zip(self.ids, looked, strict=True) if why}
        return Scan(hashlib.sha256("".join(lines).encode()).hexdigest(), corrupt)

    @property
    def fingerprint(self) -> str:
        """Sha256 over ids, labels and encoded bytes: equal in whichever container the images lie."""
        return self.scan.fingerprint

    def _look(self, index: int) -> tuple[str, str]:
        data, problem = b"", ""
        try:
            data = self.read(index)
            _open(data)
        except CorruptData as error:
            problem = error.problem
        return hashlib.sha256(data).hexdigest(), problem

    def _set_entries(self, entries: list[tuple[str, int]]) -> list[int]:
        """Store (id, label) pairs sorted by id; returns the order. Raises BadInput on none, a twin or an odd name."""
        if not entries:
            raise BadInput(f"{self.name} holds no images", "check the path and its layout")
        odd = [name for name, _ in entries if not _is_text(name)]
        if odd:
            raise BadInput(
                f"{self.name} holds {ascii(odd[0])}, a name that is not UTF-8 (one of {len(odd)})",
                "rename them: an id must be the same text on every machine",
            )
        repeated = sorted(name for name, n in Counter(name for name, _ in entries).items() if n > 1)
        if repeated:
            raise BadInput(f"{self.name} holds {repeated[0]!r} twice", "give each image a name of its own")
        order = sorted(range(len(entries)), key=lambda i: entries[i][0])
        self.ids = [entries[i][0] for i in order]
        self.labels = np.array([entries[i][1] for i in order], dtype=np.int64)
        return order


def _is_text(name: str) -> bool:
    # Bytes that are not UTF-8 come from the file system and from archives as lone surrogates.
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def decode(data: bytes) -> Image.Image:
    """An RGB image from encoded bytes; raises CorruptData saying what is wrong with them.

    Orientation tags are ignored, as by torchvision, timm and open_clip.
    """
    image = _open(data)
    try:
        return image.convert("RGB")
    # A broken file makes Pillow's decoders fail in many ways (OSError, SyntaxError, struct.error, …).
    except Exception as error:
        raise CorruptData(f"cannot be decoded ({error})") from None


def list_corrupt(corrupt: dict[str, str], name: str, shown: int = 20) -> CorruptData:
    """The error that names every unreadable image (the first `shown`, and how many more)."""
    lines = [f"\n  {image}: {why}" for image, why in list(corrupt.items())[:shown]]
    more = f"\n  and {len(corrupt) - shown} more" if len(corrupt) > shown else ""
    return CorruptData(
        f"{name}: {len(corrupt)} unreadable:" + "".join(lines) + more,
        "replace or remove them, or leave them out, counted (allow_corrupt=True, --allow-corrupt)",
    )


def _open(data: bytes) -> Image.Image:
    if not data:
        raise CorruptData("is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=sorted(set(SUFFIXES.values())))
    except Image.DecompressionBombError:
        raise CorruptData(f"has more than {MAX_PIXELS} pixels (a decompression bomb?)") from None
    except Exception:
        raise CorruptData("is not an image") from None
    if image.width * image.height > MAX_PIXELS:
        raise CorruptData(f"has {image.width} x {image.height} pixels (a decompression bomb?)")
    return image
