"""Rendered sets on disk: written whole or not at all, refused when a byte differs from what was written."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pooch

from clipkit.errors import CorruptData

MANIFEST = "manifest.json"
_ABANDONED = 24 * 3600.0  # seconds after which a temporary folder belongs to nobody


def cache_folder() -> Path:
    """Where rendered sets lie: $CLIPKIT_CACHE/pocket, by default in the user's cache folder."""
    return Path(os.environ.get("CLIPKIT_CACHE") or pooch.os_cache("clipkit")) / "pocket"


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, as hexadecimal text."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_once(folder: Path, fill: Callable[[Path], dict]) -> None:
    """Let `fill` write files into a temporary folder, add a manifest, and move the folder into place.

    `fill` returns what the manifest should say besides the files' checksums. A kill at any moment leaves no
    `folder`; when two processes write the same folder, the first to finish wins.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.parent.glob(f".{folder.name}.*"):
        if time.time() - old.stat().st_mtime > _ABANDONED:
            shutil.rmtree(old, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        said = fill(temporary)
        files = {p.name: file_sha256(p) for p in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps({**said, "files": files}, indent=1, sort_keys=True))
        os.chmod(temporary, 0o755)
        try:
            os.rename(temporary, folder)
        except OSError:
            if not (folder / MANIFEST).is_file():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_manifest(folder: Path) -> dict:
    """The manifest of a written folder, after every file has been compared with its checksum.

    Raises CorruptData that names the file whose bytes are not those that were written.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files = manifest["files"].items()
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CorruptData(
            f"{folder / MANIFEST} cannot be read: {error}", f"delete {folder}; it will be rendered again"
        ) from None
    for name, expected in files:
        path = folder / name
        if not path.is_file() or file_sha256(path) != expected:
            raise CorruptData(
                f"{path} is not the file that was written", f"delete {folder}; it will be rendered again"
            )
    return manifest
