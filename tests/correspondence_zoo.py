"""A zoo whose recall is made up: a level for each recipe, lower from bin to bin, with the noise of seeds and pairs."""

import numpy as np
import pandas as pd

from clipkit.sections.measure.correspondence import (
    ALL,
    EVERYTHING,
    MATCHED,
    OVERALL,
    RANDOM,
    SECTION,
    SETS,
    TRUTH,
    bins_of,
    named,
)
from clipkit.sections.measured import DRAWS, MeasuredTable

LEVELS = {
    "resnet-wild": 0.40, "convnext-wild": 0.44, "edgenext-wild": 0.42, "vit-wild": 0.36, "resnet-studio": 0.30,
    "resnet-wild-10": 0.33, "resnet-wild-sigmoid": 0.40, "resnet-uncurated": 0.36, "resnet-curated": 0.39,
    "resnet-scored": 0.37, "supervised-resnet-wild": 0.35, "flyp-studio": 0.38,
}  # fmt: skip
CONTROLS = {RANDOM: 0.05, TRUTH: 0.9}


def zoo(levels=LEVELS, matched=None, seeds=(0, 1, 2), noise=0.004, seed=0):
    """matched: recipe → what its recall changes by on the matched grid."""
    rng = np.random.default_rng(seed)
    pairs = noise * rng.standard_normal((len(SETS), DRAWS))
    rows, draws = [], []

    def add(model, dataset, subset, metric, value, wobble):
        rows.append((model, SECTION, dataset, subset, metric, "", value, 100))
        draws.append(value + wobble + noise / 3 * rng.standard_normal(DRAWS))

    for recipe, level in levels.items():
        for s in seeds:
            model, lucky = f"{recipe}-s{s}", level + noise * rng.standard_normal()
            for k, (dataset, asked) in enumerate(SETS.items()):
                bins = [b for b in bins_of(asked) if b != "60–180°"]
                for i, subset in enumerate((ALL, *bins)):
                    drop = 0.3 - 0.15 * (i - 1) if i else 0.0
                    add(model, dataset, subset, asked.headline, lucky + drop * (lucky > 0.1), pairs[k])
                    for control, value in CONTROLS.items():
                        add(model, dataset, subset, named(asked.headline, control), value, 0.1 * pairs[k])
                add(
                    model,
                    dataset,
                    ALL,
                    named(asked.headline, MATCHED),
                    lucky + (matched or {}).get(recipe, 0.0),
                    pairs[k],
                )
            add(model, EVERYTHING, ALL, OVERALL, lucky, pairs.mean(0))
            add(
                model,
                EVERYTHING,
                ALL,
                named(OVERALL, MATCHED),
                lucky + (matched or {}).get(recipe, 0.0),
                pairs.mean(0),
            )
    columns = ["model", "section", "dataset", "subset", "metric", "prompts", "value", "n"]
    frame = pd.DataFrame(rows, columns=columns).assign(unit="fraction", higher_is_better=True)
    return MeasuredTable(frame, np.array(draws), {})
