"""Each fault is provoked, and the book says of it what happened. The functions assert what their rows say."""

import pytest

from faults import command_line, data, models, store  # noqa: F401  (they register their faults)
from faults.harness import FAULTS, ordered, row, shipped

ROWS = {found["fault"]: found for found in shipped()}


@pytest.mark.parametrize("name", FAULTS)
def test_what_happens_is_what_the_book_says(name, tmp_path):
    found = row(FAULTS[name], tmp_path)
    assert found == ROWS[found["fault"]], "after a change on purpose: make faults"


def test_the_book_tells_of_these_faults_alone():
    assert [found["fault"] for found in shipped()] == [fault.name for fault in ordered()]
