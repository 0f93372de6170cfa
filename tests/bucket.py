"""An object store in a folder, `bucket://FOLDER/KEY`: puts are whole, there are no folders, and listings are kept."""

import os
from pathlib import Path

import fsspec
from fsspec import AbstractFileSystem


class Bucket(AbstractFileSystem):
    """Stands for s3:// and the like, which also show a client what it listed before until it is told to forget."""

    protocol = "bucket"
    cachable = False

    def _file(self, path: str) -> Path:
        return Path("/", self._strip_protocol(path))

    def ls(self, path, detail=True, **_):
        path = self._strip_protocol(path)
        if path not in self.dircache:
            found = list(self._file(path).glob("*"))
            if not found:
                raise FileNotFoundError(path)
            self.dircache[path] = [self._about(file) for file in found]
        return self.dircache[path] if detail else [about["name"] for about in self.dircache[path]]

    def _about(self, file: Path) -> dict:
        kind = "directory" if file.is_dir() else "file"
        return {"name": str(file).lstrip("/"), "size": file.stat().st_size, "type": kind}

    def info(self, path, **_):
        return self._about(self._file(path))

    def invalidate_cache(self, path=None):
        self.dircache.clear()

    def _open(self, path, mode="rb", **_):
        return self._file(path).open(mode)

    def cat_file(self, path, start=None, end=None, **_):
        return self._file(path).read_bytes()[start:end]

    def pipe_file(self, path, value, mode="overwrite", **_):
        file = self._file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_name(f".{os.getpid()}.{id(value)}")
        whole.write_bytes(value)
        try:
            (os.link if mode == "create" else os.replace)(whole, file)
        finally:
            whole.unlink(missing_ok=True)

    def _rm(self, path):
        self._file(path).unlink()


fsspec.register_implementation("bucket", Bucket)
