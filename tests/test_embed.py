"""Embedding real images through real architectures: right, once, resumable, checked."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from random_models import clip_weights

from clipkit.datasets.readers import open_images
from clipkit.embed import embed_images
from clipkit.errors import BadInput, ClipkitError, CorruptData
from clipkit.models import load
from clipkit.results import git_commit
from clipkit.store import EmbeddingStore

SMALL = "ViT-S-32"
QUIET = {"progress": False, "workers": 0}


@pytest.fixture(scope="session")
def photos(shared, tmp_path_factory):
    """All 143 real images in one folder of two classes: 80 cue-conflict stimuli and 63 photographs."""
    root = tmp_path_factory.mktemp("photos")
    for kind, source in (("cue", "rgeirhos"), ("photo", "EliSchwartz")):
        (root / kind).mkdir()
        for path in (shared / "images" / source).rglob("*.*"):
            (root / kind / path.name).symlink_to(path)
    return root


@pytest.fixture
def few(photos, tmp_path):
    """Copies of eight of them."""
    for path in [*sorted((photos / "cue").iterdir())[:4], *sorted((photos / "photo").iterdir())[:4]]:
        (tmp_path / "few" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "few" / path.parent.name)
    return tmp_path / "few"


@pytest.fixture(scope="session")
def small():
    return load(SMALL, weights=clip_weights(SMALL), quickgelu=False, device="cpu")


@pytest.fixture
def store(tmp_path):
    return EmbeddingStore(tmp_path / "store")


@pytest.mark.parametrize(("architecture", "n"), [("ViT-B-32", 143), ("RN50", 8), ("convnext_base", 8)])
def test_embeddings_equal_plain_open_clip(architecture, n, photos, store):
    """Up to rounding: the largest difference is below 1e-5 of the length of the feature."""
    path = clip_weights(architecture)
    model = load(architecture, weights=path, quickgelu=False, device="cpu")
    dataset = open_images(photos, n_expected=143)
    if n < 143:
        dataset.ids, dataset.labels = dataset.ids[-n:], dataset.labels[-n:]
    found = embed_images(model, dataset, store, batch_size=16, progress=False, workers=1)
    assert (found.n_expected, found.n_seen, found.images_embedded) == (n, n, n)
    assert (
        model.is_convolutional == (architecture != "ViT-B-32") == found.recipe["first_run"]["channels_last"]
    )

    plain, _, preprocess = open_clip.create_model_and_transforms(architecture, pretrained=str(path))
    checked = range(0, n, n // 8)
    with torch.inference_mode():
        expected = (
            plain.eval().encode_image(torch.stack([preprocess(dataset[i].image) for i in checked])).numpy()
        )
    assert np.abs(found.features[checked] - expected).max() / np.linalg.norm(expected, axis=1).min() < 1e-5
    assert found.features.dtype == np.float32
    assert found.ids == dataset.ids and found.labels.tolist() == dataset.labels.tolist()


def test_what_is_stored_is_not_computed_again(small, few, store):
    first = embed_images(small, open_images(few), store, **QUIET)
    again = embed_images(small, open_images(few), store, **QUIET)
    assert (first.images_embedded, again.images_embedded, store.images_embedded) == (8, 0, 8)
    assert np.array_equal(first.features, again.features)


def test_every_part_of_the_key_makes_the_tower_run_again(small, few, store):
    embed_images(small, open_images(few), store, **QUIET)
    quick = load(SMALL, weights=clip_weights(SMALL), quickgelu=True, device="cpu")
    embed_images(quick, open_images(few), store, **QUIET)
    assert store.images_embedded == 16
    shutil.copy(next((few / "cue").iterdir()), few / "cue" / "another.png")
    embed_images(small, open_images(few), store, **QUIET)
    assert store.images_embedded == 25


def test_the_recipe_tells_how_the_features_came_about(small, few, store):
    found = embed_images(small, open_images(few), store, batch_size=3, **QUIET)
    recipe = json.loads((found.entry.folder / "recipe.json").read_text())
    assert recipe["weights_sha256"] == small.card.weights_sha256 and recipe["quickgelu"] is False
    assert json.loads(recipe["preprocessing"])["size"] == [224, 224]
    assert recipe["dataset"] == "few" and len(recipe["dataset_fingerprint"]) == 64
    run = recipe["first_run"]
    assert (recipe["precision"], run["batch_size"], run["threads"]) == ("fp32", 3, torch.get_num_threads())
    assert json.loads(run["versions"])["torch"] == torch.__version__.split("+")[0]
    assert run == next(found.shards()).run | {"git_commit": git_commit()}


def test_containers_give_equal_embeddings(small, few, tmp_path):
    import tarfile

    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = open_images(few)
    with tarfile.open(tmp_path / "few.tar", "w") as archive:
        for name in reversed(folder.ids):
            archive.add(few / name, name)
    images = [{"bytes": (few / name).read_bytes(), "path": name} for name in folder.ids]
    pq.write_table(
        pa.table({"image": images, "label": folder.labels}), tmp_path / "few.parquet", row_group_size=3
    )
    found = [
        embed_images(small, open_images(path), EmbeddingStore(tmp_path / f"store{i}"), **QUIET)
        for i, path in enumerate((few, tmp_path / "few.tar", tmp_path / "few.parquet"))
    ]
    assert [f.images_embedded for f in found] == [8, 8, 8]
    for other in found[1:]:
        assert np.array_equal(other.features, found[0].features)
        assert other.ids == found[0].ids and np.array_equal(other.labels, found[0].labels)


def test_workers_and_no_workers_give_the_same_bytes(small, few, tmp_path):
    shards = []
    for workers in (0, 2):
        store = EmbeddingStore(tmp_path / f"store{workers}")
        found = embed_images(
            small, open_images(few), store, workers=workers, shard_size=3, batch_size=2, progress=False
        )
        shards.append([path.name for path in found.paths])
    assert shards[0] == shards[1] and len(shards[0]) == 3


KILLED = """
import sys, torch
torch.set_num_threads(1)
from clipkit.datasets.readers import open_images
from clipkit.embed import embed_images
from clipkit.models import load
from clipkit.store import EmbeddingStore
weights, photos, store = sys.argv[1:]
model = load("{name}", weights=weights, quickgelu=False, device="cpu")
options = {{"batch_size": 8, "shard_size": 16, "workers": 1, "progress": False}}
embed_images(model, open_images(photos), EmbeddingStore(store), **options)
"""


def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_bytes(photos, tmp_path):
    """SIGKILL after the second of nine shards; the shards carry their sha256 in their names."""
    settings = {"batch_size": 8, "shard_size": 16, "workers": 0, "progress": False}
    code, weights, folder = KILLED.format(name=SMALL), clip_weights(SMALL), tmp_path / "killed"
    child = subprocess.Popen([sys.executable, "-c", code, weights, photos, folder], start_new_session=True)
    try:
        while len(list(folder.rglob("*.safetensors"))) < 2:
            assert child.poll() is None, "the run ended before it could be killed"
            time.sleep(0.005)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    finished = {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}
    assert 2 <= len(finished) < 9

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        model = load(SMALL, weights=weights, quickgelu=False, device="cpu")
        resumed = embed_images(model, open_images(photos), EmbeddingStore(folder), **settings)
        straight = embed_images(model, open_images(photos), EmbeddingStore(tmp_path / "straight"), **settings)
    finally:
        torch.set_num_threads(before)
    assert resumed.images_embedded == 143 - 16 * len(finished) and straight.images_embedded == 143
    assert {p.name: p.stat().st_mtime_ns for p in resumed.paths if p.name in finished} == finished
    assert [p.name for p in resumed.paths] == [p.name for p in straight.paths] and len(resumed.paths) == 9
    assert [p.read_bytes() for p in resumed.paths] == [p.read_bytes() for p in straight.paths]


def cut(path: Path) -> str:
    path.write_bytes(path.read_bytes()[:-2000])
    return f"{path.parent.name}/{path.name}"


def test_an_unreadable_image_is_named_and_nothing_of_its_shard_is_stored(small, few, store):
    names = {cut(sorted((few / kind).iterdir())[1]) for kind in ("cue", "photo")}
    with pytest.raises(CorruptData) as caught:
        embed_images(small, open_images(few), store, **QUIET)
    assert "few: 2 unreadable" in str(caught.value) and all(name in str(caught.value) for name in names)
    assert not list(store.root.rglob("*.safetensors"))


def test_allowed_unreadable_images_are_left_out_and_counted(small, few, store):
    (few / "cue" / "empty.png").write_bytes(b"")
    names = {cut(sorted((few / "photo").iterdir())[0]), "cue/empty.png"}
    dataset = open_images(few, n_expected=9, allow_corrupt=True)
    found = embed_images(small, dataset, store, allow_corrupt=True, shard_size=4, **QUIET)
    assert (found.n_expected, found.n_seen, found.images_embedded) == (9, 7, 7)
    assert set(found.corrupt) == names and not names & set(found.ids) and found.features.shape == (7, 384)
    assert found.labels.tolist() == [0] * 4 + [1] * 3
    with pytest.raises(BadInput, match="2 images were left out"):
        found[0]
    with pytest.raises(CorruptData, match="2 unreadable"):
        embed_images(small, dataset, store, shard_size=4, **QUIET)


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_two_settings_of_one_key_keep_the_first_block_size(kind, small, few, tmp_path):
    store = EmbeddingStore({"folder": tmp_path / "store", "memory": f"memory:/{tmp_path}"}[kind])
    embed_images(small, open_images(few), store, shard_size=3, **QUIET)
    again = embed_images(small, open_images(few), store, shard_size=5, **QUIET)
    assert again.images_embedded == 0 and len(again.paths) == 3
    assert len(again) == len(again.features)
    assert all((again[i] == features).all() for i, features in enumerate(again.features))


def test_a_store_that_cannot_be_written_is_known_before_the_tower_runs(small, few, tmp_path):
    (tmp_path / "file").write_text("")
    store = EmbeddingStore(tmp_path / "file")
    with pytest.raises(ClipkitError, match="cannot write"):
        embed_images(small, open_images(few), store, **QUIET)
    assert store.images_embedded == 0


def test_sizes_that_make_no_sense_are_refused(small, few, store):
    with pytest.raises(BadInput, match="batch_size is 0"):
        embed_images(small, open_images(few), store, batch_size=0, **QUIET)
