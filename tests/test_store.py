"""The store keeps whole, checked shards, wherever it lies and whatever happens to the writer."""

import json
import multiprocessing
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor

import bucket  # noqa: F401  (registers bucket://)
import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from clipkit.address import Address
from clipkit.errors import BadInput, ClipkitError, CorruptData, MissingData, MissingPackage
from clipkit.store import EmbeddingStore, Shard

KEY = {"architecture": "ViT-B/32", "weights_sha256": "0" * 64, "precision": "fp32"}


def shard(seed=0, n=8):
    features = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return Shard(
        features,
        np.arange(n),
        [f"ü{i}.png" for i in range(n)],
        {"bad.png": "is empty (0 bytes)"},
        {"threads": 1},
    )


KINDS = ("folder", "memory", "bucket")


def root_of(kind, tmp_path):
    return {
        "folder": tmp_path / "store",
        "memory": f"memory:/{tmp_path}",
        "bucket": f"bucket:/{tmp_path}/bucket",
    }[kind]


@pytest.fixture(params=KINDS)
def root(request, tmp_path):
    return root_of(request.param, tmp_path)


@pytest.fixture
def entry(root):
    return EmbeddingStore(root).entry(KEY)


@pytest.fixture
def local(tmp_path):
    return EmbeddingStore(tmp_path / "store").entry(KEY)


def test_a_shard_comes_back_as_it_was(entry):
    back = entry.read(entry.write(3, shard()))
    assert np.array_equal(back.features, shard().features) and np.array_equal(back.labels, shard().labels)
    assert (back.ids, back.corrupt, back.run) == (shard().ids, shard().corrupt, shard().run)
    assert list(entry.shards()) == [3]


def test_equal_content_is_equal_bytes(entry):
    assert entry.write(0, shard()) == entry.write(0, shard())
    assert len(list(entry.folder.glob("*"))) == 1


def test_every_store_holds_the_same_files(tmp_path):
    found = []
    for kind in KINDS:
        entry = EmbeddingStore(root_of(kind, tmp_path)).entry(KEY)
        entry.start({"shard_size": 8})
        entry.write(0, shard())
        found.append({path.name: path.read_bytes() for path in entry.folder.glob("*")})
    assert found[0] == found[1] == found[2] and len(found[0]) == 2


@pytest.mark.parametrize("field", KEY)
def test_each_part_of_the_key_has_a_folder_of_its_own(field, root):
    store = EmbeddingStore(root)
    assert store.entry(KEY | {field: "other"}).folder != store.entry(KEY).folder
    assert store.entry(dict(reversed(KEY.items()))).folder == store.entry(KEY).folder


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_flipped_byte_is_found(place, entry):
    path = entry.write(0, shard())
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        CorruptData, match=rf"shard .*{path.name[:20]}.* does not match its checksum\n  -> delete that file"
    ):
        entry.read(path)


@pytest.mark.parametrize("kept", [0, 7, 200])
def test_a_truncated_shard_is_found_and_once_deleted_written_again(kept, entry):
    path = entry.write(0, shard())
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    with pytest.raises(CorruptData, match="does not match its checksum"):
        entry.read(path)
    path.unlink()
    assert not path.exists() and entry.shards() == {}
    assert entry.write(0, shard()).read_bytes() == whole


def test_a_half_written_file_is_no_shard(entry):
    path = entry.write(0, shard())
    (entry.folder / "tmpabc.tmp").write_bytes(path.read_bytes()[:50])
    assert list(entry.shards()) == [0]


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_one_row_is_read_alone(kind, entry):
    maps = np.random.default_rng(0).normal(size=(5, 3, 2, 4)).astype(kind)
    path = entry.write(0, Shard(maps, np.arange(5), list("abcde"), {}, {}))
    rows = [entry.row(path, row) for row in range(5)]
    assert all(row.dtype == kind and np.array_equal(row, maps[i]) for i, row in enumerate(rows))


def test_recipes_are_those_of_started_keys(root, entry):
    store = EmbeddingStore(root)
    assert list(store.recipes()) == []
    keys = [KEY | {"precision": precision} for precision in ("fp32", "bf16")]
    for key in keys:
        store.entry(key).start({"shard_size": 16})
    store.entry(keys[1]).write(2, shard())
    (store.root / "notes.txt").write_bytes(b"a file of somebody's")
    found = {recipe["precision"]: list(entry.shards()) for entry, recipe in store.recipes()}
    assert found == {"fp32": [], "bf16": [2]}


def test_leftovers_of_killed_writers_go_and_those_of_living_ones_stay(local):
    local.folder.mkdir(parents=True)
    old, young = local.folder / "old.tmp", local.folder / "young.tmp"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 1e5,) * 2)
    local.start({})
    assert (old.exists(), young.exists()) == (False, True)


