import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve
from torchmetrics.functional.classification import binary_auroc

from clipkit.errors import BadInput
from clipkit.metrics import auroc, fpr_at_tpr, max_logit, mcm, msp


def scores(seed, ties):
    rng = np.random.default_rng(seed)
    found = rng.normal(1.5, 1, 300), rng.normal(0, 1.3, 200)
    return tuple(np.round(s, 1) for s in found) if ties else found


def labelled(id_scores, ood_scores):
    return np.r_[np.ones(len(id_scores)), np.zeros(len(ood_scores))], np.r_[id_scores, ood_scores]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_auroc_equals_two_libraries(seed, ties):
    label, score = labelled(*scores(seed, ties))
    found = auroc(*scores(seed, ties))
    assert found == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    other = binary_auroc(torch.sigmoid(torch.tensor(score)), torch.tensor(label).long())
    assert found == pytest.approx(float(other), abs=1e-6)


def test_auroc_of_two_normals_has_a_closed_form():
    rng = np.random.default_rng(0)
    found = auroc(rng.normal(1, 1, 20_000), rng.normal(0, 1, 20_000))
    assert found == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.008)  # 3 standard errors


def test_either_class_may_be_called_positive():
    id_scores, ood_scores = scores(0, ties=True)
    assert auroc(id_scores, ood_scores) == pytest.approx(auroc(-ood_scores, -id_scores), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("tpr", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_fpr_equals_the_roc_curve_of_sklearn(seed, tpr, ties):
    """The last of the equally close points of the curve, that is the lowest threshold."""
    fprs, tprs, _ = roc_curve(*labelled(*scores(seed, ties)), drop_intermediate=False)
    distance = np.abs(tprs - tpr)
    expected = fprs[np.flatnonzero(distance == distance.min())[-1]]
    assert fpr_at_tpr(*scores(seed, ties), tpr=tpr) == pytest.approx(expected, abs=1e-15)


def test_fpr_takes_the_closest_tpr_even_below_the_target():
    """For 0.92 of 10 ID samples 9 are accepted, not the 10 that "at least 92 %" would take."""
    assert fpr_at_tpr(range(1, 11), [1, 0], tpr=0.92) == 0.0
    assert fpr_at_tpr(range(1, 11), [1, 0], tpr=0.96) == 0.5


def test_fpr_counts_ood_between_two_id_scores_as_accepted():
    assert fpr_at_tpr([1, 2, 3, 4], [2.5, 1.5, 0.5], tpr=0.75) == pytest.approx(2 / 3)


def test_fpr_at_full_acceptance_stops_at_the_lowest_id_score():
    assert fpr_at_tpr([1, 2, 3], [0, 0.5, 1, 2], tpr=1.0) == 0.5


def test_fpr_of_a_useless_score_is_the_tpr():
    rng = np.random.default_rng(0)
    assert fpr_at_tpr(rng.random(20_000), rng.random(20_000)) == pytest.approx(0.95, abs=0.007)


def test_scores_equal_scipy():
    values = np.random.default_rng(0).uniform(-1, 1, (50, 20))
    np.testing.assert_allclose(msp(values), softmax(values, axis=1).max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(mcm(values, 0.07), softmax(values / 0.07, axis=1).max(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(max_logit(values), values.max(axis=1))


def test_mcm_at_temperature_one_over_scale_is_msp_of_the_logits():
    cosine = np.random.default_rng(0).uniform(-1, 1, (50, 20))
    np.testing.assert_allclose(mcm(cosine, 1 / 100), msp(100 * cosine), rtol=1e-12)


def test_single_precision_cosines_make_no_ties():
    """All MCM scores lie close to 1 / n_classes; computed in single precision many would coincide."""
    cosine = (0.2 + 0.02 * np.random.default_rng(0).normal(size=(4000, 1000))).astype(np.float32)
    single = softmax(cosine, axis=1).max(axis=1)
    assert len(np.unique(single)) < 4000
    assert len(np.unique(mcm(cosine))) == 4000


def test_huge_logits_do_not_overflow():
    assert msp([[1e6, 0.0]]).tolist() == [1.0]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: mcm([[25.0, 20.0]]), r"size 25, outside \[-1, 1\]\n.*logit scale"),
        (lambda: mcm([[0.2]], temperature=0), "temperature is 0"),
        (lambda: fpr_at_tpr([1.0], [0.0], tpr=95), r"tpr is 95, outside \(0, 1\]\n.*0.95"),
        (lambda: auroc([], [1.0]), "id_scores is empty"),
        (lambda: auroc([1.0], [np.nan]), r"ood_scores\[0\] is nan"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()
