"""A pocket sweep in one process against one on Ray, with a worker and a driver killed: the same bytes, each once?

    python benchmarks/ray_sweep.py [--models A,B,C] [--datasets all] [--threads 1]

Three runs: all tasks in this process; all on Ray's workers by another process, which is killed when a third of the
tasks are stored; what it left, on Ray from here, where one worker is killed in its first task. Rendering comes first.
Printed: a table of the runs, then whether every file of the two stores is the same, and how many images were stored
more than once. Ends with status 1 if anything differs, is missing, or was computed twice.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import torch

from clipkit.store import EmbeddingStore
from clipkit.sweep.on_ray import on_ray
from clipkit.sweep.plan import Cost, Task, plan
from clipkit.sweep.run import in_process, missing
from clipkit.sweep.tracks import PocketTrack, choose

SIX = "resnet-wild-s0,vit-wild-s0,edgenext-wild-s0,resnet-studio-s0,vit-wild-muon-s0,resnet-wild-sigmoid-s0"


class KilledOnce:
    """Work whose process is killed half a second into its first task, once in all."""

    def __init__(self, track: PocketTrack, marker: Path):
        self.track, self.marker = track, marker

    def __call__(self, task: Task) -> int:
        if not self.marker.exists():
            self.marker.touch()
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
            time.sleep(0.4)  # a small set is done before that
        return self.track.embed(task)


def killed_driver(store: Path, options, until: int) -> float:
    """Seconds for which a sweep on Ray ran until so many shards were stored, and it was killed."""
    command = [sys.executable, "-c", "from clipkit.cli import main; main()", "sweep", "--store", str(store)]
    command += ["--models", options.models, "--datasets", options.datasets, "--device", "cpu"]
    command += ["--ray", "local", "--threads", str(options.threads)]
    begun = time.perf_counter()
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while driver.poll() is None and len(shards(store)) < until:
        time.sleep(0.01)
    assert driver.poll() is None, "the sweep ended before it could be killed"
    driver.kill()
    driver.wait()
    return time.perf_counter() - begun


def shards(store: Path) -> list[Path]:
    return list(store.rglob("*.safetensors"))


def images_in(store: Path) -> int:
    found = EmbeddingStore(store).recipes()
    return sum(len(entry.read(path).ids) for entry, _ in found for path in entry.shards().values())


def files(store: Path) -> dict[Path, bytes]:
    return {path.relative_to(store): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def run(work, tasks, runner) -> tuple[int, float]:
    """Images embedded, and seconds; every task must succeed."""
    begun, images = time.perf_counter(), 0
    for done in runner(work, tasks):
        assert not done.error, f"{done.task}: {done.error}"
        images += done.found
    return images, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default=SIX)
    parser.add_argument("--datasets", default="all")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        here, there = (
            PocketTrack(store=Path(folder) / name / "store", out=Path(folder) / name / "out", device="cpu")
            for name in ("here", "there")
        )
        models = [card.name for card in choose(options.models.split(","), "pocket")]
        sizes = here.sizes(here.datasets(options.datasets.split(","), []))
        fingerprints = here.prepare(list(sizes))
        tasks = plan(models, sizes, lambda *_: Cost(0, 1.0, ""))
        total = sum(task.images for task in tasks)
        print(f"{len(models)} models on {len(sizes)} sets: {len(tasks)} tasks, {total:,} images")

        embedded, seconds = run(here.embed, tasks, lambda *a: in_process(*a, threads=options.threads))
        print(f"in one process:      {embedded:9,} images {seconds:8.1f} s")
        seconds = killed_driver(there.store, options, len(tasks) // 3)
        before = images_in(there.store)
        print(f"driver killed after: {before:9,} images {seconds:8.1f} s")
        left = missing(tasks, there, fingerprints)
        marker = Path(folder) / "killed"
        after, seconds = run(KilledOnce(there, marker), left, lambda *a: on_ray(*a, threads=options.threads))
        print(f"resumed:             {after:9,} images {seconds:8.1f} s, a worker killed: {marker.exists()}")

        one, other = files(here.store), files(there.store)
        same = sum(other.get(name) == content for name, content in one.items())
        lost = len(missing(tasks, there, fingerprints))
        print(f"files the same: {same} of {len(one)}, others: {len(other.keys() - one.keys())}")
        print(f"tasks lost: {lost}, images stored more than once: {before + after - total}")
        sys.exit(not (same == len(one) == len(other) and not lost and before + after == total == embedded))


if __name__ == "__main__":
    main()
