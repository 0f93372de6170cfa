"""Predicted seconds of a small sweep over those it took: within a factor of 1.5 is the goal.

    python benchmarks/sweep.py [--models resnet-wild-s0,vit-wild-s0] [--datasets far-noise,far-drawings,part-pairs]
    python benchmarks/sweep.py --profile full [--models RN50/random,ViT-B-32/random] [--images 96]

The plan is made as by `clipkit sweep --plan`; then its tasks run in this process into an empty store. What a plan does
not predict is done before: rendering, and loading the weights. The full track reads generated photographs of 500 × 375
pixels. Both sides are given in seconds of this process on its processors, so that other work of the machine is not in
them. Printed: JSON with the sums, their ratio, that of each task, and what it took by the clock.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from clipkit.sweep import speed
from clipkit.sweep.plan import plan
from clipkit.sweep.tracks import FullTrack, PocketTrack, choose, loaded

DEFAULTS = {
    "pocket": ("resnet-wild-s0,vit-wild-s0", "far-noise,far-drawings,part-pairs"),
    "full": ("RN50/random,ViT-B-32/random", "sun"),
}


def photographs(root: Path, n: int) -> Path:
    """A copy of SUN's layout with n smooth generated pictures."""
    folder = root / "SUN/images"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(n):
        blocks = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
        blocks.resize((500, 375), Image.Resampling.BICUBIC).save(folder / f"{i:04d}.jpg", quality=90)
    return root


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", choices=DEFAULTS, default="pocket")
    parser.add_argument("--models")
    parser.add_argument("--datasets")
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    models, datasets = options.models or DEFAULTS[options.profile][0], DEFAULTS[options.profile][1]
    torch.set_num_threads(options.threads)
    # The predictor times with this clock; a machine that is shared moves the other one severalfold within a minute.
    speed.time = SimpleNamespace(perf_counter=time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        where = {"store": Path(folder) / "store", "out": Path(folder) / "out", "device": "cpu"}
        if options.profile == "pocket":
            track = PocketTrack(**where)
        else:
            root = photographs(Path(folder) / "data", options.images)
            track = FullTrack(**where, root=root, n_expected={"sun": options.images}, workers=0)
        cards = choose(models.split(","), options.profile)
        sizes = track.sizes(track.datasets((options.datasets or datasets).split(","), []))
        track.prepare(list(sizes))
        tasks = plan([card.name for card in cards], sizes, track.costs(cards), track.whole)
        ratios, took, clock = {}, 0.0, time.perf_counter()
        for task in tasks:
            loaded(task.model, track.device, track.precision)  # kept until another model's turn
            begun = time.process_time()
            track.embed(task)
            seconds = time.process_time() - begun
            took += seconds
            ratios[f"{task.model} on {task.dataset}"] = round(task.seconds / seconds, 2)
    predicted = sum(task.seconds for task in tasks)
    found = {
        "predicted, processor s": predicted,
        "took, processor s": took,
        "predicted / took": predicted / took,
        "took, s of the clock": time.perf_counter() - clock,
    }
    print(
        json.dumps({name: round(value, 2) for name, value in found.items()} | {"each task": ratios}, indent=1)
    )


if __name__ == "__main__":
    main()
