"""Draws come back within their range, nearly as they were."""

import numpy as np
import pandas as pd
import pytest

from clipkit.sections.stored_draws import pack, unpack


def both_ways(draws):
    draws = np.asarray(draws, float)
    frame = pd.DataFrame({"value": 0.5, "name": "x"}, index=range(len(draws)))
    again, found = unpack(pack(frame, draws), draws.shape[1])
    pd.testing.assert_frame_equal(again, frame)
    return found


def test_each_draw_is_off_by_half_a_step_at_most_and_the_ends_are_exact():
    draws = np.random.default_rng(0).normal(3, [[1e-9], [1.0], [1e6]], (3, 500))
    found = both_ways(draws)
    width = np.ptp(draws, axis=1)
    assert (np.abs(found - draws).max(axis=1) <= 1.001 * width / 508 + 1e-15).all()
    assert (found.min(axis=1) == draws.min(axis=1)).all() and (found.max(axis=1) == draws.max(axis=1)).all()
    assert (np.abs(found - draws).max(axis=1) < 0.015 * draws.std(axis=1)).all()


def test_a_share_stays_between_nought_and_one():
    draws = np.random.default_rng(1).binomial(520, [[0.002], [0.5], [0.998]], (3, 500)) / 520
    found = both_ways(draws)
    assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("row", [[0.25] * 8, [np.nan] * 8, [np.nan, 0.1, 0.2, np.nan, 0.1, 0.2, 0.1, 0.2]])
def test_one_value_alone_and_draws_without_a_value_come_back(row):
    np.testing.assert_allclose(both_ways([row, [0.0, 1.0] * 4])[0], row, rtol=1e-15)


def test_what_was_never_packed_is_refused():
    packed = pack(pd.DataFrame({"value": [0.5]}), np.array([[0.4, 0.6]]))
    with pytest.raises(ValueError):
        unpack(packed, 3)
    with pytest.raises(KeyError):
        unpack(packed.drop(columns="least"), 2)
