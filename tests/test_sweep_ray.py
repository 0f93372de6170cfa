"""A sweep on Ray: the same bytes, through killed workers and killed drivers. Ray starts once for the module."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clipkit.embed import embed_images
from clipkit.errors import BadInput, MissingPackage
from clipkit.models import load
from clipkit.pocket.images import open_pocket
from clipkit.store import EmbeddingStore
from clipkit.sweep.on_ray import on_ray
from clipkit.sweep.plan import Cost, plan
from clipkit.sweep.run import in_process, missing, sweep
from clipkit.sweep.tracks import PocketTrack

pytestmark = pytest.mark.slow
MODELS = ("resnet-wild-s0", "vit-wild-s0")
SETS = ("far-noise", "far-drawings", "part-pairs")  # two of images, and one of maps
IMAGES = 2 * (500 + 500 + 126)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIPKIT_CACHE", str(tmp_path_factory.getbasetemp() / "sweep-cache"))
        yield


@pytest.fixture(scope="module")
def ray(cache):
    """Two workers on this machine, which take work of this module by value, since they cannot import it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=80 * 2**20,
        log_to_driver=False,
    )
    yield ray
    ray.shutdown()


def pocket(folder):
    track = PocketTrack(store=folder / "store", out=folder / "out", device="cpu")
    return track, plan(MODELS, track.sizes(SETS), lambda model, dataset: Cost(4, 1.0, "measured"))


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_two_workers_store_the_same_bytes_as_one_process(ray, tmp_path):
    here, tasks = pocket(tmp_path / "here")
    fingerprints = here.prepare(SETS)
    list(in_process(here.embed, tasks, threads=1))
    there, _ = pocket(tmp_path / "there")
    done = list(sweep(there, tasks, [], lambda work, tasks: on_ray(work, tasks, threads=1)))
    assert [d.error for d in done] == [""] * 6 and sum(d.found for d in done) == IMAGES
    assert files(tmp_path / "here") == files(tmp_path / "there")
    assert missing(tasks, there, fingerprints) == []


class KilledOnce:
    """Work that is killed in the middle of its first task, after a shard of 128 images."""

    def __init__(self, track, marker: Path):
        self.track, self.marker = track, marker

    def __call__(self, task):
        if task.dataset == SETS[0] and task.model == MODELS[0] and not self.marker.exists():
            store = EmbeddingStore(self.track.store)
            images = open_pocket(task.dataset)
            embed_images(
                load(task.model), images, store, shard_size=128, rows=range(128), workers=0, progress=False
            )
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.track.embed(task)


def test_a_killed_worker_is_retried_and_nothing_is_computed_twice(ray, tmp_path):
    track, tasks = pocket(tmp_path)
    track.prepare(SETS)
    done = list(on_ray(KilledOnce(track, tmp_path / "marker"), tasks, threads=1))
    assert (tmp_path / "marker").exists() and [d.error for d in done] == [""] * 6
    assert sum(d.found for d in done) == IMAGES - 128
    assert len(list(track.store.rglob("*.safetensors"))) == 6 + 3  # that set has four shards


def test_a_task_that_is_always_killed_is_told_and_stops_no_other(ray):
    done = {d.task: d for d in on_ray(killed_if_bad, ["bad", "good"], retries=1)}
    assert done["good"].found == "good" and not done["good"].error
    assert "WorkerCrashedError" in done["bad"].error


def killed_if_bad(task):
    if task == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_an_error_in_a_task_is_told_not_retried(ray, tmp_path):
    def fails(task):
        (tmp_path / f"{len(list(tmp_path.iterdir()))}").touch()
        raise BadInput("no such weights", "fetch them")

    (done,) = on_ray(fails, ["task"])
    assert done.error == "BadInput: no such weights\n  -> fetch them" and len(list(tmp_path.iterdir())) == 1


def test_a_killed_driver_resumes(cache, tmp_path):
    """SIGKILL after the first stored set; Ray's processes end with the driver, and the rest is done later."""
    track, tasks = pocket(tmp_path)
    fingerprints = track.prepare(SETS)
    arguments = ["--models", ",".join(MODELS), "--datasets", ",".join(SETS), "--store", str(track.store)]
    driver = subprocess.Popen(
        [sys.executable, "-c", "from clipkit.cli import main; main()", "sweep", *arguments]
        + ["--ray", "local", "--threads", "1", "--device", "cpu"]
    )
    try:
        while not list(track.store.rglob("*.safetensors")):
            assert driver.poll() is None, "the sweep ended before it could be killed"
            time.sleep(0.005)
    finally:
        driver.kill()
        driver.wait()
    left = missing(tasks, track, fingerprints)
    assert 0 < len(left) < 6
    done = list(in_process(track.embed, tasks))
    assert sum(d.found for d in done) <= sum(t.images for t in left)
    assert missing(tasks, track, fingerprints) == []


def test_no_cluster_at_the_address_is_told(monkeypatch):
    import ray

    def init(**_):
        raise ConnectionError("Could not find any running Ray instance")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(BadInput, match="no Ray cluster at 'auto'.*\n  -> start one with `ray start --head`"):
        list(on_ray(str, ["task"], address="auto"))


def test_without_ray_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPackage, match=r"Ray is not installed\n  -> pip install 'clipkit\[ray\]'"):
        list(on_ray(str, ["task"]))
