"""Predicted seconds of a small pocket sweep over those it took: within a factor of 1.5 is the goal.

    python benchmarks/sweep.py [--models resnet-wild-s0,vit-wild-s0] [--datasets wild,studio,redrawn] [--threads 1]

The plan is made as by `clipkit sweep --plan`; then its tasks run in this process into an empty store. Rendering, which
a plan does not predict, is done before. Printed: JSON with each task's ratio and that of the sums.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from clipkit.sweep.plan import plan
from clipkit.sweep.run import in_process
from clipkit.sweep.tracks import PocketTrack, choose


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default="resnet-wild-s0,vit-wild-s0")
    parser.add_argument("--datasets", default="wild,studio,redrawn")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        track = PocketTrack(store=Path(folder) / "store", out=Path(folder) / "out")
        cards = choose(options.models.split(","), "pocket")
        sizes = track.sizes(track.datasets(options.datasets.split(","), []))
        track.prepare(list(sizes))
        tasks = plan([card.name for card in cards], sizes, track.costs(cards), track.whole)
        ratios, took = {}, 0.0
        begun = time.perf_counter()
        for done in in_process(track.embed, tasks):
            assert not done.error, done.error
            seconds, begun = time.perf_counter() - begun, time.perf_counter()
            took += seconds
            ratios[f"{done.task.model} on {done.task.dataset}"] = round(done.task.seconds / seconds, 2)
    predicted = sum(task.seconds for task in tasks)
    found = {"predicted, s": predicted, "took, s": took, "predicted / took": predicted / took}
    print(
        json.dumps({name: round(value, 2) for name, value in found.items()} | {"each task": ratios}, indent=1)
    )


if __name__ == "__main__":
    main()
