"""Numbers measured anew against the shipped ones: what is equal, close, apart or absent is counted as such."""

import numpy as np
import pytest

from clipkit.sections.measured import DRAWS, Measured, read_measured, write_measured
from clipkit.sections.pocket.reproduced import reproduced


def number(metric, value=0.7, draws=None, section="toy"):
    drawn = np.linspace(value - 0.1, value + 0.1, DRAWS) if draws is None else draws
    return Measured(section, "wild", "all", metric, value, drawn, n=520)


@pytest.fixture
def table(tmp_path):
    def make(name, *numbers, model="resnet-wild-s0"):
        write_measured(numbers, tmp_path / name / f"{model}.parquet")
        return read_measured(tmp_path / name)

    return make


NOTHING = np.full(DRAWS, np.nan)
SHIPPED = [
    number("same"), number("within"), number("beyond"), number("lost"), number("redrawn"),
    number("undefined", np.nan, NOTHING), number("now defined", np.nan, NOTHING), number("other", section="second"),
]  # fmt: skip


def test_each_number_is_counted_once_for_what_it_is(table):
    shipped = table("shipped", *SHIPPED)
    fresh = table(
        "fresh", number("same"), number("within", 0.79), number("beyond", 0.81), number("new"),
        number("redrawn", 0.7, np.linspace(0.4, 0.9, DRAWS)), number("undefined", np.nan, NOTHING),
        number("now defined", 0.5), number("other", section="second"),
    )  # fmt: skip
    found = reproduced(fresh, shipped)
    assert found.loc["toy"].to_dict() == {"numbers": 8, "equal": 2, "close": 2, "apart": 2, "absent": 2}
    assert found.loc["second"].to_dict() == {"numbers": 1, "equal": 1, "close": 0, "apart": 0, "absent": 0}


def test_a_table_equals_itself(table):
    shipped = table("shipped", *SHIPPED)
    found = reproduced(shipped, shipped)
    assert (found.numbers == found.equal).all() and found.numbers.sum() == len(SHIPPED)


def test_only_models_that_both_have_are_compared(table):
    shipped = table("shipped", number("same"))
    table("fresh", number("same"))
    fresh = table("fresh", number("same"), model="mine")
    assert reproduced(fresh, shipped).equal.sum() == 1
    assert reproduced(table("own", number("same"), model="mine"), shipped).empty
