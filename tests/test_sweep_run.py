"""A sweep in one process: right, once, and past what fails."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import typer
from miniatures import TINY, build, register_tiny

from clipkit.cli import sweep as command
from clipkit.embed import embed_images
from clipkit.errors import BadInput
from clipkit.models import load
from clipkit.pocket.images import open_pocket
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.store import EmbeddingStore
from clipkit.sweep.plan import Cost, Measure, plan
from clipkit.sweep.run import Done, in_process, missing, sweep
from clipkit.sweep.tracks import FullTrack, PocketTrack
from clipkit.zeroshot import classify, stored_classifier

MODELS = ("resnet-wild-s0", "vit-wild-s0")
SETS = ("far-noise", "far-drawings", "far-textures")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIPKIT_CACHE", str(tmp_path_factory.getbasetemp() / "sweep-cache"))
        yield


def pocket(folder):
    track = PocketTrack(store=folder / "store", out=folder / "out", device="cpu")
    return track, plan(MODELS, track.sizes(SETS), lambda model, dataset: Cost(4, 1.0, "measured"))


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_sweep_stores_the_bytes_that_embed_images_does_and_never_again(tmp_path):
    track, tasks = pocket(tmp_path)
    fingerprints = track.prepare(SETS)
    assert missing(tasks, track, fingerprints) == tasks
    done = list(sweep(track, tasks, []))
    assert [d.error for d in done] == [""] * 6 and sum(d.found for d in done) == 2 * 3 * 500

    by_hand = EmbeddingStore(tmp_path / "by hand")
    for model in map(load, MODELS):
        for name in SETS:
            embed_images(
                model, open_pocket(name), by_hand, batch_size=128, shard_size=8192, workers=0, progress=False
            )
    assert files(tmp_path / "store") == files(tmp_path / "by hand")

    assert missing(tasks, track, fingerprints) == []
    assert sum(d.found for d in sweep(track, tasks, [])) == 0


def test_two_processes_with_the_same_task_store_one_result(tmp_path):
    track, tasks = pocket(tmp_path / "alone")
    track.prepare(SETS[:1])
    first = next(t for t in tasks if t.dataset == SETS[0])
    list(in_process(track.embed, [first], threads=1))
    command = [sys.executable, "-c", "from clipkit.cli import main; main()", "sweep", "--device", "cpu"]
    command += ["--models", first.model, "--datasets", first.dataset, "--threads", "1"]
    both = [subprocess.Popen([*command, "--store", str(tmp_path / "both")]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert files(tmp_path / "both") == files(tmp_path / "alone/store")


def test_another_batch_and_other_threads_give_the_same_to_rounding(tmp_path):
    """In blocks of 50 by two threads, as against 128 by one: features to 1e-5, and every prediction."""
    how = {"workers": 0, "progress": False}
    images, before = open_pocket(SETS[0]), torch.get_num_threads()
    for model in map(load, MODELS):
        found = []
        for batch, threads in ((128, 1), (50, 2)):
            try:
                torch.set_num_threads(threads)
                store = EmbeddingStore(tmp_path / f"{threads}")
                found.append(embed_images(model, images, store, batch_size=batch, **how).features)
            finally:
                torch.set_num_threads(before)
        one, other = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in found)
        assert np.abs(one - other).max() < 1e-5
        classifier = stored_classifier(model, CLASS_NAMES, prompt_set(1), store)
        one, other = (classify(f, classifier, 1.0).argmax(axis=1) for f in found)
        assert (one == other).all() and len(set(one)) > 1


def test_other_content_or_another_model_is_missing(tmp_path):
    track, tasks = pocket(tmp_path)
    fingerprints = track.prepare(SETS)
    list(in_process(track.embed, [t for t in tasks if t.model == MODELS[0] and t.dataset == SETS[0]]))
    assert [t for t in tasks if t not in missing(tasks, track, fingerprints)] == [
        t for t in tasks if t.model == MODELS[0] and t.dataset == SETS[0]
    ]
    assert missing(tasks, track, fingerprints | {SETS[0]: "other content"}) == tasks


def test_parts_of_a_data_set_make_the_whole(tmp_path):
    model, images = load(MODELS[0]), open_pocket(SETS[0])
    stores = [EmbeddingStore(tmp_path / name) for name in ("parts", "whole")]
    how = {"shard_size": 64, "workers": 0, "progress": False}
    seen = [
        embed_images(model, images, stores[0], rows=rows, **how).images_embedded
        for rows in (range(200, 500), range(0, 200), range(0, 500))
    ]
    assert seen == [500 - 4 * 64, 4 * 64, 0]  # the shard that begins at 192 belongs to the first 200
    embed_images(model, images, stores[1], **how)
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_split_benchmark_is_missing_until_its_own_shards_are_there(kind, tmp_path):
    register_tiny()
    store = {"folder": tmp_path / "store", "memory": f"memory:/{tmp_path}"}[kind]
    track = FullTrack(
        store=store, out=tmp_path / "out", root=build(tmp_path / "data", "sun", "places"),
        device="cpu", workers=0,
    )  # fmt: skip
    fingerprints = track.prepare(["sun", "places"])
    tasks = plan([f"{TINY}/random"], {"sun": 6, "places": 6}, lambda *_: Cost(4, 1.0, "measured"))
    beyond = [t._replace(start=1024, stop=1030) for t in tasks]
    assert [d.found for d in sweep(track, tasks[:1], [])] == [6]
    assert missing([*tasks, *beyond], track, fingerprints) == [tasks[1], *beyond]


def test_sections_are_measured_after_their_embeddings(tmp_path):
    register_tiny()
    track = FullTrack(
        store=tmp_path / "store", out=tmp_path / "out", root=build(tmp_path / "data", "coco", "flickr30k"),
        device="cpu", workers=0,
    )  # fmt: skip
    names = track.datasets([], track.sections(["retrieval"]))
    track.prepare(names)
    tasks = plan([f"{TINY}/random"], track.sizes(names), lambda *_: Cost(4, 1.0, "measured"))
    done = list(sweep(track, tasks, [Measure(f"{TINY}/random", ("retrieval",))]))
    assert [(d.found, d.error) for d in done] == [(6, ""), (5, ""), (None, "")]
    assert [p.name for p in (tmp_path / "out/measured/retrieval").iterdir()] == [f"{TINY}--random.parquet"]


class Faulty:
    """A track of which one model cannot be loaded."""

    measured = ()

    def embed(self, task):
        if task.model == "broken":
            raise BadInput("broken has no weights", "fetch them")
        return task.images

    def measure(self, asked):
        self.measured += (asked.model,)


def test_a_task_that_fails_stops_no_other_and_is_told_at_the_end(capsys):
    track = Faulty()
    tasks = plan(["broken", "sound"], {"set": 3}, lambda *_: Cost(1, 1.0, "measured"))
    measures = [Measure(model, ("retrieval",)) for model in ("broken", "sound")]
    with pytest.raises(typer.Exit) as ended:
        command._follow(sweep(track, tasks, measures), 4)
    assert ended.value.exit_code == 1 and track.measured == ("sound",)
    printed = capsys.readouterr()
    assert "sound on set, images 0 to 3: 3 images embedded" in printed.out
    assert printed.err.endswith(
        "failed: broken on set, images 0 to 3: BadInput: broken has no weights\n  -> fetch them\n"
    )


def test_threads_are_those_that_were_asked_for():
    before = torch.get_num_threads()
    try:
        (done,) = in_process(lambda task: torch.get_num_threads(), ["task"], threads=1)
    finally:
        torch.set_num_threads(before)
    assert done == Done("task", 1)
