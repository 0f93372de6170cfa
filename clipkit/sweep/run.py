"""Running the tasks of a plan: those that the store lacks, each on its own, so that one that fails stops no other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch

from clipkit.store import EmbeddingStore
from clipkit.sweep.plan import Measure, Task


class Done(NamedTuple):
    """How a task ended: what it gave (images that went through the tower), or why it failed."""

    task: Any
    found: Any = None
    error: str = ""


def attempt(work: Callable, threads: int | None, task) -> Done:
    """`work(task)` with so many threads of torch (None: as they are); what it raises is told, not raised."""
    try:
        if threads:
            torch.set_num_threads(threads)
        return Done(task, work(task))
    # Whatever one task meets, the others go on.
    except Exception as error:
        return Done(task, error=f"{type(error).__name__}: {error}")


def in_process(work: Callable, tasks: Iterable, threads: int | None = None) -> Iterator[Done]:
    """Each task in turn, in this process."""
    return map(partial(attempt, work, threads), tasks)


def missing(tasks: Sequence[Task], track, fingerprints: Mapping[str, str]) -> list[Task]:
    """The tasks of which the store lacks a shard, in their order; no model is loaded to tell."""
    stored = {}
    for entry, recipe in EmbeddingStore(track.store).recipes():
        if "dataset_fingerprint" in recipe and recipe["precision"] == track.precision:
            key = track.identity_in(recipe), recipe["dataset_fingerprint"], "layer" in recipe
            stored[key] = recipe["shard_size"], entry.shards().keys()

    def is_missing(task: Task) -> bool:
        key = track.identity(task.model), fingerprints[task.dataset], task.dataset in track.whole
        size, there = stored.get(key, (1, ()))
        first = -(-task.start // size)
        return not set(range(first, -(-task.stop // size))) <= set(there)

    return [task for task in tasks if is_missing(task)]


def sweep(
    track, tasks: Sequence[Task], measures: Sequence[Measure], run: Callable[..., Iterator[Done]] = in_process
) -> Iterator[Done]:
    """Run the tasks, then the measures of the models of which none failed; yields each as it ends.

    `run(work, tasks)` is `in_process`, or `clipkit.sweep.on_ray.on_ray` with its options bound.
    """
    failed = set()
    for done in run(track.embed, tasks):
        if done.error:
            failed.add(done.task.model)
        yield done
    yield from run(track.measure, [m for m in measures if m.model not in failed])
