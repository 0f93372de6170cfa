"""Shape bias of the pocket LMMs beside that of the towers that they see through."""

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.metrics import resampled_ratio
from clipkit.pocket.lmm.results import read_cue_conflict
from clipkit.sections.measured import DRAWS
from clipkit.sections.pocket.evidence import from_draws, kind_of
from clipkit.stats import shared_counts
from clipkit.wording import signed


def biases(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Shape bias (fractions) of each LMM and of its tower, and the first minus the second: one row per tower and set.

    Columns tower, dataset, said (by the LMM), alone, value, low, high (95 %, bootstrap over images), said_decided and
    alone_decided (share of trials decided for either cue), draws (DRAWS,). Both choose among all class names. table:
    columns of `clipkit.pocket.lmm.evaluate.by_cue`, with the tower.
    """
    table = read_cue_conflict() if table is None else table
    rows = []
    for (tower, dataset), own in table.groupby(["tower", "dataset"], sort=False):
        counts = shared_counts(dataset, len(own), DRAWS)
        row, values, draws = {"tower": tower, "dataset": dataset}, [], []
        for name in ("said", "alone"):
            conflict = (own["shape"] != own.texture).to_numpy()
            by_shape, by_texture = (
                (conflict & (own[name] == own[cue])).to_numpy(float) for cue in ("shape", "texture")
            )
            decided = by_shape + by_texture
            values.append(by_shape.sum() / decided.sum())
            draws.append(resampled_ratio(counts, by_shape, decided))
            row |= {name: values[-1], f"{name}_decided": decided.sum() / conflict.sum()}
        drawn = draws[0] - draws[1]
        low, high = np.quantile(drawn, [0.025, 0.975])
        rows.append(row | {"value": values[0] - values[1], "low": low, "high": high, "draws": drawn})
    return pd.DataFrame(rows)


def lmm_against_its_tower(table: pd.DataFrame | None = None) -> Evidence:
    """B4: shape bias of the LMM minus that of its own tower, mean over zero-shot towers and both backgrounds."""
    found = biases(table)
    found = found[found.tower.map(kind_of) == "zero_shot"]
    note = "; ".join(
        f"{dataset}: " + ", ".join(f"{signed(r.value)} ({r.tower})" for r in own.itertuples())
        for dataset, own in found.groupby("dataset", sort=False)
    )
    note += f". The interval covers images only, not other towers than these {found.tower.nunique()}"
    return from_draws(found.value.mean(), np.mean(list(found.draws), axis=0), list(found.tower), note=note)
