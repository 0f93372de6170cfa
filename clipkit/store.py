"""The embedding store: what a tower computed once is never computed again.

A key (model identity × dataset fingerprint × precision) is a folder of `root`. It holds `recipe.json` and
shards `<number>.<sha256>.safetensors`, one for each block of `shard_size` consecutive images. A shard carries
its own checksum in its name, so that one rename publishes bytes and checksum together: a reader sees a
whole shard or none, whatever killed the writer. At an address of fsspec (s3://, gs://, memory:// …) one put takes
the place of the rename. Object stores do a put whole or not at all; where a protocol promises less (sftp, ftp), the
checksum still tells a torn file from a whole one.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import numpy as safetensors
from safetensors import safe_open

from clipkit.address import Address, place
from clipkit.errors import ClipkitError, CorruptData, MissingData

SHARD_SIZE = 1024
CHECKSUM_MARK = "sha256:"
_SHARD = re.compile(r"(\d{6})\.([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True)
class Shard:
    """One block of images: features (n, d) or maps (n, h, w, d), labels (n,), ids, those left out, how it was run."""

    features: np.ndarray
    labels: np.ndarray
    ids: list[str]
    corrupt: dict[str, str]
    run: dict


class EmbeddingStore:
    """A folder of embeddings by key, local or at an address. Safe for several writers: nobody rewrites anybody's file.

    `images_embedded` counts the images that this object's owner sent through a tower. Raises what
    `clipkit.address.place` does.
    """

    def __init__(self, root: str | Path):
        self.root = place(root)
        self.images_embedded = 0

    def entry(self, key: dict) -> "Entry":
        """The folder of one key, whether or not anything is in it yet.

        >>> EmbeddingStore("store").entry({"architecture": "ViT-B-32", "precision": "fp32"}).folder.name
        'ViT-B-32--3676ca69f3ff2b80'
        """
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", str(key.get("architecture", "")))
        return Entry(self.root / f"{readable}--{digest}", key)

    def recipes(self) -> Iterator[tuple["Entry", dict]]:
        """Every key that somebody has started, and its recipe; raises CorruptData for one that is damaged."""
        for folder in self.root.glob("*"):
            entry = Entry(folder, {})
            try:
                yield entry, entry.recipe()
            except MissingData:
                pass  # nothing of the store's, or its writer has only just begun


class Entry:
    """The shards of one key."""

    def __init__(self, folder: Path | Address, key: dict):
        self.folder, self.key = folder, key

    def start(self, recipe: dict) -> dict:
        """Record how the embeddings are made, if nobody did before, and return the recipe that stands.

        The first writer's `shard_size` holds for all, else their blocks would overlap. Raises CorruptData
        if the recipe cannot be read, and ClipkitError if the folder cannot be written, before any work.
        """
        path = self.folder / "recipe.json"
        if not path.exists():
            if isinstance(self.folder, Path):
                _remove_leftovers(self.folder)
            stated = self.key | recipe
            text = json.dumps(stated | {"checksum": _checksum(stated)}, indent=1, sort_keys=True) + "\n"
            self._publish(text.encode(), path, keep_first=True)
        return self.recipe()

    def recipe(self) -> dict:
        """The recipe; raises MissingData if there is none, and CorruptData if it is unreadable or a byte differs."""
        path = self.folder / "recipe.json"
        again = f"delete {self.folder} and embed again"
        try:
            text = path.read_bytes().decode()
            recipe = dict(json.loads(text))
        except (FileNotFoundError, NotADirectoryError):
            raise MissingData(f"no embeddings in {self.folder}", "run clipkit embed first") from None
        except (OSError, ValueError, TypeError) as error:
            raise CorruptData(f"{path} is unreadable ({error})", again) from None
        stated = recipe.pop("checksum", None)
        # Recipes written before there was a checksum have neither its name nor its mark; one byte cannot hide both.
        if stated != _checksum(recipe) and (stated is not None or CHECKSUM_MARK in text):
            raise CorruptData(f"{path} does not match its checksum", again)
        return recipe

    def shards(self) -> dict[int, Path | Address]:
        """Finished shards by number. Of two versions of one shard (two writers at once) the first by name."""
        found: dict[int, Path | Address] = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            if match := _SHARD.fullmatch(path.name):
                found.setdefault(int(match[1]), path)
        return found

    def write(self, number: int, shard: Shard) -> Path | Address:
        """Publish one shard, whole or not at all, unless another writer was first; returns its path."""
        # One metadata entry, because safetensors writes several in no fixed order.
        metadata = {"ids": shard.ids, "corrupt": shard.corrupt, "run": shard.run}
        data = safetensors.save(
            {"features": np.ascontiguousarray(shard.features), "labels": shard.labels},
            {"clipkit": json.dumps(metadata, sort_keys=True)},
        )
        path = self.folder / f"{number:06d}.{hashlib.sha256(data).hexdigest()}.safetensors"
        self._publish(data, path)
        return path

    def read(self, path: Path | Address) -> Shard:
        """One shard, its checksum verified; raises CorruptData naming it if a byte differs."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CorruptData(
                f"shard {path} cannot be read ({error.strerror or error})", "embed again"
            ) from None
        if hashlib.sha256(data).hexdigest() != _SHARD.fullmatch(path.name)[2]:
            raise CorruptData(
                f"shard {path} does not match its checksum",
                "delete that file and embed again: only this shard is recomputed",
            )
        tensors = safetensors.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return Shard(tensors["features"], tensors["labels"], **json.loads(header["__metadata__"]["clipkit"]))

    def row(self, path: Path | Address, row: int) -> np.ndarray:
        """The features of one image of a shard and of no other, float16 or float32; not verified as `read` does."""
        if isinstance(path, Path):
            with safe_open(path, "numpy") as shard:
                return shard.get_slice("features")[row]
        with path.open() as file:
            size = int.from_bytes(file.read(8), "little")
            stated = json.loads(file.read(size))["features"]
            one = np.empty(stated["shape"][1:], {"F16": "<f2", "F32": "<f4"}[stated["dtype"]])
            file.seek(8 + size + stated["data_offsets"][0] + row * one.nbytes)
            return np.frombuffer(file.read(one.nbytes), one.dtype).reshape(one.shape)

    def _publish(self, data: bytes, path: Path | Address, keep_first: bool = False) -> None:
        try:
            if isinstance(path, Address):
                path.write_bytes(data, keep_first)
            else:
                _publish_file(data, path, keep_first)
        except FileExistsError:
            pass
        except OSError as error:
            raise ClipkitError(
                f"cannot write {path} ({error.strerror or error})",
                "make room, or choose a store that you may write; finished shards stay, and the run goes on from them",
            ) from error


def _publish_file(data: bytes, path: Path, keep_first: bool) -> None:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # a store may be shared; temporary files are private
            os.fsync(file.fileno())
        if keep_first:
            os.link(temporary, path)
        else:
            os.replace(temporary, path)
            temporary = None
        _sync_folder(path.parent)
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _checksum(recipe: dict) -> str:
    return CHECKSUM_MARK + hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(folder: Path, older_than: float = 86_400) -> None:
    """Delete temporary files of writers that were killed; a living one's are younger than a day."""
    for path in folder.glob("*.tmp"):
        with suppress(FileNotFoundError):  # its writer has just renamed it
            if time.time() - path.stat().st_mtime > older_than:
                path.unlink()
