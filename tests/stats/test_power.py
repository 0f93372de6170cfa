"""The minimal detectable effect."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from clipkit.errors import BadInput
from clipkit.stats import minimal_detectable_effect


def test_by_hand():
    assert minimal_detectable_effect(1.0) == pytest.approx(1.959964 + 0.841621, abs=1e-6)


@pytest.mark.parametrize(("level", "power"), [(0.9, 0.7), (0.95, 0.8), (0.99, 0.95)])
def test_equals_statsmodels(level, power):
    theirs = NormalIndPower().solve_power(nobs1=100, alpha=1 - level, power=power)
    assert minimal_detectable_effect(np.sqrt(2 / 100), level, power) == pytest.approx(theirs, rel=1e-3)


def test_a_t_test_finds_that_effect_that_often():
    n, rng = 12, np.random.default_rng(0)
    effect = minimal_detectable_effect(1 / np.sqrt(n), df=n - 1)
    found = stats.ttest_1samp(rng.normal(effect, 1, (20_000, n)), 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.015)


def test_few_degrees_of_freedom_need_larger_effects():
    assert (
        minimal_detectable_effect(1, df=3)
        > minimal_detectable_effect(1, df=30)
        > minimal_detectable_effect(1)
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"standard_error": -1}, "standard_error is -1"),
        ({"standard_error": np.nan}, "standard_error is nan"),
        ({"standard_error": 1, "level": 95}, "level 95 and power 0.8 do not fit"),
        ({"standard_error": 1, "power": 0.01}, "level 0.95 and power 0.01 do not fit"),
        ({"standard_error": 1, "df": 0}, "df is 0"),
    ],
)
def test_errors_name_the_culprit(arguments, text):
    with pytest.raises(BadInput, match=text):
        minimal_detectable_effect(**arguments)
