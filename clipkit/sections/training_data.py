"""Training data: curation (CommonPool filters) and size (LAION subsets), in runs that differ in that alone."""

from functools import cache

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.records import openclip, scaling_laws
from clipkit.sections.draws import evidence_from_draws

AXES = {
    "ImageNet": {"ImageNet 1k": 50_000},
    "natural shifts": {
        "ImageNet v2": 10_000,
        "ImageNet-R": 30_000,
        "ImageNet-A": 7_500,
        "ImageNet Sketch": 50_889,
        "ObjectNet": 18_574,
    },
    "retrieval": {"Flickr": 1_000, "MSCOCO": 5_000},
}
SCALES = ("s", "m", "l", "xl")
DRAWS = 10_000


@cache
def curation_table() -> pd.DataFrame:
    """CommonPool and DataComp models of the four scales: scale, filter ("none" = the whole pool), and for each
    axis its mean accuracy and the sampling error of that mean (both pp)."""
    table = openclip.results()
    parts = table.pretrained.str.extract(
        r"^(commonpool|datacomp)_(xl|s|m|l)_(?:(basic|clip|image|laion|text)_)?s\d+"
    )
    table = table[parts[0].notna()].assign(
        scale=parts[1], filter=parts[2].fillna("none").where(parts[0] == "commonpool", "datacomp")
    )
    # DataComp-1B was trained with other towers too; only the tower of the pool's own runs is comparable.
    towers = table[table["filter"] == "none"].set_index("scale").arch
    table = table[table.arch == table.scale.map(towers)].reset_index(drop=True)
    for axis, sets in AXES.items():
        values = table[list(sets)].to_numpy()
        table[axis] = 100 * values.mean(axis=1)
        table[f"{axis} error"] = (
            100 * np.sqrt((values * (1 - values) / np.array(list(sets.values()))).sum(axis=1)) / len(sets)
        )
    return table[["model", "scale", "filter", *AXES, *(f"{a} error" for a in AXES)]]


def gains() -> pd.DataFrame:
    """Gain (pp) of every filter over no filter, by scale and axis, with its sampling error."""
    table = curation_table()
    rows = []
    for scale in SCALES:
        models = table[table.scale == scale].set_index("filter")
        none = models.loc["none"]
        for name, row in models.drop(index="none").iterrows():
            for axis in AXES:
                error = float(np.hypot(row[f"{axis} error"], none[f"{axis} error"]))
                rows.append(
                    {
                        "scale": scale,
                        "filter": name,
                        "axis": axis,
                        "gain": row[axis] - none[axis],
                        "error": error,
                    }
                )
    return pd.DataFrame(rows)


def filtering_raises_accuracy() -> Evidence:
    """Q1: smallest over the scales of the mean gain in ImageNet accuracy by filtering."""
    table = gains().query("axis == 'ImageNet'")
    by_scale = table.groupby("scale", sort=False)
    mean = by_scale.gain.mean()
    # The unfiltered model is shared by all filters of a scale: adding errors linearly covers that.
    error = by_scale.error.mean()
    draws = mean.to_numpy() + error.to_numpy() * np.random.default_rng(0).standard_normal((DRAWS, len(mean)))
    note = (
        "gains "
        + ", ".join(f"{s} {g:+.1f}" for s, g in mean.items())
        + "; one training run for each cell, so the interval covers images only"
    )
    return evidence_from_draws(
        mean.min(), draws.min(axis=1), n_models=len(curation_table()), n_clusters=len(mean), note=note
    )


def filtering_helps_everywhere() -> Evidence:
    """Q2: the smallest gain of any filter on any axis at any scale, with the interval of that cell."""
    table = gains()
    worst = table.loc[table.gain.idxmin()]
    draws = worst.gain + worst.error * np.random.default_rng(0).standard_normal(DRAWS)
    losses = table[table.gain + 1.96 * table.error < 0]
    note = (
        f"smallest for {worst['filter']} at scale {worst.scale} on {worst.axis}; {len(losses)} of {len(table)} "
        "cells are surely "
        "losses; one training run for each cell"
    )
    return evidence_from_draws(
        worst.gain, draws, n_models=len(curation_table()), n_clusters=len(SCALES), note=note
    )


@cache
def size_table() -> pd.DataFrame:
    """ImageNet accuracy (pp) of the scaling-laws models: arch, samples (seen), and one column for each training set."""
    table = scaling_laws.zeroshot().query("dataset == 'imagenet1k' and data != 'WIT'")
    wide = table.pivot_table(index=["arch", "samples"], columns="data", values="acc1", aggfunc="mean")
    return (100 * wide[["LAION-80M", "LAION-400M", "LAION-2B"]]).reset_index()


def size_at_equal_samples() -> Evidence:
    """N1: mean gain (pp) in ImageNet accuracy for one step (about fivefold) of training-set size."""
    table = size_table().dropna()
    steps = table[["LAION-400M", "LAION-2B"]].to_numpy() - table[["LAION-80M", "LAION-400M"]].to_numpy()
    picks = np.random.default_rng(0).integers(len(steps), size=(DRAWS, len(steps)))
    draws = steps.mean(axis=1)[picks].mean(axis=1)
    second = table.assign(gain=steps[:, 1]).groupby("samples", sort=False).gain.mean()
    note = (
        f"80M to 400M {steps[:, 0].mean():+.1f} pp, 400M to 2B {steps[:, 1].mean():+.1f} pp "
        f"({', '.join(f'{gain:+.1f} at {samples} samples' for samples, gain in second.items())})"
    )
    return evidence_from_draws(
        float(steps.mean()), draws, n_models=table.iloc[:, 2:].size, n_clusters=len(table), note=note
    )
