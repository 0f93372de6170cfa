"""Cohen's kappa against scikit-learn's, alone and on resampled images."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from clipkit.errors import BadInput
from clipkit.stats import shared_counts
from clipkit.stats.kappa import cohens_kappa


@pytest.fixture
def judged():
    rng = np.random.default_rng(0)
    a = rng.random(80) < 0.7
    return a, np.where(rng.random(80) < 0.3, rng.random(80) < 0.5, a)


def test_it_agrees_with_scikit_learn_on_the_images_and_on_every_resample(judged):
    a, b = judged
    assert float(cohens_kappa(a, b)) == pytest.approx(cohen_kappa_score(a, b))
    counts = shared_counts("kappa", 80, 20)
    expected = [cohen_kappa_score(a.repeat(row), b.repeat(row)) for row in counts]
    np.testing.assert_allclose(cohens_kappa(a, b, counts), expected)


def test_the_limits_of_its_range(judged):
    a, _ = judged
    assert float(cohens_kappa(a, a)) == 1
    assert float(cohens_kappa([True, False], [False, True])) == -1
    assert np.isnan(cohens_kappa([True, True], [True, True])), "nothing is left to agree on"


def test_other_shapes_are_refused():
    with pytest.raises(BadInput, match=r"shapes \(2,\) and \(3,\)"):
        cohens_kappa([True] * 2, [True] * 3)
