"""How much of a tower's bare speed `embed_images` keeps, and whether its memory stays flat.

    python benchmarks/embed.py [--images N] [--repeats N] [--memory N]

Ratios compare runs of one process, turn and turn about, so that other load on the machine falls on both.
The tower is ViT-B-32 with random weights; the images are random JPEGs of 500 x 375 pixels.
Goals: at least 0.90 of the bare forward pass from already decoded images, at least 0.75 with decoding, and
less than 1.2 times the memory for ten times the images. With 0 images a part is left out.
"""

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image

from clipkit.datasets.images import ImageDataset, Sample
from clipkit.datasets.readers import open_images
from clipkit.embed import embed_images
from clipkit.models.cards import ModelCard
from clipkit.models.model import Model
from clipkit.store import EmbeddingStore

BATCH = 32


class InMemory(ImageDataset):
    """Images that are decoded and preprocessed already."""

    def __init__(self, tensors):
        self.name, self.tensors = "memory", tensors
        self._set_entries([(f"{i:06d}", -1) for i in range(len(tensors))])

    def read(self, index):
        return self.ids[index].encode()

    def __getitem__(self, index):
        return Sample(self.ids[index], self.tensors[index], -1)


def build(architecture: str) -> Model:
    net, _, preprocess = open_clip.create_model_and_transforms(architecture)
    card = ModelCard(name=architecture, kind="local", architecture=architecture, weights_sha256="random")
    return Model(card=card, net=net.eval(), preprocess=preprocess)


def make_images(root: Path, n: int) -> Path:
    rng = np.random.default_rng(0)
    for i in range(n):
        # Smooth noise: pure noise would make JPEGs several times larger than photographs.
        small = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        small.resize((500, 375), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        (root / f"{i:06d}.jpg").write_bytes(buffer.getvalue())
    return root


def speed(n: int, repeats: int) -> dict:
    model = build("ViT-B-32")
    with tempfile.TemporaryDirectory() as folder:
        files = open_images(make_images(Path(folder), n))
        tensors = torch.stack([model.preprocess(files[i].image) for i in range(n)])
        decoded, ready = InMemory(tensors), replace(model, preprocess=lambda tensor: tensor)

        def bare():
            for batch in tensors.split(BATCH):
                model.encode_image(batch)

        def embedded(model, dataset, workers):
            with tempfile.TemporaryDirectory() as store:
                settings = {"batch_size": BATCH, "progress": False, "workers": workers}
                embed_images(model, dataset, EmbeddingStore(store), **settings)

        decoded.fingerprint, files.fingerprint  # noqa: B018 - computed once, before the clock starts
        ways = {
            "bare": bare,
            "decoded": lambda: embedded(ready, decoded, 0),
            "with decoding": lambda: embedded(model, files, None),
        }
        bare()
        rates = {name: [] for name in ways}
        for _ in range(repeats):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                rates[name].append(n / (time.perf_counter() - start))
    return {
        "images/s": {name: round(statistics.median(found), 1) for name, found in rates.items()},
        "ratio to bare, median": {
            name: round(statistics.median(a / b for a, b in zip(rates[name], rates["bare"], strict=True)), 3)
            for name in ("decoded", "with decoding")
        },
    }


def peak_memory(n: int) -> int:
    """Peak resident memory (MiB) of a process of its own that embeds `n` images."""
    command = [sys.executable, __file__, "--child", str(n)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def child(n: int) -> None:
    with tempfile.TemporaryDirectory() as images, tempfile.TemporaryDirectory() as store:
        dataset = open_images(make_images(Path(images), n))
        settings = {"batch_size": BATCH, "shard_size": 128, "workers": 1, "progress": False}
        found = embed_images(build("ViT-S-32"), dataset, EmbeddingStore(store), **settings)
        assert sum(len(shard.ids) for shard in found.shards()) == n
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=192)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", type=int, default=150, help="N, where N and 10 N images are compared")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    if options.images:
        print(json.dumps(speed(options.images, options.repeats), indent=1), flush=True)
    if options.memory:
        small, large = peak_memory(options.memory), peak_memory(10 * options.memory)
        print(
            json.dumps(
                {"N": options.memory, "N, MiB": small, "10 N, MiB": large, "ratio": round(large / small, 3)}
            )
        )


if __name__ == "__main__":
    main()
