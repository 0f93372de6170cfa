"""Images come out the same from a folder, a tar and a Parquet file, and what is wrong is named."""

import io
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image

from clipkit.datasets.benchmarks import DATASETS
from clipkit.datasets.card import DatasetCard
from clipkit.datasets.images import decode
from clipkit.datasets.readers import open_images
from clipkit.errors import BadInput, CorruptData, MissingData

NAMES = ["bird/a.png", "bird/b.jpg", "cat/a.png", "cat/c.png", "dog/z.png"]
LABELS = [0, 0, 1, 1, 2]


def encoded(seed: int, suffix: str = ".png", size=(40, 30)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, {".png": "PNG", ".jpg": "JPEG"}[suffix])
    return buffer.getvalue()


CONTENT = {name: encoded(i, Path(name).suffix) for i, name in enumerate(NAMES)}


def as_folder(root: Path, content=CONTENT) -> Path:
    for name, data in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def as_tar(path: Path, content=CONTENT) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in sorted(content.items(), reverse=True):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def as_webdataset(root: Path, content=CONTENT) -> Path:
    root.mkdir()
    with webdataset.ShardWriter(str(root / "%03d.tar"), maxcount=2, verbose=0) as sink:
        for (name, data), label in zip(content.items(), LABELS, strict=True):
            key, _, suffix = name.rpartition(".")
            sink.write({"__key__": key, suffix: data, "cls": label, "json": {"caption": "x"}})
    return root


def as_parquet(path: Path, content=CONTENT, labels=LABELS) -> Path:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = pa.array([{"bytes": data, "path": name} for name, data in content.items()], kind)
    features = {"info": {"features": {"label": {"names": ["bird", "cat", "dog"]}}}}
    table = pa.table({"image": images, "label": labels}).replace_schema_metadata(
        {"huggingface": json.dumps(features)}
    )
    pq.write_table(table, path, row_group_size=2)
    return path


@pytest.fixture(params=["folder", "tar", "webdataset", "parquet"])
def path(request, tmp_path):
    make = {"folder": as_folder, "tar": as_tar, "webdataset": as_webdataset, "parquet": as_parquet}[
        request.param
    ]
    return make(tmp_path / {"tar": "x.tar", "parquet": "x.parquet"}.get(request.param, "x"))


def test_every_container_gives_the_same_samples_and_fingerprint(path, tmp_path):
    dataset = open_images(path, n_expected=5)
    assert dataset.ids == NAMES and dataset.labels.tolist() == LABELS
    for index, name in enumerate(NAMES):
        sample = dataset[index]
        assert (sample.id, sample.label) == (name, LABELS[index])
        assert np.array_equal(sample.image, decode(CONTENT[name]))
    assert dataset.fingerprint == open_images(as_folder(tmp_path / "again")).fingerprint


def test_class_names_are_known_where_the_container_tells(tmp_path):
    for found in (as_folder(tmp_path / "x"), as_tar(tmp_path / "x.tar"), as_parquet(tmp_path / "x.parquet")):
        assert open_images(found).class_names == ("bird", "cat", "dog")


def test_a_dataset_pickles_small_and_reads_on(path):
    dataset = open_images(path)
    dataset[0]
    copied = pickle.loads(pickle.dumps(dataset))
    assert len(pickle.dumps(dataset)) < 2500
    assert np.array_equal(copied[4].image, dataset[4].image)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c | {"cat/c.png": encoded(9)},
        lambda c: {k.replace("c.png", "d.png"): v for k, v in c.items()},
        lambda c: {k: v for k, v in c.items() if k != "cat/c.png"},
        lambda c: {k.replace("dog", "aardvark"): v for k, v in c.items()},
    ],
    ids=["pixels", "name", "one fewer", "labels"],
)
def test_the_fingerprint_sees_any_change(change, tmp_path):
    before = open_images(as_folder(tmp_path / "a")).fingerprint
    assert open_images(as_folder(tmp_path / "b", change(CONTENT))).fingerprint != before


@pytest.mark.parametrize("expected", [4, 6])
def test_fewer_samples_than_expected_is_an_error(path, expected):
    """And so are more."""
    with pytest.raises(BadInput, match=f"5 images found, {expected} expected"):
        open_images(path, n_expected=expected)


