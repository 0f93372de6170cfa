"""Resampled training runs, and the way from draws of an effect to the ledger's evidence."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from clipkit.errors import BadInput
from clipkit.evidence import Evidence
from clipkit.stats.interval import bca_limits

_CORRECTED: ContextVar[bool] = ContextVar("bias-corrected intervals", default=False)


@contextmanager
def bias_corrected() -> Iterator[None]:
    """Within it, `evidence_from_draws` corrects percentile intervals for the median bias of their draws.

    Efron's BC interval: BCa without acceleration, for which statistics over models have no leave-one-out.
    """
    token = _CORRECTED.set(True)
    try:
        yield
    finally:
        _CORRECTED.reset(token)


def evidence_from_draws(
    effect: float,
    draws: np.ndarray,
    *,
    n_models: int,
    n_clusters: int,
    note: str = "",
    method: str = "percentile",
    p: float | None = None,
    level: float = 0.95,
) -> Evidence:
    """Interval and two-sided p from `draws` (shape (draws,)) of an effect.

    method: "percentile", or "basic" (the percentiles mirrored at the effect) for statistics that noise
    inflates, such as mean distances. p defaults to twice the smaller share of draws beyond zero, with one
    draw added to both sides so that it is never exactly zero; give `p` where a permutation test says more.
    Raises BadInput for a draw that is not finite or an unknown method.
    """
    draws = np.asarray(draws, float)
    if not np.isfinite(draws).all():
        raise BadInput(f"{(~np.isfinite(draws)).sum()} of {draws.size} bootstrap draws are not finite")
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    if method == "percentile" and _CORRECTED.get():
        low, high = bca_limits(draws, effect, 0.0, level)
        p = _bias_corrected_p(effect, draws) if p is None else p
    elif method == "basic":
        low, high = 2 * effect - high, 2 * effect - low
        draws = 2 * effect - draws
    elif method != "percentile":
        raise BadInput(f"unknown interval method {method!r}", "use percentile or basic")
    if p is None:
        p = min(1.0, 2 * (1 + min((draws <= 0).sum(), (draws >= 0).sum())) / (1 + draws.size))
    # A skewed bootstrap can leave the estimate just outside; the reported interval always holds it.
    low, high = min(low, effect), max(high, effect)
    return Evidence(float(effect), float(low), float(high), float(p), n_models, n_clusters, note)


def _bias_corrected_p(effect: float, draws: np.ndarray) -> float:
    """Two-sided p of the test that rejects zero where the bias-corrected interval excludes it."""
    below, zero = (
        (1 + 2 * (draws < at).sum() + (draws == at).sum()) / (2 + 2 * draws.size) for at in (effect, 0.0)
    )
    return float(2 * ndtr(-abs(ndtri(zero) - 2 * ndtri(below))))


def p_of_limits(effect: float, low: float, high: float) -> float:
    """Two-sided p of the normal distribution that has the limit towards zero of an effect's 95 % interval.

    So p < .05 just where the interval excludes zero, and p can be small enough for a correction over many effects,
    which the share of a few hundred draws beyond zero cannot. 1 where interval and effect are zero.

    >>> round(p_of_limits(0.2, 0.0, 0.5), 6), p_of_limits(0.0, 0.0, 0.0)
    (0.05, 1.0)
    """
    reach = effect - low if effect > 0 else high - effect
    return float(2 * ndtr(-abs(effect) / reach * ndtri(0.975))) if reach > 0 else 1.0


def run_counts(run, draws: int, rng: np.random.Generator, strata=None) -> np.ndarray:
    """How often each model occurs in each resample of whole training runs, shape (draws, models).

    run: (models,) label of the training run of each model; all models of a run are drawn together. strata:
    (models,) labels, constant within a run; runs are then drawn within each stratum.

    >>> run_counts(["a", "a", "b"], 1_000, np.random.default_rng(0))[:, :2].std(axis=1).max()
    np.float64(0.0)
    """
    codes, runs = pd.factorize(np.asarray(run))
    counts = np.zeros((draws, len(runs)), int)
    first = np.unique(codes, return_index=True)[1]
    stratum = np.zeros(len(runs), int) if strata is None else pd.factorize(np.asarray(strata)[first])[0]
    for number in range(stratum.max() + 1):
        members = np.flatnonzero(stratum == number)
        counts[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), size=draws
        )
    return counts[:, codes]


def weighted_correlation(weights, x, y) -> np.ndarray:
    """Pearson correlation over the last axis with weights such as `run_counts`; NaN where one side does not vary.

    >>> float(weighted_correlation(np.array([1, 1, 0]), np.array([0.0, 1.0, 9.0]), np.array([0.0, 2.0, 0.0])))
    1.0
    """
    weights = weights / weights.sum(axis=-1, keepdims=True)
    dx, dy = (v - (weights * v).sum(axis=-1, keepdims=True) for v in (x, y))
    variances = (weights * dx**2).sum(axis=-1) * (weights * dy**2).sum(axis=-1)
    covariance = (weights * dx * dy).sum(axis=-1)
    return np.where(variances > 1e-20, covariance / np.sqrt(np.maximum(variances, 1e-20)), np.nan)
