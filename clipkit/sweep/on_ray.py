"""Tasks on Ray: several processes, GPUs or machines, which meet in the store."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from clipkit.errors import BadInput, MissingPackage
from clipkit.sweep.run import Done, attempt

LOCAL = "local"


def on_ray(
    work: Callable,
    tasks: Iterable,
    *,
    address: str = LOCAL,
    threads: int | None = None,
    gpus: float | None = None,
    retries: int = 3,
) -> Iterator[Done]:
    """Each task as a remote function, in the order given; yields them as they end.

    address: "local" starts Ray on this machine's processors and GPUs, unless this process has one running; else
    that of a cluster, or "auto". A task is given `threads` processors (None: one) and `gpus` GPUs, a fraction too
    (None: one where the cluster has any). A task whose worker or machine is lost is run again, at most
    `retries` times; the store has what it had finished. Raises MissingPackage without Ray, and BadInput if there is
    no cluster at the address.
    """
    ray = _ray()
    _connect(ray, address)
    if gpus is None:
        gpus = min(1, ray.cluster_resources().get("GPU", 0))
    remote = ray.remote(num_cpus=threads or 1, num_gpus=gpus, max_retries=retries)(_attempt)
    shared = ray.put(work)
    waiting = {remote.remote([shared], threads, task): task for task in tasks}
    while waiting:
        (ended,), _ = ray.wait(list(waiting))
        task = waiting.pop(ended)
        try:
            yield ray.get(ended)
        except ray.exceptions.RayError as error:
            yield Done(task, error=f"{type(error).__name__}: {error}")


def _attempt(shared: list, threads: int | None, task) -> Done:
    return attempt(_work(shared[0]), threads, task)


@lru_cache(maxsize=1)
def _work(reference) -> Callable:
    # A reference inside a list is not resolved by Ray, so the data sets are unpickled once in a process, not in a task.
    return _ray().get(reference)


def _connect(ray, address: str) -> None:
    if ray.is_initialized():
        return
    # Ray reports usage to its makers unless told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        if address == LOCAL:
            ray.init(
                address="local",
                num_cpus=len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=256 * 2**20,
                log_to_driver=False,
            )
        else:
            ray.init(address=address, log_to_driver=False)
    except (ConnectionError, ValueError) as error:
        raise BadInput(
            f"no Ray cluster at {address!r} ({error})",
            "start one with `ray start --head`, or use --ray local",
        ) from None


def _ray():
    try:
        import ray
    except ImportError:
        raise MissingPackage("Ray is not installed", "pip install 'clipkit[ray]'") from None
    return ray
