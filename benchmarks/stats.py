"""The paired bootstrap of 60 models on 5,000 images: `bootstrap_mean` against `scipy.stats.bootstrap`.

Run `python benchmarks/stats.py` (a few minutes). Both make 10,000 draws, BCa, 95 %, and resample images once
for all models: scipy is given the models as rows, because it then indexes all rows with the same draws, which
is its fastest paired setting (60 samples with `paired=True` are slower). Its `batch`, which decides memory
and cache use, is first chosen by timing a few; the best is run in full.

Limits are compared in units of their Monte-Carlo error, the standard deviation of each limit over 20 seeds of
`bootstrap_mean`. Two independent runs differ by sqrt(2) of it: the root mean square of the ratio should be 1,
and the largest of 120 ratios about 3.
"""

import os
from time import perf_counter

import numpy as np
from scipy import stats

from clipkit.stats import bootstrap_mean

MODELS, IMAGES, DRAWS, SEEDS, TRIAL = 60, 5_000, 10_000, 20, 500


def scipy_limits(scores, draws, batch):
    found = stats.bootstrap(
        (scores.T,), np.mean, axis=-1, vectorized=True, method="BCa", n_resamples=draws, batch=batch, rng=1
    )
    return np.array(found.confidence_interval)


def timed(function, *arguments, **options):
    start = perf_counter()
    found = function(*arguments, **options)
    return perf_counter() - start, found


def main():
    rng = np.random.default_rng(0)
    difficulty = rng.random((IMAGES, 1))
    skill = np.linspace(0.5, 0.95, MODELS)
    scores = (rng.random((IMAGES, MODELS)) < np.clip(skill + 0.4 * (0.5 - difficulty), 0, 1)).astype(float)
    print(f"{MODELS} models x {IMAGES} images, {DRAWS} draws, BCa; {os.cpu_count()} CPUs")

    trial = {batch: timed(scipy_limits, scores, TRIAL, batch)[0] for batch in (1, 4, 16, 64)}
    batch = min(trial, key=trial.get)
    print(f"scipy, {TRIAL} draws, seconds by batch: { ({b: round(s, 2) for b, s in trial.items()}) }")

    theirs_seconds, theirs = timed(scipy_limits, scores, DRAWS, batch)
    ours_seconds, ours = min(
        (timed(bootstrap_mean, scores, draws=DRAWS) for _ in range(3)), key=lambda run: run[0]
    )
    print(
        f"scipy.stats.bootstrap {theirs_seconds:.2f} s (batch {batch}), bootstrap_mean {ours_seconds:.2f} s"
    )
    print(f"ratio {theirs_seconds / ours_seconds:.1f}")

    runs = [bootstrap_mean(scores, draws=DRAWS, seed=seed) for seed in range(1, SEEDS + 1)]
    error = np.std([(run.low, run.high) for run in runs], axis=0, ddof=1)
    difference = np.abs((ours.low, ours.high) - theirs)
    ratio = difference / (np.sqrt(2) * error)
    rms = np.sqrt((ratio**2).mean())
    print(
        f"limits differ by at most {difference.max():.5f}; Monte-Carlo error of one limit {error.mean():.5f}"
    )
    print(f"difference / expected Monte-Carlo error: rms {rms:.2f}, max {ratio.max():.2f}")


if __name__ == "__main__":
    main()
