"""Leave one group out."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.stats import leave_one_group_out


def test_by_hand():
    found = leave_one_group_out(np.mean, [1, 1, 2, 3], np.array([0.0, 2.0, 4.0, 10.0]))
    assert found.value == 4.0
    assert found.without == {1: 7.0, 2: 4.0, 3: 2.0}
    assert (found.low, found.high, found.most_influential) == (2.0, 7.0, 1)


def test_groups_of_one_row_are_the_jackknife():
    x, y = np.random.default_rng(0).normal(size=(2, 12))

    def slope(x, y):
        return np.polyfit(x, y, 1)[0]

    found = leave_one_group_out(slope, np.arange(12), x, y)
    expected = [slope(np.delete(x, i), np.delete(y, i)) for i in range(12)]
    np.testing.assert_allclose(list(found.without.values()), expected)


def test_row_order_is_irrelevant():
    rng = np.random.default_rng(0)
    groups, x, order = rng.choice(list("abc"), 20), rng.integers(9, size=20), rng.permutation(20)
    assert leave_one_group_out(np.mean, groups, x) == leave_one_group_out(np.mean, groups[order], x[order])


@pytest.mark.parametrize(
    ("groups", "arrays", "text"),
    [
        (["a", "a"], [[1, 2]], "'a' is the only group"),
        (["a"], [[1, 2]], r"groups has shape \(1,\), the data have 2 rows"),
        (["a", "b"], [], "no array to leave a group out of"),
        ([], [[]], "there are no groups"),
    ],
)
def test_errors_name_the_culprit(groups, arrays, text):
    with pytest.raises(BadInput, match=text):
        leave_one_group_out(np.mean, groups, *arrays)
