"""For every tree of files: each is a sample, or named as one that is none, or the reader refuses and names one."""

import io
import os
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from clipkit.datasets.images import SUFFIXES
from clipkit.datasets.readers import list_images, open_images
from clipkit.errors import ClipkitError, CorruptData

EVERY = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)


def picture(colour: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


IMAGES = [picture(colour) for colour in range(4)]
CONTENTS = st.sampled_from([*IMAGES, b"", b"a text", IMAGES[0][:20], b"7"])
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/")
STEMS = st.one_of(
    st.sampled_from(["a", "b", ".hidden", "...", "a.b", " "]), st.text(LETTERS, min_size=1, max_size=6)
)
ENDS = st.sampled_from([".png", ".JPG", ".jpeg", ".txt", ".json", ".cls", ".tar", ".parquet", "", ".png.txt"])
NAMES = st.builds(str.__add__, STEMS, ENDS).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=8)


def plant(root: Path, tree: dict[str, bytes]) -> dict[str, bytes]:
    """Write the files of a tree, but for those whose place a folder or a file has already; what was written."""
    written = {}
    for name, data in tree.items():
        try:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        except OSError:
            continue
        written[name] = data
    return written


def is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def account(path: Path, files: dict[str, bytes], passed_over: set[str]) -> None:
    """Assert that every file has its place, and that images are images, wherever the reader does not refuse."""
    try:
        found = list_images(path)
    except ClipkitError as error:
        assert str(path) in error.problem or path.name in error.problem or path.stem in error.problem
        return
    assert set(found.ids) == set(files) - passed_over and len(set(found.ids)) == len(found.ids)
    for index, name in enumerate(found.ids):
        assert found.read(index) == files[name]
    unreadable = {name for name in found.ids if files[name] not in IMAGES and files[name] != IMAGES[0][:20]}
    assert unreadable <= set(found.scan.corrupt) and not set(found.scan.corrupt) & {
        name for name in found.ids if files[name] in IMAGES
    }
    if found.scan.corrupt:
        try:
            open_images(path)
        except CorruptData as error:
            assert all(name in error.problem for name in found.scan.corrupt)
        else:
            raise AssertionError("images that are none were accepted")
    for index, name in enumerate(found.ids):
        if files[name] == IMAGES[0][:20]:
            assert name in found.scan.corrupt or _fails(found, index)


def _fails(found, index: int) -> bool:
    try:
        found[index]
    except CorruptData as error:
        return found.ids[index] in error.problem
    return False


@EVERY
@given(TREES)
def test_a_folder_drops_nothing(tree):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "images")
        root.mkdir()
        files = plant(root, tree)
        shards = {".tar", ".parquet"} & {Path(name).suffix for name in os.listdir(root) if name[0] != "."}
        if shards:  # then the files are no images, and archives of no kind
            try:
                list_images(root)
            except ClipkitError:
                return
            raise AssertionError("images in a tar or Parquet file that is none")
        account(root, files, {name for name in files if is_hidden(name)})


def _key(member: str) -> tuple[str, str]:
    folder, _, name = member.rpartition("/")
    return folder, name.split(".")[0]


@EVERY
@given(TREES)
def test_a_tar_file_drops_nothing(tree):
    images = {
        _key(name) for name in tree if PurePosixPath(name).suffix.lower() in SUFFIXES and not is_hidden(name)
    }
    companions = {n for n in tree if PurePosixPath(n).suffix.lower() not in SUFFIXES and _key(n) in images}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.tar")
        with tarfile.open(path, "w") as archive:
            for name, data in tree.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        account(path, tree, {name for name in tree if is_hidden(name)} | companions)


@EVERY
@given(TREES, st.data())
def test_a_parquet_file_drops_nothing(tree, data):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    absent = pa.array([{"bytes": content, "path": name} for name, content in tree.items()], kind)
    labels = data.draw(st.lists(st.integers(-1, 3), min_size=len(tree), max_size=len(tree)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.parquet")
        pq.write_table(pa.table({"image": absent, "label": labels}), path, row_group_size=3)
        account(path, tree, set())


@EVERY
@given(TREES, st.data())
def test_a_tar_file_that_is_cut_is_refused(tree, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.tar")
        with tarfile.open(path, "w") as archive:
            for name, content in tree.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            end = archive.offset
        path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, end))])
        try:
            list_images(path)
        except ClipkitError as error:
            assert str(path) in error.problem or path.stem in error.problem
        else:
            raise AssertionError("a tar file without its end was read")