def test_a_card_checks_count_and_content(tmp_path):
    root = as_folder(tmp_path / "x")
    card = DatasetCard(
        name="tiny", task="classification", n_expected=5, fingerprint=open_images(root).fingerprint
    )
    assert open_images(root, card=card).name == "tiny"
    (root / NAMES[0]).write_bytes(encoded(77))
    with pytest.raises(BadInput, match="tiny: content .* found, .* expected"):
        open_images(root, card=card)
    with pytest.raises(BadInput, match="cue-conflict: 5 images found, 1280 expected"):
        open_images(root, card=DATASETS["cue-conflict"])


BROKEN = {
    "cat/empty.png": b"",
    "dog/notes.png": b"not an image",
    "bird/page.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}


def test_unreadable_images_are_listed_by_name(tmp_path):
    for found in (
        as_folder(tmp_path / "x", CONTENT | BROKEN),
        as_tar(tmp_path / "x.tar", CONTENT | BROKEN),
        as_parquet(tmp_path / "x.parquet", CONTENT | BROKEN, [*LABELS, 1, 2, 0]),
    ):
        with pytest.raises(CorruptData) as caught:
            open_images(found)
        text = str(caught.value)
        assert "3 unreadable" in text and "cat/empty.png: is empty (0 bytes)" in text
        assert "dog/notes.png: is not an image" in text and "bird/page.png: is not an image" in text
        assert len(open_images(found, allow_corrupt=True)) == 8


def test_a_foreign_file_among_images_is_named(tmp_path):
    for found in (
        as_folder(tmp_path / "x", CONTENT | {"cat/notes.txt": b"hello"}),
        as_tar(tmp_path / "x.tar", CONTENT | {"cat/notes.txt": b"hello"}),
    ):
        with pytest.raises(CorruptData, match="cat/notes.txt: is not an image"):
            open_images(found)


def test_a_truncated_image_is_named_when_it_is_decoded(tmp_path):
    root = as_folder(tmp_path / "x", {"cut.jpg": CONTENT["bird/b.jpg"][:-300]})
    with pytest.raises(CorruptData, match=r"cut.jpg: cannot be decoded \(.*truncated"):
        open_images(root)[0]


def test_a_decompression_bomb_is_refused(tmp_path):
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 20_000
    root = as_folder(tmp_path / "x", {"bomb.png": buffer.getvalue()})
    with pytest.raises(CorruptData, match=r"bomb.png: has 10000 x 10000 pixels \(a decompression bomb\?\)"):
        open_images(root)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_tar_is_named(keep, tmp_path):
    path = as_tar(tmp_path / "cut.tar")
    with tarfile.open(path) as archive:
        length = archive.getmembers()[-1].offset_data + 512
    path.write_bytes(path.read_bytes()[: int(length * keep)])
    with pytest.raises(CorruptData, match=r"cut\.tar is (no complete tar file|truncated)"):
        open_images(path)


def test_a_tar_cut_between_two_members_is_named(tmp_path):
    path = as_tar(tmp_path / "cut.tar")
    with tarfile.open(path) as archive:
        start = archive.getmembers()[2].offset
    path.write_bytes(path.read_bytes()[:start])
    with pytest.raises(CorruptData, match=r"cut\.tar is truncated: it ends without the end mark"):
        open_images(path)


@pytest.mark.parametrize("name", ["../outside.png", "/etc/outside.png", "cat/../../outside.png"])
def test_a_tar_member_that_points_outside_is_refused(name, tmp_path):
    path = as_tar(tmp_path / "x.tar", {name: CONTENT[NAMES[0]]})
    with pytest.raises(BadInput, match="points outside the archive"):
        open_images(path)


def test_links_and_compression_in_a_tar_are_refused(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("cat/passwd.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(BadInput, match="'cat/passwd.png' is a link, a device"):
        open_images(tmp_path / "x.tar")
    with tarfile.open(tmp_path / "z.tar", "w:gz") as archive:
        archive.add(as_folder(tmp_path / "x"), "x")
    with pytest.raises(BadInput, match="z.tar is compressed"):
        open_images(tmp_path / "z.tar")


def test_a_wrong_class_number_is_named(tmp_path):
    path = as_tar(tmp_path / "x.tar", {"a.png": CONTENT[NAMES[0]], "a.cls": b"cat"})
    with pytest.raises(CorruptData, match="a.cls in .*x.tar holds 'cat' instead of a class number"):
        open_images(path)


def test_one_name_in_two_shards_is_refused(tmp_path):
    (tmp_path / "x").mkdir()
    for shard in ("0.tar", "1.tar"):
        as_tar(tmp_path / "x" / shard)
    with pytest.raises(BadInput, match="x holds 'bird/a.png' twice"):
        open_images(tmp_path / "x")


def test_parquet_without_images_inside_is_refused(tmp_path):
    pq.write_table(pa.table({"image": ["a.png"]}), tmp_path / "x.parquet")
    with pytest.raises(BadInput, match="no column image with bytes and path"):
        open_images(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(CorruptData, match="y.parquet is no complete Parquet file"):
        open_images(tmp_path / "y.parquet")
    found = as_parquet(tmp_path / "z.parquet", CONTENT | {"cat/away.png": None}, [*LABELS, 1])
    with pytest.raises(CorruptData, match="cat/away.png: is a path without bytes"):
        open_images(found)


def test_parquet_with_odd_rows_is_named(tmp_path):
    path = as_parquet(tmp_path / "label.parquet", labels=[0, 1, 2, 3, 0])
    with pytest.raises(CorruptData, match=r"label.parquet, row 3: label 3, and 3 classes are named"):
        open_images(path)
    as_parquet(tmp_path / "words.parquet", labels=["bird", "bird", "cat", "cat", "dog"])
    with pytest.raises(BadInput, match="column label holds string instead of whole numbers"):
        open_images(tmp_path / "words.parquet")
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"image": pa.array([None], kind)}), tmp_path / "null.parquet")
    with pytest.raises(CorruptData, match="null/00000000: is a path without bytes"):
        open_images(tmp_path / "null.parquet")


def test_parquet_with_a_damaged_group_is_named(tmp_path):
    path = as_parquet(tmp_path / "x.parquet")
    data = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(0).column(1).data_page_offset
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(CorruptData, match="x.parquet, row group 0 is damaged"):
        open_images(path)


def test_a_tar_with_sparse_repeated_or_huge_members_is_refused(tmp_path):
    with tarfile.open(tmp_path / "twice.tar", "w") as archive:
        for data in (CONTENT[NAMES[0]], CONTENT[NAMES[1]]):
            member = tarfile.TarInfo("cat/a.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with pytest.raises(BadInput, match="twice.tar holds 'cat/a.png' twice"):
        open_images(tmp_path / "twice.tar")
    path = as_tar(tmp_path / "x.tar", {"a.png": CONTENT[NAMES[0]], "a.cls": b"9" * 30})
    with pytest.raises(CorruptData, match="a.cls in .* instead of a class number"):
        open_images(path)
    sparse = bytearray(as_tar(tmp_path / "sparse.tar", {"a.png": CONTENT[NAMES[0]]}).read_bytes())
    sparse[156:157] = tarfile.GNUTYPE_SPARSE
    sparse[148:156] = b"%06o\0 " % (sum(sparse[:148]) + sum(sparse[156:512]) + 8 * 32)
    (tmp_path / "sparse.tar").write_bytes(sparse)
    with pytest.raises(BadInput, match="'a.png' is a link, a device or a sparse file"):
        open_images(tmp_path / "sparse.tar")


def test_hidden_files_are_not_looked_at_and_flat_folders_have_no_labels(tmp_path):
    root = as_folder(
        tmp_path / "x", {"b.png": encoded(1), "a.png": encoded(2), ".DS_Store": b"x", ".git/c.png": b"x"}
    )
    dataset = open_images(root)
    assert (
        dataset.ids == ["a.png", "b.png"]
        and dataset.labels.tolist() == [-1, -1]
        and dataset.class_names == ()
    )


def test_paths_that_hold_nothing_are_named(tmp_path):
    with pytest.raises(MissingData, match="nothing at .*absent"):
        open_images(tmp_path / "absent")
    with pytest.raises(BadInput, match="holds no images"):
        open_images(tmp_path)
    (tmp_path / "x.zip").write_bytes(b"")
    with pytest.raises(BadInput, match="x.zip is neither a folder nor"):
        open_images(tmp_path / "x.zip")


def test_the_real_images_are_all_readable(shared):
    cue = open_images(
        shared / "images/rgeirhos/texture-vs-shape/style-transfer-preprocessed-512", n_expected=80
    )
    photos = open_images(shared / "images/EliSchwartz/imagenet-sample-images", n_expected=63)
    assert len(cue.class_names) == 16 and {cue[i].image.size for i in range(3)} == {(224, 224)}
    assert photos.labels.max() == -1 and photos[0].image.mode == "RGB"
