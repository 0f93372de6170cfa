"""Do numbers that were measured anew equal the shipped ones?"""

import numpy as np
import pandas as pd

from clipkit.sections.measured import KEY, MeasuredTable, limits

NUMBER = ["model", *KEY]


def reproduced(fresh: MeasuredTable, shipped: MeasuredTable) -> pd.DataFrame:
    """How many numbers of each section came out as shipped, over the models that both tables have.

    Columns are counts. numbers: all, in either table. equal: value and every draw, to the last bit. close: not
    equal, but the new value lies within the shipped 95 % interval, where another processor's rounding may put it.
    apart: outside that interval, or undefined in one table only. absent: in one table only. Index: section.
    Empty if no model is in both.
    """
    both = set(fresh.frame.model) & set(shipped.frame.model)
    pairs = _numbers(shipped, both).merge(
        _numbers(fresh, both), "outer", NUMBER, suffixes=("_shipped", "_fresh")
    )
    how = [_how(pair, fresh, shipped) for pair in pairs.itertuples()]
    counts = pd.crosstab(
        pairs.section, pd.Categorical(how, ["equal", "close", "apart", "absent"]), dropna=False
    )
    counts.insert(0, "numbers", counts.sum(axis=1))
    return counts.rename_axis(columns=None)


def _numbers(table: MeasuredTable, models: set[str]) -> pd.DataFrame:
    frame = table.frame[table.frame.model.isin(models)]
    return frame[[*NUMBER, "value"]].assign(row=frame.index)


def _how(pair, fresh: MeasuredTable, shipped: MeasuredTable) -> str:
    if np.isnan(pair.row_shipped) or np.isnan(pair.row_fresh):
        return "absent"
    draws, again = shipped.draws[int(pair.row_shipped)], fresh.draws[int(pair.row_fresh)]
    if np.array_equal([pair.value_shipped, *draws], [pair.value_fresh, *again], equal_nan=True):
        return "equal"
    low, high = limits(draws)
    undefined = np.isnan(pair.value_shipped) and np.isnan(pair.value_fresh)
    return "close" if undefined or low <= pair.value_fresh <= high else "apart"
