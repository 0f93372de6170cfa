"""Does one group carry the result? The statistic again, with each group left out in turn."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.stats.units import codes_of


class LeaveOneGroupOut(NamedTuple):
    """`value` with all groups, `without[group]` when that group is left out, and their range `low`, `high`.

    The range is over the groups left out: not a confidence interval, but how far one group can move it.
    """

    value: float
    without: dict
    low: float
    high: float

    @property
    def most_influential(self):
        """The group whose absence moves the statistic most."""
        return max(self.without, key=lambda group: abs(self.without[group] - self.value))


def leave_one_group_out(statistic: Callable[..., float], groups, *arrays) -> LeaveOneGroupOut:
    """`statistic(*arrays)` on all rows, and once without each group's rows.

    groups: (n,) labels, at least two different; arrays: each with n rows. The statistic returns a float;
    what it raises on the remaining rows is not caught. Raises BadInput for labels that do not fit.

    >>> found = leave_one_group_out(np.mean, ["openai", "openai", "laion"], np.array([1.0, 3.0, 8.0]))
    >>> found.value, found.without, found.most_influential
    (4.0, {'laion': 2.0, 'openai': 8.0}, 'openai')
    """
    if not arrays:
        raise BadInput("no array to leave a group out of", "pass the data after the groups")
    arrays = [np.asarray(a) for a in arrays]
    for array in arrays:
        codes, names = codes_of(groups, len(array), "groups")
    if len(names) < 2:
        raise BadInput(
            f"{names[0]!r} is the only group" if names else "there are no groups", "give at least two"
        )
    without = {name: float(statistic(*(a[codes != code] for a in arrays))) for code, name in enumerate(names)}
    return LeaveOneGroupOut(float(statistic(*arrays)), without, min(without.values()), max(without.values()))
