"""Do two models err on the same images? Cohen's kappa, also on resampled images."""

import numpy as np

from clipkit.errors import BadInput


def cohens_kappa(a, b, counts=None) -> np.ndarray:
    """Agreement of two yes-or-no judgements beyond what their rates alone would give; in [−1, 1], 1 is the same.

    a, b: (n,) booleans, such as whether two models are right; counts (draws, n): how often each image occurs in each
    resample (`clipkit.stats.shared_counts`), by default once. Returns (draws,), or () without counts; NaN where one
    judgement never varies in the other's value too, for then nothing is left to agree on. Raises BadInput for
    unequal lengths.

    Source: Cohen (1960), doi:10.1177/001316446002000104; for errors of models Geirhos et al. (2020).

    >>> round(float(cohens_kappa([True, True, False, False], [True, True, False, True])), 3)
    0.5
    """
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    if a.ndim != 1 or a.shape != b.shape:
        raise BadInput(f"judgements of shapes {a.shape} and {b.shape}", "give (images,), paired by image")
    weights = np.ones((1, len(a))) if counts is None else np.asarray(counts, float)
    columns = np.column_stack([a == b, a, b]).astype(float)
    agreed, rate_a, rate_b = (weights @ columns / weights.sum(1, keepdims=True)).T
    by_chance = rate_a * rate_b + (1 - rate_a) * (1 - rate_b)
    left = 1 - by_chance
    kappa = np.where(left > 1e-12, (agreed - by_chance) / np.where(left > 1e-12, left, 1.0), np.nan)
    return kappa[0] if counts is None else kappa
