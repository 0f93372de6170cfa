import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, top_k_accuracy_score
from torchmetrics.functional.classification import multiclass_accuracy

from clipkit.errors import BadInput
from clipkit.metrics import accuracy, restrict_to_classes, softmax, top_k_accuracy


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 12)), rng.integers(0, 12, 200)


def test_accuracy_equals_sklearn_for_indices_and_names(scored):
    scores, target = scored
    predicted = scores.argmax(axis=1)
    names = np.array(list("abcdefghijkl"))
    assert accuracy(predicted, target) == accuracy_score(target, predicted)
    assert accuracy(names[predicted], names[target]) == accuracy_score(target, predicted)


@pytest.mark.parametrize("k", [1, 3, 5, 11])
def test_top_k_equals_two_libraries_without_ties(scored, k):
    scores, target = scored
    found = top_k_accuracy(scores, target, k)
    assert found == pytest.approx(top_k_accuracy_score(target, scores, k=k, labels=range(12)), abs=1e-12)
    other = multiclass_accuracy(torch.tensor(scores), torch.tensor(target), 12, average="micro", top_k=k)
    assert found == pytest.approx(float(other), abs=1e-6)


def test_top_k_of_a_collapsed_model_is_chance_and_of_all_classes_one(scored):
    scores, target = scored
    assert top_k_accuracy(np.zeros_like(scores), target, 3) == pytest.approx(3 / 12)
    assert top_k_accuracy(scores, target, 12) == 1.0


def test_restriction_keeps_order_and_comes_before_softmax():
    logits = np.array([[4.0, 3.0, 0.0]])
    assert restrict_to_classes(logits, [2, 1]).tolist() == [[0.0, 3.0]]
    after = softmax(logits)[:, [2, 1]]
    assert softmax(restrict_to_classes(logits, [2, 1])).sum() == pytest.approx(1)
    assert after.sum() < 0.3, "restricting after the softmax leaves most of the probability behind"


@pytest.mark.parametrize(
    ("indices", "text"), [([0, 3], "3, but there are 3 classes"), ([1, 1], "1 more than once")]
)
def test_restriction_names_the_wrong_index(indices, text):
    with pytest.raises(BadInput, match=text):
        restrict_to_classes([[1.0, 2.0, 3.0]], indices)


def test_names_against_indices_is_an_error_not_zero():
    with pytest.raises(BadInput, match="predicted holds text, target holds integers"):
        accuracy(["cat"], [0])
