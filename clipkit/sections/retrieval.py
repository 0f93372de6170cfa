"""Retrieval: whether zero-shot accuracy predicts recall, and what moves a model off that line."""

from functools import cache

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.memo import remember
from clipkit.metrics import correlation, effective_robustness, fit_line, resampled_lines
from clipkit.records import openclip
from clipkit.sections import lines
from clipkit.sections.draws import evidence_from_draws, run_counts

MEASURES = {
    "flickr_image_r1": "Flickr30k, image",
    "flickr_text_r1": "Flickr30k, text",
    "coco_image_r1": "COCO, image",
    "coco_text_r1": "COCO, text",
}
ACCURACY = "ImageNet 1k"
FLOOR = 0.30
"""Models below this ImageNet accuracy are too weak for their recall to be read on logit axes."""
DRAWS = 10_000
PERMUTATIONS = 2_000
AUGMENTED_TWINS = (
    ("convnext_base_w/laion2b_s13b_b82k", "convnext_base_w/laion2b_s13b_b82k_augreg"),
    ("convnext_base_w_320/laion_aesthetic_s13b_b82k", "convnext_base_w_320/laion_aesthetic_s13b_b82k_augreg"),
)
N_IMAGES = {"Flickr30k": 1_000, "COCO": 5_000}
"""Images of the test sets. The five captions of one image do not count as five trials."""


@cache
def record_models() -> pd.DataFrame:
    """Distinct CLIP models above `FLOOR`: model, source, run, ImageNet accuracy and the four recalls.

    Left out are adaptations of another model's tower and models fine-tuned on COCO captions.
    """
    table = openclip.results()[["model", "source", "run", "adapted", ACCURACY]]
    table = table.merge(openclip.retrieval()[["model", *MEASURES]], on="model")
    kept = (table[ACCURACY] > FLOOR) & ~table.adapted
    return table[kept].reset_index(drop=True)


def _points(
    table: pd.DataFrame, measures=tuple(MEASURES), axes: str = "logit"
) -> tuple[np.ndarray, np.ndarray]:
    return tuple(lines.to_axes(axes, table[c].to_numpy()) for c in (ACCURACY, list(measures)))


def accuracy_predicts_recall(axes: str = "logit") -> Evidence:
    """R1: the smallest of the four correlations (logit axes), training runs resampled."""
    table = record_models()
    x, y = _points(table, axes=axes)

    def correlations(weights):
        total = weights.sum(axis=1, keepdims=True)
        x_mean, y_mean = weights @ x[:, None] / total, weights @ y / total
        covariance = weights @ (x[:, None] * y) / total - x_mean * y_mean
        x_variance = weights @ x[:, None] ** 2 / total - x_mean**2
        return covariance / np.sqrt(x_variance * (weights @ y**2 / total - y_mean**2))

    found = correlations(np.ones((1, len(x))))[0]
    draws = correlations(run_counts(table.run, DRAWS, np.random.default_rng(0))).min(axis=1)
    lowest = list(MEASURES.values())[found.argmin()]
    return evidence_from_draws(
        found.min(),
        draws,
        n_models=len(table),
        n_clusters=table.run.nunique(),
        note=f"the smallest is that of {lowest}",
    )


