"""Faults of images and archives: damaged, dangerous, misplaced, missing, or not what they seem."""

import hashlib
import io
import os
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import pandas as pd
from miniatures import build, register_tiny, write
from PIL import Image
from random_models import clip_weights

from clipkit.records import cache
from faults.harness import Outcome, fault, in_child, refused
from faults.store import bind_to_permissions

NOTHING = "Nothing: refused before the tower runs."


def pictures(folder: Path) -> Path:
    """Two pictures of each of three classes."""
    for seed in range(6):
        write(folder / "abc"[seed % 3] / f"{seed}.jpg", seed)
    return folder


def embedding(data: Path) -> str:
    """What `clipkit embed` says when it refuses these images; it must have stored none."""
    store = data.parent / "store"
    said = refused(
        "embed", "--model", register_tiny(), "--weights", clip_weights(register_tiny()), "--no-quickgelu",
        "--device", "cpu", "--data", data, "--store", store, "--workers", 0,
    )  # fmt: skip
    assert not list(store.rglob("*.safetensors"))
    return said


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def packed(folder: Path) -> dict[str, bytes]:
    """The same pictures as members of an archive."""
    root = pictures(folder / "pictures")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.jpg"))}


@fault("data", "A JPEG without its last 100 bytes")
def cut_image(folder):
    """An image that is cut short."""
    path = pictures(folder / "images") / "a" / "0.jpg"
    path.write_bytes(path.read_bytes()[:-100])
    return Outcome(
        embedding(folder / "images"),
        "The shard it is in, which is not stored until the image is mended or left out.",
    )


@fault("data", "A file of 0 bytes, a text called .jpg, and a text called .txt, among images")
def no_images(folder):
    """Files that are no images."""
    root = pictures(folder / "images")
    for name, data in (("a/empty.jpg", b""), ("b/text.jpg", b"hello"), ("c/readme.txt", b"hello")):
        (root / name).write_bytes(data)
    return Outcome(embedding(root), NOTHING)


@fault("data", "A PNG of 13 kB that unpacks to 100 million pixels")
def bomb(folder):
    """A decompression bomb."""
    path = pictures(folder / "images") / "a" / "bomb.png"
    Image.new("1", (10_000, 10_000)).save(path)
    assert path.stat().st_size < 13_000
    return Outcome(embedding(folder / "images"), NOTHING)


@fault("data", "A pipe among images, from which no byte ever comes")
def pipe(folder):
    """A file that is none."""
    os.mkfifo(pictures(folder / "images") / "a" / "pipe.jpg")
    return Outcome(embedding(folder / "images"), NOTHING)


@fault("data", "A file name in Latin-1 on a system that speaks UTF-8")
def latin_1(folder):
    """A name that is not UTF-8."""
    root = pictures(folder / "images")
    os.rename(root / "a" / "0.jpg", os.fsencode(root / "a") + b"/caf\xe9.jpg")
    return Outcome(embedding(root), NOTHING)


@fault("data", "A link in a class folder that leads to the folder of all classes")
def loop(folder):
    """A link that leads back."""
    root = pictures(folder / "images")
    (root / "a" / "all").symlink_to(root)
    return Outcome(embedding(root), NOTHING)


def embedding_bound(data: Path) -> str:
    bind_to_permissions()
    return embedding(data)


@fault("data", "A class folder that may not be listed")
def locked_folder(folder):
    """A folder that is locked."""
    locked = pictures(folder / "images") / "b"
    locked.chmod(0)
    status, said = in_child(embedding_bound, folder / "images")
    locked.chmod(0o755)
    assert status == 0
    return Outcome(said, NOTHING)


@fault("data", "Images in class folders, and a tar file beside them")
def mixed(folder):
    """Shards and images in one folder."""
    root = pictures(folder / "images")
    pack(root / "more.tar", packed(folder))
    return Outcome(embedding(root), NOTHING)


@fault("data", "A tar file that ends within its third image")
def cut_tar(folder):
    """A tar file that is cut short."""
    path = pack(folder / "images.tar", packed(folder))
    with tarfile.open(path) as archive:
        end = archive.getmembers()[2].offset_data + 100
    path.write_bytes(path.read_bytes()[:end])
    return Outcome(embedding(path), NOTHING)


@fault("data", "Two tar files joined by cat, of which a reader would see the first alone")
def joined_tars(folder):
    """Two archives in one file."""
    members = list(packed(folder).items())
    halves = [pack(folder / f"{i}.tar", dict(members[i::2])).read_bytes() for i in (0, 1)]
    (folder / "images.tar").write_bytes(b"".join(halves))
    return Outcome(embedding(folder / "images.tar"), NOTHING)


@fault("data", "A member called ../../escaped.jpg")
def escaping(folder):
    """A tar member that leaves the archive."""
    path = pack(folder / "images.tar", packed(folder) | {"../../escaped.jpg": b"x"})
    return Outcome(embedding(path), "Nothing: archives are read in place, never unpacked.")


@fault("data", "A member that is a link to /etc/passwd")
def link_out(folder):
    """A link out of an archive."""
    path = pack(folder / "images.tar", packed(folder))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("a/passwd.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return Outcome(embedding(path), NOTHING)


@fault("data", "Two shards that both hold a/0.jpg")
def twins(folder):
    """Two images of one name."""
    (folder / "shards").mkdir()
    for name in ("0.tar", "1.tar"):
        pack(folder / "shards" / name, packed(folder))
    return Outcome(embedding(folder / "shards"), NOTHING)


def checking(folder: Path, name: str, count: int) -> str:
    """What `clipkit datasets check` says of a benchmark of which so many images are there on purpose."""
    return refused("datasets", "check", folder, name, "--n-expected", f"{name}={count}", status=1)


@fault("data", "A cue-conflict image in the folder of another class")
def wrong_class(folder):
    """An image in the wrong class."""
    root = build(folder, "cue-conflict") / "style-transfer-preprocessed-512"
    moved = sorted((root / "cat").iterdir())[0]
    moved.rename(root / "dog" / moved.name)
    return Outcome(
        checking(folder, "cue-conflict", 64), "Nothing: sections refuse the copy in the same words."
    )


@fault("data", "A cue-conflict copy without its class oven, whose number is stated as if on purpose")
def missing_class(folder):
    """A class that is missing."""
    root = build(folder, "cue-conflict") / "style-transfer-preprocessed-512"
    for path in (root / "oven").iterdir():
        path.unlink()
    return Outcome(
        checking(folder, "cue-conflict", 60), "Nothing: sections refuse the copy in the same words."
    )


@fault("data", "A record that its host serves with another byte, three times")
def wrong_download(folder):
    """A download with wrong bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"a,b\n1,3\n")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    record = {
        "path": "owner/table.csv", "sha256": hashlib.sha256(b"a,b\n1,2\n").hexdigest(), "bytes": 8,
        "url": f"http://127.0.0.1:{server.server_port}/table.csv",
    }  # fmt: skip
    manifest = pd.DataFrame([record]).set_index("path", drop=False)
    with (
        mock.patch.object(cache, "_manifest", lambda: manifest),
        mock.patch("clipkit.download.time.sleep"),
        mock.patch.dict(os.environ, {"CLIPKIT_CACHE": str(folder / "cache"), "NO_PROXY": "127.0.0.1"}),
    ):
        said = refused("records", "fetch", "--no-progress")
    server.shutdown()
    server.server_close()
    assert not [path for path in (folder / "cache").rglob("*") if path.is_file()]
    return Outcome(said, "Nothing: the file never gets its name.")
