"""Unpack an archive that came from elsewhere: plain files, below one folder, and nothing else."""

import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tqdm.auto import tqdm

from clipkit.errors import CorruptData

TAR, ZIP = (".tar", ".tar.gz", ".tgz"), (".zip",)
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError,
    RuntimeError,  # of zipfile: encrypted, or packed in a way that it does not know
)  # fmt: skip


def unpack(archive: Path, folder: Path, progress: bool = True) -> None:
    """Unpack a tar or zip file below `folder`, which should be new; a file of another kind is copied there.

    Bytes alone are taken: no links, owners or permissions. Raises CorruptData, naming it, for a member that would lie
    outside of `folder` or is no plain file, and for an archive that is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.name.endswith(TAR + ZIP):
        shutil.copyfile(archive, folder / archive.name)
        return
    members = _tar(archive) if archive.name.endswith(TAR) else _zip(archive)
    try:
        for name, content in tqdm(
            members, f"unpack {archive.name}", unit="file", disable=None if progress else True
        ):
            path = folder / _inside(name, archive)
            path.parent.mkdir(parents=True, exist_ok=True)
            with content, path.open("wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
    except _BROKEN as error:
        why = str(error).partition("\n")[0]  # of several ways to open it
        raise CorruptData(
            f"{archive} cannot be unpacked: {why}", f"delete {archive}, and get it again"
        ) from None


def _tar(archive: Path) -> Iterator[tuple[str, BinaryIO]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isreg():
                yield member.name, tar.extractfile(member)
            elif not member.isdir():
                raise _refused(archive, member.name, "is a link or a device")


def _zip(archive: Path) -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if not member.is_dir():
                yield member.filename, file.open(member)


def _inside(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise _refused(archive, name, "would lie outside of its folder")
    return path


def _refused(archive: Path, name: str, why: str) -> CorruptData:
    return CorruptData(
        f"{archive}: {name!r} {why}, so nothing was unpacked", "find out where the archive comes from"
    )