def adjusted_r2(x: np.ndarray, y: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """Adjusted R² of each column of y (n, m) given x (n,) and the columns of `intercepts` (n, k) that are in use."""
    design = np.column_stack([intercepts[:, intercepts.any(axis=0)], x])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    left = (residual**2).sum(0) / (len(y) - design.shape[1])
    return 1 - left / (((y - y.mean(0)) ** 2).sum(0) / (len(y) - 1))


def source_intercepts(table: pd.DataFrame) -> np.ndarray:
    """One column of 0 and 1 for each source."""
    return pd.get_dummies(table.source).to_numpy(float)


def correlation_table() -> pd.DataFrame:
    """For each measure: Pearson and Spearman on logit axes, R², and adjusted R² without and with source intercepts."""
    table = record_models()
    rows = {}
    for measure, name in MEASURES.items():
        found = correlation(table[ACCURACY].to_numpy(), table[measure].to_numpy())
        x, y = _points(table, [measure])
        one, each = (adjusted_r2(x, y, i) for i in (np.ones((len(x), 1)), source_intercepts(table)))
        rows[name] = {
            "Pearson": found.pearson,
            "Spearman": found.spearman,
            "R²": found.r2,
            "adjusted R²": one[0],
            "adjusted R² with source intercepts": each[0],
        }
    return pd.DataFrame(rows).T


@remember
def source_offsets(measure: str = "coco_image_r1", draws: int = DRAWS) -> pd.DataFrame:
    """Mean distance (pp) of each source from the common line: value, low, high, n_models, n_runs, sorted.

    The line (Huber, logit axes) goes through all models. Percentile intervals over training runs, resampled
    within each source; NaN for a source with one run.
    """
    table = record_models()
    x, y, member = table[ACCURACY].to_numpy(), table[measure].to_numpy(), source_intercepts(table)
    value = 100 * effective_robustness(fit_line(x, y), x, y).value @ member / member.sum(axis=0)
    counts = run_counts(table.run, draws, np.random.default_rng(0), strata=table.source)
    distance = 100 * (y - resampled_lines(x, y, counts).predict(x))
    low, high = np.quantile((counts * distance) @ member / (counts @ member), [0.025, 0.975], axis=0)
    n_runs = table.groupby("source").run.nunique()
    found = pd.DataFrame(
        {"value": value, "low": low, "high": high, "n_models": member.sum(0).astype(int), "n_runs": n_runs},
        index=n_runs.index,
    )
    found.loc[found.n_runs < 2, ["low", "high"]] = np.nan
    return found.sort_values("value")


def source_moves_the_line(axes: str = "logit") -> Evidence:
    """R2: mean gain in adjusted R² by source intercepts; p permutes sources among training runs."""
    table = record_models()
    x, y = _points(table, axes=axes)
    one, sources = np.ones((len(x), 1)), source_intercepts(table)

    def gain(rows, intercepts=sources):
        return float(
            (
                adjusted_r2(x[rows], y[rows], intercepts[rows]) - adjusted_r2(x[rows], y[rows], one[rows])
            ).mean()
        )

    every, rng = np.arange(len(x)), np.random.default_rng(0)
    observed = gain(every)
    resamples = run_counts(table.run, PERMUTATIONS, rng, strata=table.source)
    draws = np.array([gain(np.repeat(every, counts)) for counts in resamples])
    run, first = np.unique(table.run, return_index=True)
    run_of_row = np.searchsorted(run, table.run)
    shuffled = [
        gain(every, sources[first][rng.permutation(len(run))][run_of_row]) for _ in range(PERMUTATIONS)
    ]
    p = (1 + sum(s >= observed for s in shuffled)) / (1 + PERMUTATIONS)
    offsets = source_offsets()
    note = (
        f"on COCO image R@1 the sources lie from {offsets.value.iloc[0]:+.1f} pp ({offsets.index[0]}) "
        f"to {offsets.value.iloc[-1]:+.1f} pp ({offsets.index[-1]})"
    )
    return evidence_from_draws(observed, draws, n_models=len(table), n_clusters=len(run), p=p, note=note)


def augmented_twins_deviate() -> Evidence:
    """R3: size of the mean deviation (pp, four measures, two pairs) of augmented models from their plain twins.

    The difference in recall that the difference in accuracy predicts (slope of the common line) is taken off.
    The interval covers the sampling of images alone, as if both twins had seen different ones (too wide
    rather than too narrow); with two pairs the choice of pairs cannot be covered.
    """
    table = record_models().set_index("model")
    deviations, variances = [], []
    for plain, augmented in AUGMENTED_TWINS:
        for measure, title in MEASURES.items():
            n = N_IMAGES[title.split(",")[0]]
            slope = np.polyfit(table[ACCURACY], table[measure], 1)[0]
            a, b = table.loc[augmented], table.loc[plain]
            deviations.append(100 * (a[measure] - b[measure] - slope * (a[ACCURACY] - b[ACCURACY])))
            variances.append(100**2 * sum(r[measure] * (1 - r[measure]) / n for r in (a, b)))
    mean, n = np.mean(deviations), len(deviations)
    # Image and text recall of one data set rest on the same images: their errors are added as if wholly dependent.
    error = np.sqrt(np.sum(np.sqrt(variances).reshape(-1, 2).sum(1) ** 2)) / n
    draws = np.sign(mean) * (mean + error * np.random.default_rng(0).standard_normal(DRAWS))
    by_pair = np.reshape(deviations, (2, -1)).mean(1)
    note = f"two matched pairs, augmented minus plain: {by_pair[0]:+.1f} and {by_pair[1]:+.1f} pp"
    return evidence_from_draws(abs(mean), draws, n_models=4, n_clusters=2, note=note)
