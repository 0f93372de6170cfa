"""McNemar's test, against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from clipkit.errors import BadInput
from clipkit.stats import mcnemar, paired_permutation_test


def pairs(both, only_a, only_b, neither):
    a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither])
    b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither])
    return a, b


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (5, 0), (9, 3), (3, 9), (12, 12), (20, 4)])
def test_few_discordant_images_give_the_exact_binomial_test(only_a, only_b):
    found = mcnemar(*pairs(40, only_a, only_b, 7))
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert found.p == pytest.approx(expected)
    assert found.effect == pytest.approx((only_a - only_b) / (47 + only_a + only_b))
    assert found.method == "McNemar, exact"


@pytest.mark.parametrize(("only_a", "only_b"), [(25, 0), (20, 5), (60, 40), (500, 430), (50, 50)])
def test_many_give_chi_squared_without_correction(only_a, only_b):
    found = mcnemar(*pairs(40, only_a, only_b, 7))
    assert found.p == pytest.approx(stats.chi2.sf((only_a - only_b) ** 2 / (only_a + only_b), 1))
    assert found.method == "McNemar, chi-squared"


def test_exact_p_is_the_permutation_test():
    a, b = pairs(10, 9, 2, 3)
    assert mcnemar(a, b).p == pytest.approx(paired_permutation_test(a, b).p)


def test_swapping_turns_the_effect_and_keeps_p():
    a, b = pairs(10, 30, 12, 3)
    assert mcnemar(a, b)[:2] == (-mcnemar(b, a).effect, mcnemar(b, a).p)
    assert mcnemar(a.astype(bool), b.astype(bool)) == mcnemar(a, b)


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        ([1, 0], [1], r"correct_a has shape \(2,\), correct_b \(1,\)"),
        ([0.3, 1], [1, 0], "correct_a holds values other than true and false"),
        ([0, 1], [1, 5], "correct_b holds values other than true and false"),
        ([], [], "no images to compare"),
    ],
)
def test_errors_name_the_culprit(a, b, text):
    with pytest.raises(BadInput, match=text):
        mcnemar(a, b)
