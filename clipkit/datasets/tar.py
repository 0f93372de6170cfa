"""Images in tar shards, webdataset's layout or a plain archive of a folder, read in place."""

import os
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from clipkit.datasets.images import NO_LABEL, SUFFIXES, ImageDataset
from clipkit.errors import BadInput, CorruptData, MissingData

MAX_DIGITS = 9  # of a class number


class TarImages(ImageDataset):
    """Images of one or more uncompressed tar files. Nothing is extracted, so no name can leave a folder.

    The id is the member's name. In webdataset's layout the label is the number in the member of the same
    key with extension "cls", and other companions of an image ("json", "txt") are passed over; else it is
    the position of the member's first folder among all first folders, as in `FolderImages`. A member that is
    neither an image nor the companion of one counts as an unreadable image. Hidden members are not looked at.

    Raises, naming it, MissingData, BadInput (compressed, links, unsafe or repeated names) or CorruptData (cut
    short, or more than one archive).
    """

    def __init__(self, paths: Sequence[str | Path], name: str = ""):
        self.paths = [Path(path) for path in paths]
        self.name = name or self.paths[0].stem
        self._open: dict[tuple[int, int], object] = {}
        entries, places = [], []
        members = [(shard, *member) for shard, path in enumerate(self.paths) for member in _index(path)]
        folders = sorted({_folder(m[1]) for m in members} - {""})
        number = {name: i for i, name in enumerate(folders)} | {"": NO_LABEL}
        classes = {(m[0], _key(m[1])): m for m in members if m[1].endswith(".cls")}
        keys_of_images = {(m[0], _key(m[1])) for m in members if _is_image(m[1])}
        for shard, member, offset, size in members:
            key = shard, _key(member)
            if not _is_image(member) and key in keys_of_images:
                continue
            label = self._class_number(classes[key]) if key in classes else number[_folder(member)]
            entries.append((member, label))
            places.append((shard, offset, size))
        self.class_names = () if classes else tuple(folders)
        self._places = [places[i] for i in self._set_entries(entries)]

    def read(self, index: int) -> bytes:
        return self._read_at(*self._places[index])

    def _read_at(self, shard: int, offset: int, size: int) -> bytes:
        handle = self._open.get((os.getpid(), shard))
        if handle is None:
            handle = self._open[os.getpid(), shard] = os.open(self.paths[shard], os.O_RDONLY)
        data = os.pread(handle, size, offset)
        if len(data) != size:
            raise CorruptData(f"is cut short in {self.paths[shard]}")
        return data

    def _class_number(self, member) -> int:
        shard, name, offset, size = member
        text = self._read_at(shard, offset, size).decode(errors="replace").strip()
        if not text.isdecimal() or len(text) > MAX_DIGITS:
            raise CorruptData(
                f"{name} in {self.paths[shard]} holds {text[:20]!r} instead of a class number",
                "write the class as a whole number",
            )
        return int(text)

    def __getstate__(self):
        return self.__dict__ | {"_open": {}}

    def __del__(self):
        for (owner, _), handle in getattr(self, "_open", {}).items():
            if owner == os.getpid():
                os.close(handle)


def _index(path: Path) -> list[tuple[str, int, int]]:
    """(name, offset, size) of the regular files in an archive that is complete to its end mark."""
    if not path.is_file():
        raise MissingData(f"no file {path}", "check the path")
    again = "fetch or pack it again"
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
            end = archive.offset
    except tarfile.TarError as error:
        if path.read_bytes()[:2] == b"\x1f\x8b":
            raise BadInput(
                f"{path} is compressed, so images cannot be read in place", f"gunzip {path}"
            ) from None
        raise CorruptData(f"{path} is no complete tar file ({error})", again) from None
    with open(path, "rb") as file:
        file.seek(end)
        mark = file.read(tarfile.BLOCKSIZE)
        if mark != bytes(tarfile.BLOCKSIZE):
            raise CorruptData(f"{path} is truncated: it ends without the end mark of a tar file", again)
        if any(any(block) for block in iter(lambda: file.read(1 << 20), b"")):
            raise CorruptData(
                f"{path} goes on after its end mark: archives were joined, or a part was overwritten",
                "pass the archives one by one, or pack it again",
            )
    for member in members:
        if not (member.isreg() or member.isdir()) or member.issparse():
            raise BadInput(
                f"{path}: member {member.name!r} is a link, a device or a sparse file",
                "pack plain files only",
            )
        if member.name.startswith("/") or ".." in PurePosixPath(member.name).parts:
            raise BadInput(
                f"{path}: member {member.name!r} points outside the archive", "do not trust this archive"
            )
    plain = [(m.name.removeprefix("./"), m.offset_data, m.size) for m in members if m.isreg()]
    repeated = [name for name, n in Counter(name for name, *_ in plain).items() if n > 1]
    if repeated:
        raise BadInput(f"{path} holds {repeated[0]!r} twice", "pack it again: tar keeps both of two versions")
    return [entry for entry in plain if not _is_hidden(entry[0])]


def _key(member: str) -> str:
    """webdataset's key: the path up to the first dot of the file name."""
    folder, _, name = member.rpartition("/")
    return f"{folder}/{name.split('.')[0]}"


def _is_hidden(member: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(member).parts)


def _folder(member: str) -> str:
    return member.split("/")[0] if "/" in member else ""


def _is_image(member: str) -> bool:
    return PurePosixPath(member).suffix.lower() in SUFFIXES
