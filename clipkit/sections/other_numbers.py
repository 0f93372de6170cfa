"""The zoo's numbers by other conventions: measured again, or made of those that there are."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.datasets.imagenet_x import FACTORS
from clipkit.errors import CorruptData, MissingData
from clipkit.sections.convention_rows import DRAWS
from clipkit.sections.measure import natural_shifts, visual_factors
from clipkit.sections.measure.shape_bias import ALL_CLASSES, TWO_CUES
from clipkit.sections.measured import KEY, MeasuredTable
from clipkit.sections.pocket.results import results_folder
from clipkit.sections.pocket.robustness import robustness_table
from clipkit.sections.stored_draws import unpack

FILE = "conventions.parquet"
_REMEDY = "run clipkit pocket conventions"


class OtherNumbers(NamedTuple):
    """Numbers by other conventions: frame (model, convention, fields of `Measured`), draws (rows, DRAWS).

    said: model → what its numbers were made by.
    """

    frame: pd.DataFrame
    draws: np.ndarray
    said: dict[str, dict[str, str]]


def read_other_numbers(path: Path) -> OtherNumbers:
    """The numbers in a file; raises MissingData if there is none of today's form, CorruptData if it cannot be read."""
    if not path.is_file():
        raise MissingData("the zoo has not been measured by other conventions", _REMEDY)
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        said = json.loads(table.schema.metadata[b"models"])
        frame, draws = unpack(table.to_pandas(), DRAWS)
    except (OSError, pa.ArrowException) as error:
        raise CorruptData(f"{path} cannot be read: {error}", f"delete it and {_REMEDY}") from None
    except (KeyError, ValueError):
        raise MissingData(
            "the zoo was measured by other conventions in a form of the past", _REMEDY
        ) from None
    return OtherNumbers(frame, draws, said)


def other_numbers() -> OtherNumbers:
    """Those of the zoo, as shipped or as measured here (`results_folder`)."""
    return _read(results_folder().parent / FILE)


@cache
def _read(path: Path) -> OtherNumbers:
    return read_other_numbers(path)


def measured_by(convention: str, table: MeasuredTable, others: OtherNumbers | None = None) -> MeasuredTable:
    """`table` with the numbers by a convention in the place of ours, and the first `DRAWS` draws of all others.

    Raises MissingData where a model of the table has not been measured so, or with other weights.
    """
    others = others or other_numbers()
    for model in dict.fromkeys(table.frame.model):
        weights = [said.get(model, {}).get("weights") for said in (table.said, others.said)]
        if model not in others.said or weights[0] != weights[1]:
            raise MissingData(f"{model} has not been measured by other conventions", _REMEDY)
    rows = ((others.frame.convention == convention) & others.frame.model.isin(table.frame.model)).to_numpy()
    key, new = ["model", *KEY], others.frame[rows].drop(columns="convention")
    kept = ~pd.MultiIndex.from_frame(table.frame[key]).isin(pd.MultiIndex.from_frame(new[key]))
    frame = pd.concat([table.frame[kept], new[table.frame.columns]], ignore_index=True)
    return MeasuredTable(frame, np.concatenate([table.draws[kept, :DRAWS], others.draws[rows]]), table.said)


def two_cues(table: MeasuredTable) -> MeasuredTable:
    """Shape bias decided between the two cues in the place of that decided among all classes."""
    frame = table.frame
    kept = ~((frame.metric == "shape_bias") & (frame.subset == ALL_CLASSES))
    subset = frame.subset.where(frame.subset != TWO_CUES, ALL_CLASSES)
    return MeasuredTable(
        frame.assign(subset=subset)[kept].reset_index(drop=True), table.draws[kept], table.said
    )


def other_lines(table: MeasuredTable, method: str = "theil-sen", axes: str = "logit") -> MeasuredTable:
    """`table` with effective robustness from other lines, which the tests then take as given."""
    factors = (visual_factors.SECTION, visual_factors.DATASETS, [*FACTORS, visual_factors.MEAN])
    shifts = (natural_shifts.SECTION, natural_shifts.SHIFTS, [natural_shifts.ALL])
    tables = [table, *(robustness_table(table, *of, method=method, axes=axes) for of in (factors, shifts))]
    frame = pd.concat([t.frame for t in tables], ignore_index=True)
    return MeasuredTable(frame, np.concatenate([t.draws for t in tables]), table.said)


def overall_from_factors(table: MeasuredTable, typical: bool) -> MeasuredTable:
    """`table` in which overall accuracy, where lines start, is the mean over the changed scenes of the factor set.

    typical: over the unchanged scenes as well, each of the seventeen kinds counting alike.
    """
    key = {"section": visual_factors.SECTION, "dataset": visual_factors.DATASETS[0], "metric": "accuracy"}
    wild = {"section": natural_shifts.SECTION, "dataset": natural_shifts.ORDINARY, "metric": "accuracy"}
    at = {
        subset: {_who(table, row): row for row in table.rows(**key, subset=subset)}
        for subset in (visual_factors.MEAN, visual_factors.BASE)
    }
    values, draws = table.frame["value"].to_numpy(copy=True), table.draws.copy()
    for row in table.rows(**wild):
        mean, base = (found.get(_who(table, row)) for found in at.values())
        if mean is not None:
            for numbers, source in ((values, table.frame["value"].to_numpy()), (draws, table.draws)):
                changed = source[mean]
                numbers[row] = (
                    (len(FACTORS) * changed + source[base]) / (len(FACTORS) + 1) if typical else changed
                )
    return MeasuredTable(table.frame.assign(value=values), draws, table.said)


def _who(table: MeasuredTable, row: int) -> tuple[str, str]:
    return table.frame.model[row], table.frame.prompts[row]