def test_the_first_recipe_stands(entry):
    assert entry.start({"shard_size": 16})["shard_size"] == 16
    assert entry.start({"shard_size": 99})["shard_size"] == 16
    assert entry.recipe() == KEY | {"shard_size": 16}


def test_a_recipe_from_before_there_was_a_checksum_is_read(local):
    local.folder.mkdir(parents=True)
    (local.folder / "recipe.json").write_text(json.dumps(KEY | {"shard_size": 16}))
    assert local.start({"shard_size": 99}) == KEY | {"shard_size": 16}


def test_a_store_can_be_read_by_others(local):
    local.start({})
    assert {
        path.stat().st_mode & 0o777 for path in (local.write(0, shard()), local.folder / "recipe.json")
    } == {0o644}


def work(root, seed):
    own = EmbeddingStore(root).entry(KEY)
    own.start({"writer": seed})
    for number in range(4):
        own.write(number, shard(seed % 2, n=500))


def assert_one_result(entry, writers):
    """Of two versions of each of four shards, all written, every reader takes the same."""
    assert list(entry.shards()) == [0, 1, 2, 3] and entry.recipe()["writer"] in range(writers)
    assert len({entry.shards()[0].name for _ in range(5)}) == 1
    assert [len(entry.read(path).ids) for path in entry.folder.glob("*.safetensors")] == [500] * 8
    assert not list(entry.folder.glob("*.tmp"))


def test_threads_that_write_at_the_same_time_leave_whole_shards_and_one_recipe(root):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [root] * 8, range(8)))
    assert_one_result(EmbeddingStore(root).entry(KEY), 8)


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_processes_that_write_at_the_same_time_all_succeed(kind, tmp_path):
    root = root_of(kind, tmp_path)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.starmap(work, [(root, 0), (root, 1)], chunksize=1)
    assert_one_result(EmbeddingStore(root).entry(KEY), 2)


def test_what_another_client_wrote_is_seen(tmp_path):
    """A bucket's client keeps what it listed."""
    mine, theirs = (EmbeddingStore(root_of("bucket", tmp_path)).entry(KEY) for _ in range(2))
    mine.write(0, shard())
    assert list(mine.shards()) == [0]
    theirs.write(1, shard())
    assert list(mine.shards()) == [0, 1]


def test_a_full_disk_is_a_clear_error_and_leaves_nothing_half_written(local):
    local.write(0, shard())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ClipkitError, match=r"cannot write .*000001.*File too large.*\n  -> make room"):
            local.write(1, shard(n=5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(local.shards()) == [0] and len(list(local.folder.iterdir())) == 1


def test_a_store_that_cannot_be_written_fails_before_any_work(tmp_path):
    (tmp_path / "store").write_text("a file, not a folder")
    with pytest.raises(ClipkitError, match="cannot write .*recipe.json"):
        EmbeddingStore(tmp_path / "store").entry(KEY).start({})


def test_what_a_stores_library_raises_is_told_with_the_address(monkeypatch):
    class NoCredentials(Exception):
        pass

    def refuse(*_, **__):
        raise NoCredentials("no key")

    store = EmbeddingStore("memory://lab").entry(KEY)
    path = store.write(0, shard())
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", refuse)
    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    with pytest.raises(ClipkitError, match=r"cannot write memory://.*recipe.json \(NoCredentials: no key\)"):
        store.start({})
    with pytest.raises(CorruptData, match=r"shard memory://.* cannot be read \(NoCredentials: no key\)"):
        store.read(path)


def test_what_is_not_there_is_said(entry):
    with pytest.raises(MissingData, match="no embeddings in .*\n  -> run clipkit embed first"):
        entry.recipe()
    entry.start({})
    (entry.folder / "recipe.json").write_bytes(b"{")
    with pytest.raises(CorruptData, match="recipe.json is unreadable"):
        entry.recipe()
    (entry.folder / "recipe.json").write_bytes(b"\xff")
    with pytest.raises(CorruptData, match="recipe.json is unreadable"):
        entry.recipe()
    gone = entry.write(0, shard())
    gone.unlink()
    with pytest.raises(CorruptData, match=f"shard .*{gone.name} cannot be read"):
        entry.read(gone)


def test_a_file_address_is_a_folder_and_others_are_known_or_named(tmp_path):
    assert EmbeddingStore(f"file://{tmp_path}/store").root == tmp_path / "store"
    assert isinstance(EmbeddingStore("memory://lab").root, Address)
    with pytest.raises(BadInput, match="s4://lab is no address that fsspec knows .*s4"):
        EmbeddingStore("s4://lab")
    fsspec.register_implementation("lake", "no_such_package.Lake", errtxt="pip install no-such-package")
    with pytest.raises(MissingPackage, match="lake:// need a package .*\n  -> pip install no-such-package"):
        EmbeddingStore("lake://lab")
