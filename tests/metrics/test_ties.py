"""The expected hit under random order, against the enumeration of all orders."""

from itertools import permutations

import numpy as np
import pytest

from clipkit.metrics.ties import expected_hit


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("above", "negatives", "positives"), [(0, 3, 1), (1, 2, 2), (0, 4, 2), (2, 0, 1), (4, 1, 1)]
)
def test_enumeration_of_orders(above, negatives, positives, k):
    tied = [0] * negatives + [1] * positives
    hits = [any(([0] * above + list(order))[:k]) for order in permutations(tied)]
    assert expected_hit([above], [negatives], [positives], k)[0] == pytest.approx(np.mean(hits), abs=1e-15)


def test_without_ties_hits_are_exactly_zero_or_one():
    assert expected_hit([0, 4, 5, 6], [0] * 4, [1] * 4, k=5).tolist() == [1.0, 1.0, 0.0, 0.0]
