"""Train the whole zoo: `python -m clipkit.pocket.zoo.run --out DIR [--jobs 2]`; restartable.

Each model is a process of its own with one thread. Finished models are skipped, interrupted ones go on from
their checkpoints. Seed 0 of every recipe comes first, then the repeats. `--compare` sets what was trained
against what is shipped.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from clipkit.pocket.intermediate import intermediate
from clipkit.pocket.sets import load_set
from clipkit.pocket.training_sets import train
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, shipped_recipes

FIRST = ("resnet-wild", "vit-wild", "resnet-studio", "resnet-wild-sigmoid", "resnet-wild-10", "resnet-mixed",
         "supervised-resnet-wild", "reference-resnet")  # fmt: skip
NEXT = ("supervised-resnet-studio", "supervised-resnet-wild-10", "supervised-resnet-mixed", "resnet-uncurated",
        "resnet-curated", "resnet-catalogue", "resnet-wild-plain", "resnet-wild-30")  # fmt: skip
TOLERANCE = 0.03
"""Difference in wild validation accuracy that another machine's rounding may make over a whole training."""

Job = tuple[Recipe | FinetuneRecipe, int]


def plan(recipes: list[Recipe | FinetuneRecipe]) -> list[Job]:
    """What has to be trained, in order: no model stands before one that it starts from.

    The base model in all its seeds, then what the main contrasts need, what is quick, and the rest.
    """
    rank = {name: i for i, name in enumerate((*FIRST, "what is quick", *NEXT, "the rest"))}

    def order(job):
        recipe, seed = job
        repeat, quick = recipe.seeds.index(seed), recipe.minutes < 5
        if recipe.name == FIRST[0]:
            return (-1, seed, 0.0, "")
        if quick:
            return (rank["what is quick"], len(needs(recipe, seed)), recipe.minutes, recipe.name)
        place = rank["the rest"] if repeat else rank.get(recipe.name, rank["the rest"])
        return (place, repeat, recipe.minutes, recipe.name)

    trained = [r for r in recipes if getattr(r, "method", "") != "wise"]
    return sorted(((r, s) for r in trained for s in r.seeds), key=order)


def needs(recipe: Recipe | FinetuneRecipe, seed: int) -> set[str]:
    """Names of the models without which this one cannot begin."""
    if isinstance(recipe, Recipe):
        return {recipe.data.scorer} - {""}
    return {f"{name}-s{seed}" for name in (recipe.parent, recipe.origin) if name}


def render_first(recipes: list[Recipe | FinetuneRecipe]) -> None:
    """Render every training pool and the validation set, so that the processes need not do it twice."""
    load_set("wild", "validation")
    for data in dict.fromkeys(
        (r.data.labels, r.data.distribution, r.data.pool, r.data.seed) for r in recipes
    ):
        if data[0] == "intermediate":
            intermediate(*data[2:])
        else:
            train(*data[1:])


def train_one(recipe: Recipe | FinetuneRecipe, seed: int, out: Path, before: list[Future]) -> bool:
    """Train in a process of its own, its output in DIR/logs; whether it ended well."""
    name = f"{recipe.name}-s{seed}"
    if not all(future.result() for future in before):
        print(f"{name}: left out, for what it starts from is missing", flush=True)
        return False
    log = out / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "clipkit.pocket.zoo.train", recipe.name, "--out", str(out)]
    with open(log, "a") as handle:
        done = subprocess.run(
            [*command, "--seed", str(seed)],
            stdout=handle,
            stderr=handle,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    print(f"{name}: {'done' if done.returncode == 0 else f'failed, see {log}'}", flush=True)
    return done.returncode == 0


def compare(jobs: list[Job], out: Path) -> Iterator[tuple[str, float, float, bool]]:
    """Name, shipped and retrained accuracy on the wild validation draw, and whether the weights are the same."""
    import torch

    from clipkit.models.weights import read_weights
    from clipkit.pocket.zoo.batches import to_tensor
    from clipkit.pocket.zoo.files import WEIGHTS
    from clipkit.pocket.zoo.loading import load_net
    from clipkit.pocket.zoo.train import Learning

    data = load_set("wild", "validation")
    images = to_tensor(data.images)
    for recipe, seed in jobs:
        name = f"{recipe.name}-s{seed}"
        files = [folder / f"{name}.safetensors" for folder in (WEIGHTS, out)]
        if not all(path.is_file() for path in files):
            continue
        reached = []
        for folder in (WEIGHTS, out):
            learning = Learning()
            learning.model = load_net(name, folder)
            reached.append(learning.accuracy(images, data.labels))
        ours, theirs = map(read_weights, files)
        yield name, *reached, all(torch.equal(ours[key], theirs[key]) for key in ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument(
        "--list", action="store_true", help="only say what would be trained, and for how long"
    )
    parser.add_argument("--compare", action="store_true", help="train nothing; compare with what is shipped")
    arguments = parser.parse_args()
    jobs = plan(shipped_recipes())
    if arguments.list:
        for recipe, seed in jobs:
            print(f"{recipe.name}-s{seed}: about {recipe.minutes:g} minutes")
        print(f"{len(jobs)} models, {sum(r.minutes for r, _ in jobs) / arguments.jobs / 60:.1f} hours")
        return
    if arguments.compare:
        far = 0
        for name, ours, theirs, same in compare(jobs, arguments.out):
            far += abs(ours - theirs) > TOLERANCE
            print(
                f"{name}: shipped {ours:.3f}, retrained {theirs:.3f}{', the same weights' * same}", flush=True
            )
        sys.exit(far > 0)
    render_first([r for r, _ in jobs])
    running: dict[str, Future] = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for recipe, seed in jobs:
            before = [running[name] for name in needs(recipe, seed) if name in running]
            running[f"{recipe.name}-s{seed}"] = pool.submit(train_one, recipe, seed, arguments.out, before)
    sys.exit(not all(future.result() for future in running.values()))


if __name__ == "__main__":
    main()
