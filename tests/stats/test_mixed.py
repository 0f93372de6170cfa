"""The random-intercept model."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import random_intercept


def simulate(seed, n_groups=12, rows=5, group_sd=1.0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), rows)
    frame = pd.DataFrame(
        {"within": rng.normal(size=len(groups)), "between": rng.normal(size=n_groups)[groups]}
    )
    noise = group_sd * rng.normal(size=n_groups)[groups] + 0.5 * rng.normal(size=len(groups))
    return 1 + 2 * frame.within - frame.between + noise, frame, groups


def test_estimates_and_errors_are_statsmodels_mixedlm():
    y, X, groups = simulate(0)
    found = random_intercept(y, X, groups)
    theirs = sm.MixedLM(y, sm.add_constant(X), groups).fit()
    np.testing.assert_allclose(found.coefficients.estimate, theirs.fe_params, rtol=1e-4)
    error = (found.coefficients.high - found.coefficients.estimate) / stats.t.ppf(
        0.975, found.coefficients.df
    )
    np.testing.assert_allclose(error, theirs.bse_fe, rtol=1e-3)
    assert found.group_sd == pytest.approx(np.sqrt(theirs.cov_re.iloc[0, 0]), rel=1e-3)
    assert (found.n, found.n_groups, found.converged, found.boundary) == (60, 12, True, False)


def test_balanced_between_group_term_is_the_regression_of_group_means():
    y, X, groups = simulate(1)
    found = random_intercept(y, X[["between"]], groups).coefficients.loc["between"]
    means = pd.DataFrame({"y": y, "x": X.between}).groupby(groups).mean()
    exact = stats.linregress(means.x, means.y)
    assert found.estimate == pytest.approx(exact.slope)
    assert found.p == pytest.approx(exact.pvalue, rel=1e-3)


def test_balanced_within_group_contrast_is_the_paired_t_test():
    rng = np.random.default_rng(2)
    zero_shot = rng.normal(size=10)
    tuned = zero_shot + 0.3 + 0.2 * rng.normal(size=10)
    found = random_intercept(
        np.r_[zero_shot, tuned], pd.DataFrame({"tuned": np.repeat([0, 1], 10)}), np.tile(np.arange(10), 2)
    ).coefficients.loc["tuned"]
    exact = stats.ttest_rel(tuned, zero_shot)
    assert (found.p, found.df) == pytest.approx((exact.pvalue, exact.df), rel=1e-3)
    assert (found.low, found.high) == pytest.approx(tuple(exact.confidence_interval()), rel=1e-3)


def test_degrees_of_freedom_are_counted_between_and_within():
    y, X, groups = simulate(0)
    # 12 groups, 2 terms between (intercept, between); 60 - 12 rows within, 1 term.
    assert random_intercept(y, X, groups).coefficients.df.to_dict() == {
        "Intercept": 10,
        "within": 47,
        "between": 10,
    }


def test_a_term_that_varies_in_one_group_only_is_not_credited_with_all_rows():
    y, X, groups = simulate(0)
    X = X.assign(within=(groups < 6).astype(float))
    X.loc[0, "within"] = 0.0
    # Within: (5 - 1) rows of one group - 1 term = 3; between: 12 groups - 2 terms = 10 is the larger.
    assert random_intercept(y, X, groups).coefficients.df["within"] == 10


def test_groups_without_variance_are_said_to_be_and_give_least_squares():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 5)
    x, y = rng.normal(size=(2, 40))
    y -= y.reshape(8, 5).mean(axis=1)[groups]  # group means more equal than chance
    found = random_intercept(y, x, groups)
    plain = sm.OLS(y, sm.add_constant(x)).fit()
    assert (found.boundary, found.converged, found.group_sd) == (True, True, 0.0)
    np.testing.assert_allclose(found.coefficients.estimate, plain.params)
    assert found.residual_sd == pytest.approx(np.sqrt(plain.scale))


def test_formula_and_columns_are_the_same_model():
    y, X, groups = simulate(3)
    frame = X.assign(y=y, run=[f"run{g}" for g in groups], source=np.where(groups < 6, "wit", "laion"))
    formula = random_intercept("y ~ within + C(source)", frame, "run")
    columns = random_intercept(y, X[["within"]].assign(source=(groups < 6) * 1.0), groups)
    order = ["Intercept", "within", "C(source)[T.wit]"]
    np.testing.assert_allclose(
        formula.coefficients.loc[order].to_numpy(), columns.coefficients.to_numpy(), rtol=1e-3, atol=1e-12
    )
    assert formula[1:-1] == pytest.approx(columns[1:-1], rel=1e-3)
    np.testing.assert_allclose(
        formula.covariance.loc[order, order], columns.covariance, rtol=1e-3, atol=1e-12
    )


def test_shift_and_scale():
    y, X, groups = simulate(4)
    plain, moved = random_intercept(y, X, groups), random_intercept(10 * y + 3, X, groups)
    shift = [3, 0, 0]
    for name in ("estimate", "low", "high"):
        np.testing.assert_allclose(moved.coefficients[name], 10 * plain.coefficients[name] + shift, rtol=1e-3)
    assert moved.group_sd == pytest.approx(10 * plain.group_sd, rel=1e-3)


def test_row_order_and_labels_are_irrelevant():
    y, X, groups = simulate(5)
    order = np.random.default_rng(0).permutation(len(y))
    turned = random_intercept(y.to_numpy()[order], X.iloc[order], np.array([f"g{g}" for g in groups])[order])
    np.testing.assert_allclose(
        turned.coefficients, random_intercept(y, X, groups).coefficients, rtol=1e-3, atol=1e-9
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"y": np.r_[np.nan, np.zeros(9)]}, "y or X holds missing or infinite values"),
        ({"y": np.zeros(4)}, "y has 4 rows and X has 10"),
        (
            {"X": pd.DataFrame({"a": np.arange(10), "b": 2 * np.arange(10)})},
            "terms Intercept, a, b are collinear",
        ),
        ({"groups": np.arange(5)}, r"groups has shape \(5,\), the data have 10 rows"),
        ({"groups": "run"}, "no column 'run' to group by\n  -> columns are x"),
        ({"y": "y ~ z"}, "formula 'y ~ z' does not fit the data"),
        (
            {"X": pd.DataFrame({"x": np.repeat([0, 1], 5)}), "groups": np.repeat([0, 1], 5)},
            "2 groups cannot tell 2 between-group terms apart",
        ),
    ],
)
def test_errors_name_the_culprit(change, text):
    arguments = {"y": np.random.default_rng(0).normal(size=10), "X": pd.DataFrame({"x": np.arange(10.0)})}
    arguments |= {"groups": np.repeat(np.arange(5), 2)} | change
    with pytest.raises(BadInput, match=text):
        random_intercept(**arguments)
