"""The two tracks as a sweep sees them: which models and data sets there are, what they cost, and running one task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from clipkit.errors import BadInput, UnknownName
from clipkit.models.cards import KINDS, ModelCard, cards
from clipkit.registry import did_you_mean
from clipkit.sweep.plan import MEASURED, Cost, Measure, Task

if TYPE_CHECKING:
    from clipkit.full.data import FullData

ALL, CORE = "all", "core"


def choose(names: Sequence[str], track: str) -> list[ModelCard]:
    """Cards of a track: by name, shell pattern ("ViT-B-*/openai"), kind ("finetuned"), "core", or "all".

    "ARCHITECTURE/random" names random weights (full track). Raises UnknownName for what fits none.
    """
    known = [card for card in cards().values() if card.track == track]
    found: dict[str, ModelCard] = {}
    for name in (n.replace(":", "/", 1) for n in names):
        fits = [
            card
            for card in known
            if name == ALL
            or (name in KINDS and card.kind == name)
            or (name == CORE and card.pool == CORE)
            or fnmatch(card.name, name)
        ]
        if not fits and track == "full" and name.endswith("/random"):
            from clipkit.models.random import random_card

            fits = [random_card(name.removesuffix("/random"))]
        if not fits:
            raise UnknownName(
                f"no {track} model is called {name!r}",
                did_you_mean(name, [ALL, CORE, *KINDS, *(c.name for c in known)]),
            )
        found |= {card.name: card for card in fits}
    return list(found.values())


@lru_cache(maxsize=1)
def loaded(name: str, device: str | None, precision: str):
    """The model a process works with; consecutive tasks of one model load it once."""
    from clipkit.full.evaluate import load_any

    return load_any(name, precision, device)


@dataclass(kw_only=True)
class PocketTrack:
    """The pocket laboratory. Batches and shards are those of `PocketOutputs`, so that its sections find all."""

    store: str | Path
    out: Path
    device: str | None = None
    split: str = "test"
    precision: str = "fp32"

    def sections(self, names: Sequence[str]) -> list[str]:
        """The sections called `names`."""
        # Sections bring along the statistics, which a plan of data sets has no need to wait for.
        if not names:
            return []
        from clipkit.evaluate import TITLES

        return _sections(names, TITLES)

    def datasets(self, names: Sequence[str], sections: Sequence[str]) -> list[str]:
        """The sets called `names`, or all that any section reads; measuring a section reads all of them."""
        from clipkit.pocket.sets import set_spec
        from clipkit.pocket.zoo.evaluate import datasets

        every = datasets() if ALL in names or sections else []
        return list(dict.fromkeys([*(set_spec(name).name for name in names if name != ALL), *every]))

    def sizes(self, datasets: Sequence[str]) -> dict[str, int]:
        """Images of each set that a tower is given."""
        from clipkit.pocket.cards import n_images
        from clipkit.pocket.pairs import EVERY, used
        from clipkit.pocket.sets import set_spec

        return {name: 2 * used(name) if name in EVERY else n_images(set_spec(name)) for name in datasets}

    @property
    def whole(self) -> frozenset[str]:
        """Sets of pairs, whose images are embedded as maps, and never split."""
        from clipkit.pocket.pairs import EVERY

        return frozenset(EVERY)

    def believed(self, datasets: Iterable[str]) -> list[str]:
        """Those whose size was neither counted nor verified: none, for the project made them itself."""
        return []

    def costs(self, models: Sequence[ModelCard]):
        """A function from model and data set to `Cost`, measured on one model of each architecture."""
        import torch

        from clipkit.dense import dense
        from clipkit.pocket.outputs import dense_size
        from clipkit.sweep.speed import seconds_per_image

        towers = {card.architecture: card.name for card in models}
        architecture = {card.name: card.architecture for card in models}

        @cache
        def measured(kind: str, of_maps: bool) -> Cost:
            model = loaded(towers[kind], self.device, self.precision)
            side, batch = (dense_size(model.card), 16) if of_maps else (48, 128)
            model = dense(model, size=side) if of_maps else model
            one = model.encode_image(torch.zeros(1, 3, side, side))
            return Cost(one.nbytes, seconds_per_image(model, batch, side), MEASURED)

        return lambda model, dataset: measured(architecture[model], dataset in self.whole)

    def prepare(self, datasets: Sequence[str]) -> dict[str, str]:
        """Render what is not rendered yet; data set → fingerprint of its images."""
        from clipkit.pocket.images import PocketImages
        from clipkit.pocket.pairs import PairImages
        from clipkit.pocket.sets import load_set

        kinds = {name: PairImages if name in self.whole else PocketImages for name in datasets}
        return {name: kind(load_set(name, self.split)).fingerprint for name, kind in kinds.items()}

    def identity(self, model: str) -> str:
        """What tells the model's embeddings in a store; `identity_in` reads it from a recipe there."""
        from clipkit.pocket.zoo.model import tower_digest

        return tower_digest(model)

    def identity_in(self, recipe: dict) -> str:
        return recipe["weights_sha256"]

    def embed(self, task: Task) -> int:
        """Run a task; the number of images that were not in the store."""
        from clipkit.pocket.outputs import PocketOutputs
        from clipkit.store import EmbeddingStore

        store = EmbeddingStore(self.store)
        outputs = PocketOutputs(loaded(task.model, self.device, self.precision), store, self.split)
        (outputs.dense if task.dataset in self.whole else outputs.features)(task.dataset)
        return store.images_embedded

    def measure(self, asked: Measure) -> None:
        """All sections of one model, which are kept together, unless its numbers are up to date."""
        from clipkit.pocket.zoo.evaluate import evaluate_one

        evaluate_one(asked.model, self.store, self.out / self.split, self.split)


