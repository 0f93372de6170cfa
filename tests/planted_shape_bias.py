"""A zoo whose decisions between shape and texture are made up, with the noise of images and of seeds."""

import numpy as np
import pandas as pd

from clipkit.sections.measure.shape_bias import BACKGROUNDS, SECTION, cue_conflict
from clipkit.sections.measured import DRAWS, Measured, MeasuredTable
from clipkit.sections.pocket.evidence import kind_of

N = 400


def planted(recipes, bias, decided=0.6, seeds=range(3), sets=("80",), seed=1) -> MeasuredTable:
    """The table of a zoo. bias(recipe, background, prompts): the chance that a decision for a cue is for the shape.

    Models find the same images hard; each seed of a recipe differs by a hundredth or so, each set of prompts by less.
    """
    rng = np.random.default_rng(seed)
    ease = {b: rng.random((2, N)) for b in BACKGROUNDS}
    shape, texture = np.zeros(N, int), np.ones(N, int)
    found = []
    for recipe in recipes:
        for s in seeds:
            own, model = np.random.default_rng([seed, len(found)]), f"{recipe}-s{s}"
            prompted = kind_of(model) == "zero_shot"
            luck = 0.01 * own.normal()
            for background in BACKGROUNDS:
                mixed = np.where(own.random((2, N)) < 0.6, ease[background], own.random((2, N)))
                for prompts in sets if prompted else ("",):
                    by_shape = mixed[0] < bias(recipe, background, prompts) + luck + 0.003 * own.normal()
                    scores = np.eye(3)[np.where(mixed[1] < decided, np.where(by_shape, 0, 1), 2)]
                    numbers = cue_conflict(f"cue-conflict-{background}", scores, shape, texture, prompts)
                    found += [(model, m) for m in numbers]
                for control, accuracy in (("shape-only", 0.2), ("texture-only", 0.5)):
                    draws = accuracy + 0.02 * own.normal(size=DRAWS)
                    control = f"{control}-{background}"
                    found.append(
                        (model, Measured(SECTION, control, "all classes", "accuracy", accuracy, draws, N,
                                         "80" if prompted else ""))
                    )  # fmt: skip
    frame = pd.DataFrame([{"model": model, **m._asdict()} for model, m in found]).drop(columns="draws")
    return MeasuredTable(frame, np.array([m.draws for _, m in found]), {})
