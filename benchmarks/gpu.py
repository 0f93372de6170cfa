"""Images a second: of `embed_images`, and of the bare forward pass of the same tower in the same process.

    python benchmarks/gpu.py [--architecture ViT-L-14] [--precision bf16] [--images 4096] [--batch-size 256] [--compile]
    python benchmarks/gpu.py --architecture pocket-vit --device cpu --images 64 --batch-size 16    # a smoke test

Three ways, turn and turn about, so that other load falls on all: the bare forward pass on one batch that lies on the
device, `embed_images` from decoded images in memory (pinned, copied, stored), and from JPEGs, which workers decode.
Weights are random. A ratio of 1 means that nothing but the tower takes time. On a machine with few processors for its
GPU the last is bound by decoding: then more --workers, or smaller images, not another batch size.
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from embed import InMemory, make_images

from clipkit.datasets.readers import open_images
from clipkit.device import AUTO, choose_precision, compiled
from clipkit.embed import embed_images, worker_count
from clipkit.models.random import random_model
from clipkit.pocket import models as pocket_models
from clipkit.store import EmbeddingStore


def rates(model, n: int, batch_size: int, repeats: int, workers: int | None) -> dict[str, list[float]]:
    """Images a second of each way, one number a repeat."""
    with tempfile.TemporaryDirectory() as folder:
        files = open_images(make_images(Path(folder), n))
        tensors = torch.stack([model.preprocess(files[i].image) for i in range(n)])
        decoded, ready = InMemory(tensors), replace(model, preprocess=lambda tensor: tensor)
        there = tensors[:batch_size].to(model.device)

        def bare():
            for _ in range(-(-n // batch_size)):
                model.encode_image(there)
            if model.device.type == "cuda":
                torch.cuda.synchronize(model.device)

        def embedded(model, dataset, workers):
            with tempfile.TemporaryDirectory() as store:
                how = {"batch_size": batch_size, "workers": workers, "progress": False, "shard_size": n}
                embed_images(model, dataset, EmbeddingStore(store), **how)

        ways = {
            "bare": (bare, -(-n // batch_size) * len(there)),
            "decoded": (lambda: embedded(ready, decoded, 0), n),
            "with decoding": (lambda: embedded(model, files, workers), n),
        }
        found = {name: [] for name in ways}
        for turn in range(repeats + 1):  # the first warms up: compiling, fingerprints, memory
            for name, (way, images) in ways.items():
                start = time.perf_counter()
                way()
                if turn:
                    found[name].append(images / (time.perf_counter() - start))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--architecture", default="ViT-B-32", help="of open_clip, timm or the pocket laboratory"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", default=AUTO)
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, help="that decode; by default by processors")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    pocket_models.register()
    precision = choose_precision(options.precision, options.device)
    model = random_model(options.architecture, device=options.device, precision=precision)
    model = compiled(model) if options.compile else model
    found = rates(model, options.images, options.batch_size, options.repeats, options.workers)
    on_gpu = model.device.type == "cuda"
    report = {
        "device": torch.cuda.get_device_name(model.device) if on_gpu else f"cpu, {torch.get_num_threads()} threads",
        "tower": options.architecture, "precision": precision, "compiled": options.compile,
        "images": options.images, "batch_size": options.batch_size, "workers": worker_count(options.workers),
        "images/s": {name: round(statistics.median(rate), 1) for name, rate in found.items()},
        "ratio to bare, median": {
            name: round(statistics.median(a / b for a, b in zip(found[name], found["bare"], strict=True)), 3)
            for name in ("decoded", "with decoding")
        },
        "memory, MiB": round(torch.cuda.max_memory_allocated(model.device) / 2**20) if on_gpu else None,
    }  # fmt: skip
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
