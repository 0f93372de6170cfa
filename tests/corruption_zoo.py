"""A zoo whose accuracies under corruption are made up: on one line with the baselines, or beyond it."""

import numpy as np
import pandas as pd
from planted_zoo import BASELINES, named
from scipy.special import expit, logit
from scipy.stats import norm

from clipkit.metrics import resampled_mean
from clipkit.sections.measure import natural_shifts
from clipkit.sections.measure.corruption_3d import FAMILIES, under_corruption
from clipkit.sections.measured import DRAWS, Measured, MeasuredTable
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats import shared_counts

N = 520
ACCURACY = dict(zip(BASELINES, (0.72, 0.55, 0.66, 0.68, 0.62, 0.45, 0.7, 0.3), strict=True))
CNN = named("resnet-wild", "convnext-wild")
ZERO_SHOT = [
    *CNN,
    *named("vit-wild"),
    *named("resnet-uncurated", "resnet-curated", "resnet-scored", seeds=[0, 1]),
]
MODELS = [*BASELINES, *ZERO_SHOT]
COUNTS = shared_counts("wild", N, DRAWS)


def on_the_line(clean, severity):
    """Accuracy under a corruption of any baseline of this clean accuracy."""
    return float(expit(logit(clean) - 0.35 * severity))


def zoo(clean=lambda m: 0.62, beyond=lambda m, s: 0.0, models=MODELS) -> MeasuredTable:
    """clean(model), and beyond(model, severity): how far above the baselines' line, a fraction."""
    rng, found = np.random.default_rng(0), []
    ease = rng.normal(size=N)
    for k, model in enumerate(models):
        own = np.random.default_rng([1, k])
        prompts = "" if kind_of(model) == "baseline" else "80"

        def right(accuracy, own=own):
            latent = np.sqrt(0.7) * ease + np.sqrt(0.3) * own.normal(size=N)
            return latent < norm.ppf(np.clip(accuracy, 1e-6, 1 - 1e-6))

        chance = ACCURACY.get(model) or clean(model)
        cells = {
            (name, s): right(on_the_line(chance, s) + beyond(model, s))
            for names, severities in zip(FAMILIES.values(), ((1, 2, 3, 4, 5), (3, 5)), strict=True)
            for name in names
            for s in severities
        }
        seen = right(chance)
        numbers = under_corruption(seen, cells, COUNTS, prompts)
        key = (natural_shifts.SECTION, "wild", natural_shifts.ALL, "accuracy")
        numbers.append(
            Measured(*key, float(seen.mean()), resampled_mean(COUNTS, seen.astype(float)), N, prompts)
        )
        found += [(model, m) for m in numbers]
    frame = pd.DataFrame([{"model": model, **m._asdict()} for model, m in found]).drop(columns="draws")
    return MeasuredTable(frame, np.array([m.draws for _, m in found]), {})