@dataclass(kw_only=True)
class FullTrack:
    """Any checkpoint on the benchmarks below a folder, None for a plan without data."""

    store: str | Path
    out: Path
    root: Path | None = None
    n_expected: dict[str, int] = field(default_factory=dict)
    device: str | None = None
    precision: str = "fp32"
    batch_size: int = 64
    workers: int | None = None
    data: "FullData | None" = None

    def sections(self, names: Sequence[str]) -> list[str]:
        """The sections called `names`."""
        if not names:
            return []
        from clipkit.full.measure import SECTIONS

        return _sections(names, SECTIONS)

    def datasets(self, names: Sequence[str], sections: Sequence[str]) -> list[str]:
        """The benchmarks called `names`, and those that the sections read."""
        from clipkit.datasets.benchmarks import DATASETS

        chosen = [name for n in names for name in (DATASETS if n == ALL else [DATASETS[n].name])]
        if sections:
            from clipkit.full.data import benchmark_of
            from clipkit.full.measure import SECTIONS

            chosen += [benchmark_of(n) for section in sections for n in SECTIONS[section].datasets]
        return list(dict.fromkeys(chosen))

    def sizes(self, datasets: Sequence[str]) -> dict[str, int]:
        """Images of each benchmark: as counted below `root` where it is there, else as its card expects or believes."""
        from clipkit.datasets.benchmarks import DATASETS, find_benchmark, place_of

        found = {}
        for name in datasets:
            card = DATASETS[name]
            if self.root is not None and place_of(card, self.root):
                found[name] = len(find_benchmark(name, self.root).images)
            else:
                found[name] = card.n_about or card.n_expected
        return found

    @property
    def whole(self) -> frozenset[str]:
        """Benchmarks of pairs, whose images are embedded as maps, and never split."""
        from clipkit.full.data import DENSE_SIZES

        return frozenset(DENSE_SIZES)

    def believed(self, datasets: Iterable[str]) -> list[str]:
        """Those whose size was neither counted below `root` nor verified by the card."""
        from clipkit.datasets.benchmarks import DATASETS, place_of

        chosen = (DATASETS[name] for name in datasets)
        return [c.name for c in chosen if c.n_about and (self.root is None or not place_of(c, self.root))]

    def costs(self, models: Sequence[ModelCard]):
        """A function from model and data set to `Cost`; see `clipkit.sweep.full_cost`."""
        from clipkit.embed import worker_count
        from clipkit.sweep.full_cost import full_costs

        return full_costs(models, self.device, self.precision, worker_count(self.workers))

    def prepare(self, datasets: Sequence[str]) -> dict[str, str]:
        """Open and check the benchmarks, reading every byte once; data set → fingerprint of its images."""
        from clipkit.full.data import FullData

        if self.root is None:
            raise BadInput("a sweep of the full track needs --data", "name the folder of the benchmarks")
        self.data = FullData(self.root, self.n_expected)
        self.data.open(datasets)
        return self.data.fingerprints(datasets)

    def identity(self, model: str) -> str:
        """The name, since weights of the hub do not change under one; nothing is loaded to know it."""
        return model

    def identity_in(self, recipe: dict) -> str:
        return recipe["model"]["name"]

    def embed(self, task: Task) -> int:
        """Run a task; the number of images that were not in the store."""
        from clipkit.embed import embed_images
        from clipkit.full.outputs import FullOutputs
        from clipkit.store import EmbeddingStore

        store = EmbeddingStore(self.store)
        model = loaded(task.model, self.device, self.precision)
        how = {"batch_size": self.batch_size, "workers": self.workers, "progress": False}
        if task.dataset in self.whole:
            FullOutputs(model, self.data, store, **how).dense(task.dataset)
        else:
            images = self.data.benchmark(task.dataset).images
            embed_images(model, images, store, rows=range(task.start, task.stop), **how)
        return store.images_embedded

    def measure(self, asked: Measure) -> None:
        """The sections on one model, those that `out` does not have yet."""
        from clipkit.full.evaluate import evaluate
        from clipkit.store import EmbeddingStore

        done = evaluate(
            [asked.model], asked.sections, self.data, EmbeddingStore(self.store), self.out,
            precision=self.precision, device=self.device, batch_size=self.batch_size, workers=self.workers,
            progress=False,
        )  # fmt: skip
        for _ in done:
            pass


def _sections(names: Sequence[str], known: Iterable[str]) -> list[str]:
    from clipkit.evaluate import section_names

    return list(dict.fromkeys(found for name in names for found in section_names(name, known)))
