import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.linear_model import LinearRegression

from clipkit.errors import BadInput
from clipkit.metrics import correlation


@pytest.mark.parametrize("axes", ["logit", "linear"])
def test_equals_pandas_and_the_r2_of_a_regression(axes):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.2, 0.9, 60)
    y = np.clip(x + 0.1 * rng.normal(size=60), 0.01, 0.99)
    u, v = (logit(x), logit(y)) if axes == "logit" else (x, y)
    found = correlation(x, y, axes)
    assert found.pearson == pytest.approx(pd.Series(u).corr(pd.Series(v)), abs=1e-12)
    assert found.spearman == pytest.approx(pd.Series(u).corr(pd.Series(v), method="spearman"), abs=1e-12)
    assert found.r2 == pytest.approx(LinearRegression().fit(u[:, None], v).score(u[:, None], v), abs=1e-12)
    assert found.n == 60


def test_axes_matter_near_the_ends():
    x, y = [0.5, 0.9, 0.99, 0.999], [0.5, 0.9, 0.99, 0.999]
    assert correlation(x, y).pearson == pytest.approx(1)
    assert (
        correlation(x, [0.1, 0.5, 0.9, 0.99], "linear").pearson
        < correlation(x, [0.1, 0.5, 0.9, 0.99]).pearson
    )


def test_linear_axes_take_any_numbers():
    assert correlation([-3, 0, 3], [300, 200, 100], "linear").pearson == pytest.approx(-1)


def test_known_correlation_is_recovered():
    rng = np.random.default_rng(0)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 20_000).T
    assert correlation(x, y, "linear").pearson == pytest.approx(0.8, abs=3 * 0.36 / np.sqrt(20_000))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: correlation([0.1, 0.2], [0.1, 0.2]), "2 models have no meaningful correlation"),
        (lambda: correlation([0.1, 0.2, 1.0], [0.1, 0.2, 0.3]), "x holds 1, whose logit is infinite"),
        (lambda: correlation([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], "probit"), "axes 'probit' is unknown"),
        (lambda: correlation([10, 20, 30], [0.1, 0.2, 0.3]), "x holds 10, .*\n.*percentages"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()


def test_clipping_allows_the_ends():
    assert correlation([0.0, 0.5, 1.0], [0.1, 0.5, 0.9], n_images=50).pearson == pytest.approx(1)
