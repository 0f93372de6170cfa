"""Embed a data set once: images through a tower, shard by shard, into an embedding store."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from clipkit.datasets.images import ImageDataset, list_corrupt
from clipkit.device import Encoder
from clipkit.errors import BadInput, CorruptData
from clipkit.models.model import Model
from clipkit.results import git_commit, versions
from clipkit.store import SHARD_SIZE, EmbeddingStore, Entry, Shard


@dataclass
class Embeddings:
    """The stored features of one model on one data set, read shard by shard when asked for.

    `n_expected` images were to be embedded and `n_seen` were; the difference is `corrupt` (id → reason).
    `images_embedded` of them went through the tower in this call, the rest were in the store.
    """

    entry: Entry
    recipe: dict
    paths: list
    n_expected: int
    images_embedded: int = 0

    def shards(self) -> Iterator[Shard]:
        """The shards in order, each verified as it is read; memory holds one at a time."""
        return (self.entry.read(path) for path in self.paths)

    @cached_property
    def _index(self) -> tuple[list[str], np.ndarray, dict[str, str]]:
        ids, labels, corrupt = [], [], {}
        for shard in self.shards():
            ids += shard.ids
            labels.append(shard.labels)
            corrupt |= shard.corrupt
        return ids, np.concatenate(labels), corrupt

    @property
    def ids(self) -> list[str]:
        """Ids of the embedded images, sorted."""
        return self._index[0]

    @property
    def labels(self) -> np.ndarray:
        """Labels (n,) int64, -1 for none."""
        return self._index[1]

    @property
    def corrupt(self) -> dict[str, str]:
        """Images that were left out, and why."""
        return self._index[2]

    @property
    def n_seen(self) -> int:
        """The number of images embedded."""
        return len(self.ids)

    @cached_property
    def features(self) -> np.ndarray:
        """All features (n, d) in memory: raw tower output, float32, not normalised. See `shards`."""
        return np.concatenate([shard.features for shard in self.shards()])

    def __len__(self) -> int:
        return self.n_seen

    def __getitem__(self, index: int) -> np.ndarray:
        """Features of one image, from the store, and no others: for maps, which memory may not hold.

        Raises BadInput if images were left out, since others would stand in their places.
        """
        if self.n_seen < self.n_expected:
            raise BadInput(f"{self.n_expected - self.n_seen} images were left out", "use features and ids")
        number, row = divmod(index, self.recipe["shard_size"])
        return self.entry.row(self.paths[number], row)


def embed_images(
    model: Model,
    dataset: ImageDataset,
    store: EmbeddingStore,
    *,
    batch_size: int = 64,
    workers: int | None = None,
    channels_last: bool | str = "auto",
    shard_size: int = SHARD_SIZE,
    rows: range | None = None,
    progress: bool = True,
    allow_corrupt: bool = False,
) -> Embeddings:
    """Embeddings of `dataset` by `model`, from the store where they are there, else computed and stored.

    Features are stored raw (not normalised, float32), because the norm is information and normalising is one
    line. Batches never cross a shard, so an interrupted run, taken up again with the same batch size and
    threads, ends with the same bytes as one that was not. Memory does not grow with the number of images.

    `workers` decode beside the tower (None: one fewer than the processors, at least one, at most eight; 0:
    in this process). A batch too large for a GPU's memory goes through the tower in halves from then on; how
    large they were, and how far mixed precision is from fp32, is noted in each shard (`clipkit.device.Encoder`).
    `channels_last` "auto" is on for convolutional towers, which gain from it. With `rows` only the shards that
    begin at one of these positions are looked at, so that several processes can share a data set; the result
    lists what the store has then.

    Raises CorruptData naming the unreadable images, at the end of the shard that has them and before it is
    stored, unless `allow_corrupt`: then they are left out and listed in the result. Raises ClipkitError if
    the store cannot be written, or what `clipkit.device.Encoder` raises.
    """
    for name, value in (("batch_size", batch_size), ("shard_size", shard_size)):
        if value < 1:
            raise BadInput(f"{name} is {value}", "give a positive number")
    entry = store.entry(_key(model, dataset))
    fitting = channels_last if isinstance(channels_last, bool) else model.is_convolutional
    layout = torch.channels_last if fitting else torch.contiguous_format
    model.net.to(memory_format=layout)
    run = {
        "batch_size": batch_size,
        "threads": torch.get_num_threads(),
        "device": _device_name(model.device),
        "channels_last": fitting,
        "versions": versions(),
    } | ({"compiled": True} if model.plain else {})
    recipe = entry.start(
        {
            "model": asdict(model.card),
            "dataset": dataset.name,
            "images": len(dataset),
            "shard_size": shard_size,
            "first_run": run | {"git_commit": git_commit()},
        }
    )
    size = recipe["shard_size"]
    blocks = _Blocks(entry, len(dataset), size, batch_size, range(len(dataset)) if rows is None else rows)
    before = store.images_embedded
    if blocks.missing():
        _check_stored(entry, blocks, dataset.name, allow_corrupt)
        loader = DataLoader(
            _Preprocessed(dataset, model),
            batch_sampler=blocks,
            num_workers=worker_count(workers),
            collate_fn=_collate,
            pin_memory=model.device.type == "cuda",
        )
        waiting = sum(min(size, len(dataset) - number * size) for number in blocks.missing())
        with tqdm(total=waiting, unit="image", disable=None if progress else True) as bar:
            _fill(
                Encoder(model, batch_size),
                dataset,
                store,
                entry,
                loader,
                size,
                layout,
                run,
                allow_corrupt,
                bar,
            )
    _check_stored(entry, blocks, dataset.name, allow_corrupt)
    paths = [path for _, path in sorted(entry.shards().items())]
    return Embeddings(entry, recipe, paths, len(dataset), store.images_embedded - before)


def _fill(encode, dataset, store, entry, loader, size, layout, run, allow_corrupt, bar) -> None:
    features, kept, corrupt, seen = [], [], {}, 0
    for images, good, bad in loader:
        number = (good or list(bad))[0] // size
        if good:
            features.append(encode(images.contiguous(memory_format=layout)).cpu())
            store.images_embedded += len(good)
        kept += good
        corrupt |= {dataset.ids[index]: why for index, why in bad.items()}
        seen += len(good) + len(bad)
        bar.update(len(good) + len(bad))
        if seen < min(size, len(dataset) - number * size):
            continue
        if corrupt and not allow_corrupt:
            raise list_corrupt(corrupt, dataset.name)
        stacked = torch.cat(features).numpy() if features else np.empty((0, 0), np.float32)
        run |= encode.notes
        entry.write(
            number, Shard(stacked, dataset.labels[kept], [dataset.ids[i] for i in kept], corrupt, run)
        )
        features, kept, corrupt, seen = [], [], {}, 0


def _check_stored(entry: Entry, blocks: "_Blocks", name: str, allow_corrupt: bool) -> None:
    """Verify the finished shards, and refuse those that an earlier run stored without unreadable images."""
    corrupt: dict[str, str] = {}
    for number, path in entry.shards().items():
        if number in blocks.wanted:
            corrupt |= entry.read(path).corrupt
    if corrupt and not allow_corrupt:
        raise list_corrupt(corrupt, name)


def _key(model: Model, dataset: ImageDataset) -> dict:
    return model.identity() | {"precision": model.precision, "dataset_fingerprint": dataset.fingerprint}


def worker_count(wanted: int | None) -> int:
    """How many processes decode beside the tower."""
    return min(8, max(1, len(os.sched_getaffinity(0)) - 1)) if wanted is None else wanted


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


class _Blocks:
    """Batches of positions, shard by shard; a shard that another writer finished meanwhile is passed over."""

    def __init__(self, entry: Entry, n: int, shard_size: int, batch_size: int, rows: range):
        self.entry, self.n, self.shard_size, self.batch_size = entry, n, shard_size, batch_size
        self.wanted = [number for number in range(-(-n // shard_size)) if number * shard_size in rows]

    def missing(self) -> list[int]:
        done = self.entry.shards()
        return [number for number in self.wanted if number not in done]

    def __iter__(self) -> Iterator[list[int]]:
        for number in self.missing():
            if number in self.entry.shards():
                continue
            start, stop = number * self.shard_size, min((number + 1) * self.shard_size, self.n)
            for first in range(start, stop, self.batch_size):
                yield list(range(first, min(first + self.batch_size, stop)))


class _Preprocessed(torch.utils.data.Dataset):
    """Position → (position, tensor or None, why not). A broken image must not end the worker.

    Positions whose pixels lie in memory come as one batch, (tensor, positions, {}).
    """

    def __init__(self, dataset: ImageDataset, model: Model):
        self.dataset, self.preprocess = dataset, model.preprocess
        # An image of another size would have to be resized, which `preprocess` alone does.
        fits = dataset.pixels is not None and model.preprocess_pixels is not None
        fits = fits and torch.equal(model.preprocess_pixels(dataset.pixels[:1])[0], self[0][1])
        self.together = model.preprocess_pixels if fits else None

    def __getitems__(self, indices: list[int]):
        if self.together is None:
            return [self[index] for index in indices]
        return self.together(self.dataset.pixels[indices]), indices, {}

    def __getitem__(self, index: int):
        try:
            return index, self.preprocess(self.dataset[index].image), ""
        except CorruptData as error:
            return index, None, error.problem.removeprefix(f"{self.dataset.ids[index]}: ")


def _collate(samples):
    if isinstance(samples, tuple):
        return samples
    good = [(index, tensor) for index, tensor, _ in samples if tensor is not None]
    bad = {index: why for index, tensor, why in samples if tensor is None}
    images = torch.stack([tensor for _, tensor in good]) if good else torch.empty(0)
    return images, [index for index, _ in good], bad
