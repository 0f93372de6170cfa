"""What a design can tell apart."""

import numpy as np
import pandas as pd
import pytest

from clipkit.errors import BadInput
from clipkit.stats import identify


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(20, 3)), columns=["a", "b", "c"])


def test_independent_columns_are_all_estimable(X):
    found = identify(X)
    assert (found.rank, found.columns, found.aliased) == (4, 4, [])
    assert found.kept == ["a", "b", "c"] and found.estimable.all()


def test_variance_inflation_is_the_diagonal_of_the_inverse_correlation(X):
    X["c"] = X.a + 0.5 * X.c
    expected = np.diag(np.linalg.inv(np.corrcoef(X.to_numpy(), rowvar=False)))
    np.testing.assert_allclose(identify(X).vif, expected)


def test_a_sum_of_columns_is_aliased_with_its_parts_and_with_nothing_else(X):
    found = identify(X.assign(sum=X.a - 2 * X.b))
    assert found.rank == 4 and found.aliased == [("a", "b", "sum")]
    assert found.estimable.to_dict() == {"a": False, "b": False, "c": True, "sum": False}
    assert np.isinf(found.vif[["a", "b", "sum"]]).all() and np.isfinite(found.vif["c"])


def test_separate_ties_are_separate_sets(X):
    assert identify(X.assign(a2=X.a, c2=3 * X.c)).aliased == [("a", "a2"), ("c", "c2")]


def test_levels_without_their_reference_are_aliased_with_the_intercept():
    found = identify(pd.get_dummies(pd.Series(list("xxyyz"))).astype(float))
    assert found.aliased == [("Intercept", "x", "y", "z")] and not found.estimable.any()


def test_a_column_of_zeros_has_no_coefficient_and_no_partner(X):
    found = identify(X.assign(never=0.0))
    assert not found.estimable["never"] and found.aliased == [] and "never" not in found.kept


def test_units_are_irrelevant(X):
    X["near"] = X.a + 1e-3 * X.b
    plain, scaled = identify(X), identify(X * [1e-9, 1e6, 1.0, 1e3])
    assert plain.kept == scaled.kept and plain.rank == scaled.rank
    np.testing.assert_allclose(plain.vif, scaled.vif, rtol=1e-6)


def test_missing_values_are_refused(X):
    with pytest.raises(BadInput, match="the design holds missing or infinite values"):
        identify(X.assign(a=np.nan))
