"""Files at an address of fsspec (s3://, gs://, memory:// …), with those methods of `pathlib.Path` that a store uses."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from clipkit.errors import BadInput, MissingPackage


@dataclass(frozen=True, order=True)
class Address:
    """One file or folder of a file system that is not the machine's own.

    A write is one put, which an object store does whole or not at all. Whatever a store's library raises comes out
    as OSError, and a file that is not there as FileNotFoundError.
    """

    fs: AbstractFileSystem = field(compare=False)
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def __truediv__(self, name: str) -> "Address":
        return Address(self.fs, f"{self.path.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.fs.unstrip_protocol(self.path)

    def exists(self) -> bool:
        """Whether there is a file or folder."""
        with self._errors():
            return self.fs.exists(self.path)

    def glob(self, pattern: str) -> Iterator["Address"]:
        """What lies directly in this folder and fits the shell pattern; nothing if there is no folder."""
        with self._errors():
            self.fs.invalidate_cache()  # others write here too
            try:
                names = self.fs.ls(self.path, detail=False)
            except FileNotFoundError:
                names = []
        inside = (self / name.rstrip("/").rpartition("/")[2] for name in names)
        return (found for found in inside if fnmatchcase(found.name, pattern))

    def read_bytes(self) -> bytes:
        """All bytes of the file."""
        with self._errors():
            return self.fs.cat_file(self.path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file for reading parts of it: `seek` and `read` fetch no more than a block beyond what they are asked."""
        with self._errors(), self.fs.open(self.path, "rb") as file:
            yield file

    def write_bytes(self, data: bytes, keep_first: bool = False) -> None:
        """Put the file in one go; with `keep_first` FileExistsError if it is there, where the store can tell."""
        with self._errors():
            self.fs.pipe_file(self.path, data, mode="create" if keep_first else "overwrite")

    def unlink(self) -> None:
        """Delete the file."""
        with self._errors():
            self.fs.rm_file(self.path)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            raise
        except Exception as error:  # each store's library has its own
            raise OSError(errno.EIO, f"{type(error).__name__}: {error}", str(self)) from error


def place(root: str | Path) -> Path | Address:
    """A folder of this machine as a Path, any other address as an Address.

    Raises BadInput for a protocol that fsspec does not know, and MissingPackage where its package is not installed.

    >>> place("embeddings"), place("memory://lab/embeddings").name
    (PosixPath('embeddings'), 'embeddings')
    """
    if "://" not in str(root):
        return Path(root)
    protocol = str(root).partition("://")[0]
    try:
        fs, path = url_to_fs(str(root))
    except ValueError as error:
        raise BadInput(
            f"{root} is no address that fsspec knows ({error})", "write s3://BUCKET/FOLDER or a folder"
        ) from None
    except ImportError as error:
        raise MissingPackage(
            f"addresses {protocol}:// need a package that is not installed", str(error)
        ) from None
    return Path(path) if isinstance(fs, LocalFileSystem) else Address(fs, path)
