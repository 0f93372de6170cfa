"""Train the whole zoo: `python -m clipkit.pocket.zoo.run --out DIR [--jobs 2]`; restartable.

Each model is a process of its own with one thread. Finished models are skipped, interrupted ones go on from
their checkpoints. Seed 0 of every recipe comes first, then the repeats.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clipkit.pocket.sets import load_set
from clipkit.pocket.training_sets import train
from clipkit.pocket.zoo.recipe import RECIPES, Recipe, read_recipe

FIRST = ("resnet-wild", "vit-wild", "resnet-studio", "resnet-wild-sigmoid", "resnet-wild-10", "resnet-mixed")


def plan(recipes: list[Recipe]) -> list[tuple[Recipe, int]]:
    """Recipes and seeds in the order of training."""
    rank = {name: i for i, name in enumerate(FIRST)}
    ordered = sorted(recipes, key=lambda r: (rank.get(r.name, len(rank)), r.name))
    last = max((len(r.seeds) for r in ordered), default=0)
    return [(r, r.seeds[k]) for k in range(last) for r in ordered if k < len(r.seeds)]


def render_first(recipes: list[Recipe]) -> None:
    """Render every training pool and the validation set, so that the processes need not do it twice."""
    load_set("wild", "validation")
    for distribution, pool, seed in dict.fromkeys(
        (r.data.distribution, r.data.pool, r.data.seed) for r in recipes
    ):
        train(distribution, pool, seed)


def train_one(recipe: Recipe, seed: int, out: Path) -> int:
    """Train in a process of its own, its output in DIR/logs; returns the exit status."""
    log = out / "logs" / f"{recipe.name}-s{seed}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a") as handle:
        command = [
            sys.executable,
            "-m",
            "clipkit.pocket.zoo.train",
            recipe.name,
            "--out",
            str(out),
            "--seed",
            str(seed),
        ]
        done = subprocess.run(
            command, stdout=handle, stderr=handle, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    print(f"{recipe.name}-s{seed}: {'done' if done.returncode == 0 else f'failed, see {log}'}", flush=True)
    return done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument(
        "--list", action="store_true", help="only say what would be trained, and for how long"
    )
    arguments = parser.parse_args()
    jobs = plan([read_recipe(p) for p in sorted(RECIPES.glob("*.toml"))])
    if arguments.list:
        for recipe, seed in jobs:
            print(f"{recipe.name}-s{seed}: about {recipe.minutes:g} minutes")
        print(f"{len(jobs)} models, {sum(r.minutes for r, _ in jobs) / arguments.jobs / 60:.1f} hours")
        return
    render_first([r for r, _ in jobs])
    with ThreadPoolExecutor(arguments.jobs) as pool:
        failed = sum(status != 0 for status in pool.map(lambda job: train_one(*job, arguments.out), jobs))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
