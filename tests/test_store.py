"""The store keeps whole, checked shards, whatever happens to the writer."""

import json
import os
import resource
import threading
import time

import numpy as np
import pytest

from clipkit.errors import BadInput, ClipkitError, CorruptData, MissingData
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


@pytest.fixture
def entry(tmp_path):
    return EmbeddingStore(tmp_path / "store").entry(KEY)


def test_a_shard_comes_back_as_it_was(entry):
    back = entry.read(entry.write(3, shard()))
    assert np.array_equal(back.features, shard().features) and np.array_equal(back.labels, shard().labels)
    assert (back.ids, back.corrupt, back.run) == (shard().ids, shard().corrupt, shard().run)
    assert list(entry.shards()) == [3]


def test_equal_content_is_equal_bytes(entry):
    assert entry.write(0, shard()) == entry.write(0, shard())
    assert len(list(entry.folder.iterdir())) == 1


@pytest.mark.parametrize("field", KEY)
def test_each_part_of_the_key_has_a_folder_of_its_own(field, tmp_path):
    store = EmbeddingStore(tmp_path)
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


def test_a_half_written_file_is_no_shard(entry):
    path = entry.write(0, shard())
    (entry.folder / "tmpabc.tmp").write_bytes(path.read_bytes()[:50])
    assert list(entry.shards()) == [0]


def test_leftovers_of_killed_writers_go_and_those_of_living_ones_stay(entry):
    entry.folder.mkdir(parents=True)
    old, young = entry.folder / "old.tmp", entry.folder / "young.tmp"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 1e5,) * 2)
    entry.start({})
    assert (old.exists(), young.exists()) == (False, True)


def test_the_first_recipe_stands(entry):
    assert entry.start({"shard_size": 16})["shard_size"] == 16
    assert entry.start({"shard_size": 99})["shard_size"] == 16
    assert entry.recipe() == KEY | {"shard_size": 16}


def test_a_recipe_from_before_there_was_a_checksum_is_read(entry):
    entry.folder.mkdir(parents=True)
    (entry.folder / "recipe.json").write_text(json.dumps(KEY | {"shard_size": 16}))
    assert entry.start({"shard_size": 99}) == KEY | {"shard_size": 16}


def test_a_store_can_be_read_by_others(entry):
    entry.start({})
    assert {
        path.stat().st_mode & 0o777 for path in (entry.write(0, shard()), entry.folder / "recipe.json")
    } == {0o644}


def test_writers_at_the_same_time_leave_whole_shards_and_one_recipe(tmp_path):
    """Eight writers, two versions of each of four shards."""

    def work(seed):
        own = EmbeddingStore(tmp_path).entry(KEY)
        own.start({"writer": seed})
        for number in range(4):
            own.write(number, shard(seed % 2, n=500))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entry = EmbeddingStore(tmp_path).entry(KEY)
    assert list(entry.shards()) == [0, 1, 2, 3] and entry.recipe()["writer"] in range(8)
    chosen = {entry.shards()[0].name.split(".")[1] for _ in range(5)}
    assert len(chosen) == 1 and all(
        len(entry.read(path).ids) == 500 for path in entry.folder.glob("*.safetensors")
    )
    assert not list(entry.folder.glob("*.tmp"))


def test_a_full_disk_is_a_clear_error_and_leaves_nothing_half_written(entry):
    entry.write(0, shard())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ClipkitError, match=r"cannot write .*000001.*File too large.*\n  -> make room"):
            entry.write(1, shard(n=5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(entry.shards()) == [0] and len(list(entry.folder.iterdir())) == 1


def test_a_store_that_cannot_be_written_fails_before_any_work(tmp_path):
    (tmp_path / "store").write_text("a file, not a folder")
    with pytest.raises(ClipkitError, match="cannot write .*recipe.json"):
        EmbeddingStore(tmp_path / "store").entry(KEY).start({})


def test_what_is_not_there_is_said(entry):
    with pytest.raises(MissingData, match="no embeddings in .*\n  -> run clipkit embed first"):
        entry.recipe()
    entry.start({})
    (entry.folder / "recipe.json").write_text("{")
    with pytest.raises(CorruptData, match="recipe.json is unreadable"):
        entry.recipe()
    with pytest.raises(BadInput, match="s3://bucket is an address"):
        EmbeddingStore("s3://bucket")
