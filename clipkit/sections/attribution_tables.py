"""Real models with their factors: open_clip's published table, and what was measured on the full track."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clipkit import zoo
from clipkit.errors import MissingData
from clipkit.full.results import RUN_IT, full_results
from clipkit.records import openclip
from clipkit.sections.attribution import FactorTable, design, factor_table
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.stats import identify

GROUPS = {
    "all sets": None,
    "ImageNet and its shifts": (
        "ImageNet 1k", "ImageNet v2", "ImageNet-R", "ImageNet-A", "ImageNet Sketch", "ObjectNet",
    ),
    "retrieval": ("Flickr", "MSCOCO"),
}  # fmt: skip
"""Data sets of the record that are also looked at alone."""


def record_table() -> FactorTable:
    """open_clip's models of the core pool (English, one checkpoint a run or resolution) on 38 data sets.

    The sets' own metrics: accuracy, mean per-class recall, recall@1 or Jaccard score, all fractions. Raises
    MissingData where the record is not at hand.
    """
    frame = _core().set_index("model").assign(finetune="none")
    first, last = frame.columns.get_loc("average") + 1, frame.columns.get_loc("source")
    return _real(frame, frame.iloc[:, first:last].astype(float))


def samples_unknown() -> tuple[int, int]:
    """How many of the record's models do not say how many samples they saw, and how many models there are."""
    samples = _core().samples_seen_B
    return int(samples.isna().sum()), len(samples)


def _core() -> pd.DataFrame:
    frame = openclip.results()
    return frame[frame.pool == "core"]


def full_table() -> FactorTable:
    """Zero-shot and fine-tuned CLIP models measured on this machine, on every natural shift that all of them have.

    Raises MissingData where nothing was measured on the full track, or too few training runs for their factors.
    """
    values = measured_values(full_results(), section="natural shifts", subset="all", metric="accuracy")
    known = zoo.zero_shot().set_index("model").assign(finetune="none")
    tuned = zoo.finetuned().set_index("model")
    tuned = (
        known.drop(columns="finetune")
        .reindex(tuned.parent)
        .set_index(tuned.index)
        .assign(finetune=tuned.finetune)
    )
    frame = pd.concat([known, tuned.dropna(subset="source")])
    values = values[values.index.isin(frame.index)].dropna(axis=1)
    if values.empty:
        raise MissingData("no CLIP model of the zoo's tables was measured on the full track", RUN_IT)
    table = _real(frame.loc[values.index], values)
    terms, runs = identify(design(table.factors)).rank, table.runs.nunique()
    if runs <= terms:
        raise MissingData(
            f"{runs} training runs were measured on the full track, which have {terms} terms", RUN_IT
        )
    return table


def measured_values(table: MeasuredTable, **key: str) -> pd.DataFrame:
    """The numbers that fit `key`, models × data sets, each model asked with all templates or with its head."""
    frame = table.frame.iloc[table.rows(**key)]
    frame = frame[frame.prompts.isin(DEFAULT_PROMPTS)]
    return frame.pivot(index="model", columns="dataset", values="value")


def by_frequency(labels: Sequence[str]) -> pd.Categorical:
    """Labels as categories, the most frequent one first, and so the reference.

    >>> by_frequency(["ConvNeXt", "ViT", "ViT"]).categories.tolist()
    ['ViT', 'ConvNeXt']
    """
    return pd.Categorical(labels, categories=pd.Series(labels).value_counts(sort=True).index)


def family(row: pd.Series) -> str:
    """What is left out together: the tower's family, or, for plain ViTs and ResNets, who collected the data.

    >>> family(pd.Series({"tower_family": "ViT", "source": "LAION-400M"}, name="ViT-B-16/laion400m_e32"))
    'LAION'
    """
    if row.tower_family not in ("ViT", "RN"):
        return row.tower_family
    if "CLIPA" in row.name:
        return "CLIPA"
    maker = row.source.split("-")[0]
    return {"CommonPool": "DataComp", "WIT": "OpenAI"}.get(maker, maker)


def _real(frame: pd.DataFrame, values: pd.DataFrame) -> FactorTable:
    factors = pd.DataFrame(
        {
            "architecture": by_frequency(frame.tower_family),
            "model size, ×10": np.log10(frame.params_M),
            "training distribution": by_frequency(frame.source),
            "curation": pd.Categorical(
                np.where(frame.curation == "none", "no filter", "filtered"), ["filtered", "no filter"]
            ),
            "training-set size, ×10": np.log10(frame.train_pairs_M),
            "contrastive loss": by_frequency(frame.loss),
            "fine-tuning": by_frequency(frame.finetune),
            # One set of templates for all: what a factor looks like that nobody varied.
            "test-time prompts": by_frequency(["one set"] * len(frame)),
        },
        frame.index,
    )
    return factor_table(values, factors, frame.run, [family(row) for _, row in frame.iterrows()])
