"""What a sweep will do, before it does it: tasks, their embeddings' bytes and their predicted time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

TASK_IMAGES = 16_384
"""Images of one task at most: sixteen of the store's shards."""
MEASURED, BY_GMACS = "measured", "by GMACs"
"""How a time was predicted: from a batch of this very tower, or from its multiplications at the measured rate."""


class Cost(NamedTuple):
    """What one image costs a model: bytes of its embedding, seconds of this machine, and how those were predicted."""

    bytes: int
    seconds: float
    how: str


class Task(NamedTuple):
    """One model on a run of images of one data set, those at the positions start … stop − 1.

    bytes and seconds are predictions, and count nothing but images: no weights to fetch, no texts, no statistics.
    """

    model: str
    dataset: str
    start: int
    stop: int
    bytes: int
    seconds: float
    how: str

    @property
    def images(self) -> int:
        """How many images the task has."""
        return self.stop - self.start

    def __str__(self) -> str:
        return f"{self.model} on {self.dataset}, images {self.start:,} to {self.stop:,}"


class Measure(NamedTuple):
    """The sections of one model, to be measured from its stored embeddings."""

    model: str
    sections: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.model}: {', '.join(self.sections)}"


class Total(NamedTuple):
    """Sums over tasks; how is "" where they were predicted in different ways."""

    tasks: int
    images: int
    bytes: int
    seconds: float
    how: str


def plan(
    models: Sequence[str],
    sizes: Mapping[str, int],
    cost: Callable[[str, str], Cost],
    whole: Iterable[str] = (),
) -> list[Task]:
    """Every model on every data set, largest first; sets above `TASK_IMAGES` are split, but for those in `whole`.

    Largest first keeps several workers busy to the end. The models come in that order, then the data sets of
    each, so that a worker seldom has to load another model.

    >>> seconds = {"small": 1.0, "large": 3.0}
    >>> cost = lambda model, dataset: Cost(4, seconds[model], "measured")
    >>> tasks = plan(["small", "large"], {"few": 10, "many": 20_000}, cost)
    >>> [(t.model, t.dataset, t.start, t.stop) for t in tasks[:3]]
    [('large', 'many', 0, 16384), ('large', 'many', 16384, 20000), ('large', 'few', 0, 10)]
    """
    found: dict[str, list[Task]] = {}
    for model in models:
        found[model] = []
        for dataset, images in sizes.items():
            one = cost(model, dataset)
            step = images if dataset in whole else TASK_IMAGES
            for start in range(0, images, step):
                n = min(step, images - start)
                found[model].append(
                    Task(model, dataset, start, start + n, n * one.bytes, n * one.seconds, one.how)
                )
        found[model].sort(key=lambda task: -task.seconds)
    largest = sorted(found.values(), key=lambda tasks: -sum(task.seconds for task in tasks))
    return [task for tasks in largest for task in tasks]


def total(tasks: Iterable[Task]) -> Total:
    """What they come to."""
    tasks = list(tasks)
    ways = {task.how for task in tasks}
    return Total(
        len(tasks),
        sum(task.images for task in tasks),
        sum(task.bytes for task in tasks),
        sum(task.seconds for task in tasks),
        ways.pop() if len(ways) == 1 else "",
    )
