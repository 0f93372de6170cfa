"""Holm's correction."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.stats import holm


def test_by_hand():
    # Sorted .01 .03 .04 times 3 2 1, then made to rise: .03 .06 .06.
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03]), [0.06, 0.03, 0.06])


def test_untested_claims_do_not_count():
    np.testing.assert_allclose(holm([0.04, np.nan, 0.01, 0.03]), [0.06, np.nan, 0.03, 0.06])


@pytest.mark.parametrize("p", [[], [np.nan, np.nan], [0.2], [[0.01, 0.5], [np.nan, 0.02]]])
def test_shape_is_kept(p):
    assert holm(p).shape == np.shape(p)
    assert (np.isnan(holm(p)) == np.isnan(p)).all()


def test_never_below_p_never_above_one_and_in_the_same_order():
    p = np.random.default_rng(0).random(30)
    adjusted = holm(p)
    assert ((adjusted >= p) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


def test_order_of_claims_is_irrelevant():
    p = np.random.default_rng(0).random(10)
    order = np.random.default_rng(1).permutation(10)
    np.testing.assert_array_equal(holm(p)[order], holm(p[order]))


@pytest.mark.parametrize("wrong", [-0.1, 1.2])
def test_no_probability_is_refused(wrong):
    with pytest.raises(BadInput, match=f"p-values lie between 0 and 1, found {wrong}"):
        holm([0.5, wrong])
