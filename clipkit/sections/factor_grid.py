"""The design of the published checkpoints: which levels of which factors exist together, and what can be compared."""

from itertools import combinations

import numpy as np
import pandas as pd

from clipkit import zoo
from clipkit.sections.attribution import design
from clipkit.sections.attribution_tables import by_frequency
from clipkit.stats import Identifiability, identify

SIZES = ("< 10 M", "10–100 M", "0.1–1 B", "1–10 B", "≥ 10 B")
"""Decades of image-text pairs."""
UNKNOWN = "unknown"
_EDGES = (0, 10, 100, 1000, 10_000, np.inf)
ALONE = "all others"


def real_factors(pool: str = "") -> pd.DataFrame:
    """CLIP checkpoints (rows, by name) with the levels of their factors, most frequent level first, and their `run`.

    Zero-shot models of the zoo's list without those that its rules exclude (aliases, adapted towers), or of one `pool`
    alone, and the fine-tuned towers of those. Test-time prompts are no column: each zero-shot model takes any, and a
    fine-tuned one none, so that they are crossed with all factors but fine-tuning.
    """
    clips = zoo.zero_shot().set_index("model")
    clips = clips[clips.pool.str.startswith(pool) & ~clips.pool.str.startswith("exclude")]
    tuned = zoo.finetuned().set_index("model")
    tuned = tuned[tuned.parent.isin(clips.index)]
    children = clips.loc[tuned.parent].set_index(tuned.index).assign(finetune=tuned.finetune)
    frame = pd.concat([clips.assign(finetune="none"), children])
    return pd.DataFrame(
        {
            "training distribution": by_frequency(frame.source.str.replace(r" \(.*", "", regex=True)),
            "architecture": by_frequency(frame.tower_family),
            "training-set size": pd.cut(frame.train_pairs_M, _EDGES, right=False, labels=SIZES)
            .cat.add_categories(UNKNOWN)
            .fillna(UNKNOWN)
            .cat.remove_unused_categories(),
            "contrastive loss": by_frequency(frame.loss.str.replace(r" \(.*", " + decoder", regex=True)),
            "curation": by_frequency(np.where(frame.curation == "none", "no filter", "filtered")),
            "fine-tuning": by_frequency(frame.finetune),
            "run": frame.run,
        },
        frame.index,
    )  # fmt: skip


def levels(factors: pd.DataFrame) -> dict[str, list[str]]:
    """Factor → its levels, in order."""
    return {name: list(column.cat.categories) for name, column in factors.items() if name != "run"}


def counts(factors: pd.DataFrame, row: str, column: str) -> pd.DataFrame:
    """Independent training runs of each level of one factor (rows) with each of another; 0 where there is none."""
    distinct = factors.drop_duplicates([row, column, "run"])
    own = levels(factors)
    return pd.crosstab(distinct[row], distinct[column]).reindex(
        index=own[row], columns=own[column], fill_value=0
    )


def comparisons(factors: pd.DataFrame) -> pd.DataFrame:
    """Pairs of levels of each factor (rows) that can be compared while another factor (columns) is held.

    A pair can if some level of the held factor has both. In the last column, `ALONE`, all other factors are held at
    once: the two models differ in nothing that this table knows. `pairs`: how many pairs of levels there are.
    """
    own = levels(factors)
    rows = {}
    for name, known in own.items():
        others = [other for other in own if other != name]
        held = {other: [other] for other in others} | {ALONE: others}
        rows[name] = {"pairs": len(known) * (len(known) - 1) // 2} | {
            title: len(_met(factors, name, columns)) for title, columns in held.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index")[["pairs", *own, ALONE]]


def _met(factors: pd.DataFrame, name: str, held: list[str]) -> set[frozenset]:
    groups = factors.groupby(held, observed=True)[name]
    return {frozenset(pair) for _, group in groups for pair in combinations(group.unique(), 2)}


def aliasing(factors: pd.DataFrame) -> Identifiability:
    """What the checkpoints tell apart where effects are additive: `clipkit.stats.identify` of all levels.

    Against each factor's most frequent level, so that a rare one does not become the measure of all others.
    """
    return identify(design(factors.drop(columns="run").astype(str).apply(by_frequency)))


def hidden(factors: pd.DataFrame) -> set[tuple[str, str]]:
    """Factor and level of every effect that has no number of its own, because others always come with it."""
    estimable = aliasing(factors).estimable
    return {tuple(term.split(": ", 1)) for term in estimable.index[~estimable]}
