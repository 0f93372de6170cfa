"""How often nominal 95 % intervals cover the truth where theory does not promise 95 %.

Run `python benchmarks/interval_coverage.py` (about a minute). Docstrings quote its numbers; nothing asserts
them, since too rare a cover is a property of the method, to be known and not to be mended here.
"""

import numpy as np

from clipkit.metrics.calibration import calibration_error
from clipkit.stats import (
    bca_limits,
    bootstrap_draws,
    bootstrap_mean,
    jackknife_acceleration,
    percentile_limits,
)

DATA_SETS, DRAWS = 2000, 2000


def covered(low, high, truth) -> float:
    return 100 * float(np.mean((low <= truth) & (truth <= high)))


def few_clusters() -> None:
    print(f"mean, clusters of 1 to 7 rows, group and residual sd 1; {DATA_SETS} data sets x {DRAWS} draws")
    for n_clusters in (5, 10, 20, 50):
        rng = np.random.default_rng(n_clusters)
        clusters = np.repeat(np.arange(n_clusters), rng.integers(1, 8, size=n_clusters))
        shared = rng.normal(size=(n_clusters, DATA_SETS))[clusters]
        scores = shared + rng.normal(size=(len(clusters), DATA_SETS))
        shares = []
        for method in ("bca", "percentile"):
            found = bootstrap_mean(scores, clusters=clusters, method=method, draws=DRAWS)
            shares.append(f"{method} {covered(found.low, found.high, 0.0):.1f} %")
        print(f"  {n_clusters:3d} clusters: {', '.join(shares)}")


def calibration(data_sets: int = 100, blocks: int = 4, draws: int = 1000, bins: int = 15) -> None:
    """Confidence uniform in [0.2, 1] and accuracy = confidence - gap, so that the true ECE is the gap."""
    print(f"expected calibration error, {bins} bins; {data_sets * blocks} data sets x {draws} draws")
    for n in (500, 2000, 10_000):
        for gap in (0.0, 0.02, 0.10):
            rng = np.random.default_rng([n, round(1000 * gap)])
            limits, values = {"bca": [], "percentile": []}, []
            for block in range(blocks):
                confidence = rng.uniform(0.2, 1.0, size=(n, data_sets))
                correct = rng.random((n, data_sets)) < confidence - gap
                # ECE is the sum over bins of |mean signed gap|: one column per bin and data set.
                in_bin = np.ceil(confidence * bins)[:, :, None] == np.arange(1, bins + 1)
                signed = (in_bin * (correct - confidence)[:, :, None]).reshape(n, -1)
                means = bootstrap_draws(signed, draws=draws, seed=block)
                resampled = np.abs(means.reshape(draws, data_sets, bins)).sum(axis=2)
                value = np.array(
                    [calibration_error(confidence[:, j], correct[:, j]) for j in range(data_sets)]
                )
                values.append(value)
                limits["percentile"].append(percentile_limits(resampled))
                without = (signed.sum(axis=0) - signed) / (n - 1)
                without = np.abs(without.reshape(n, data_sets, bins)).sum(axis=2)
                limits["bca"].append(bca_limits(resampled, value, jackknife_acceleration(without)))
            shares = [
                f"{m} {covered(*np.concatenate(found, axis=1), gap):.1f} %" for m, found in limits.items()
            ]
            print(f"  n {n:6d}, ECE {gap:.2f} (mean estimate {np.mean(values):.3f}): {', '.join(shares)}")


if __name__ == "__main__":
    few_clusters()
    calibration()
