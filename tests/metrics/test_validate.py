"""The text of the errors: each names the offending thing and the remedy."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import validate

CASES = [
    (lambda: validate.array("logits", [], 1), r"logits is empty .*\n.*at least one sample"),
    (lambda: validate.array("logits", [1.0], 2), r"logits has shape \(1,\)\n.*pass 2 dimensions"),
    (lambda: validate.array("logits", ["a"], 1), r"logits has dtype <U1\n.*real numbers"),
    (lambda: validate.array("logits", [[0, np.inf]], 2), r"logits\[0, 1\] is inf\n.*which sample"),
    (
        lambda: validate.probabilities("p", [[0.5, 0.5], [0.2, 0.3]]),
        r"row 1 of p sums to 0\.5, not to 1\n.*softmax",
    ),
    (
        lambda: validate.probabilities("p", [[1.5, -0.5]]),
        r"p\[0, 1\] is -0\.5, a negative probability\n.*softmax",
    ),
    (
        lambda: validate.proportions("accuracy", [0.5, 74.67]),
        r"accuracy holds 74\.67.*\n.*percentages by 100",
    ),
    (lambda: validate.class_labels("target", [0, 3], 3), r"target\[1\] is 3, but there are 3 classes"),
    (lambda: validate.class_labels("target", [0, -1], 3), r"target\[1\] is -1, but there are 3 classes"),
    (lambda: validate.class_labels("target", [0.0], 3), r"target has dtype float64\n.*integers"),
    (lambda: validate.class_labels("target", [[0]], 3), r"target has shape \(1, 1\)"),
    (
        lambda: validate.categories(a=[0], b=["cat"]),
        r"a holds integers, b holds text\n.*names or both as indices",
    ),
    (lambda: validate.categories(a=["cat", None]), r"a has dtype object\n.*none missing"),
    (lambda: validate.categories(a=[[1]]), r"a has shape \(1, 1\)"),
    (lambda: validate.categories(a=[1, 2], b=[1]), r"sample counts differ: a has 2, b has 1"),
    (lambda: validate.positive_integer("k", 0), r"k is 0\n.*at least 1"),
    (lambda: validate.positive_integer("k", 1.0), r"k is 1\.0\n.*at least 1"),
    (lambda: validate.indices("classes", [1, 2, 1], 3), r"classes holds 1 more than once"),
    (lambda: validate.indices("classes", np.array([], dtype=int), 3), r"classes is empty"),
]


@pytest.mark.parametrize(("call", "text"), CASES)
def test_error_names_thing_and_remedy(call, text):
    with pytest.raises(BadInput, match=text):
        call()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("float16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("int8", "float64"),
        ("bool", "float64"),
    ],
)
def test_array_keeps_single_precision_and_widens_the_rest(given, kept):
    assert validate.array("x", np.array([0, 1], dtype=given), 1).dtype == kept


def test_half_precision_softmax_over_a_thousand_classes_passes():
    logits = np.random.default_rng(0).normal(0, 3, (50, 1000))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    validate.probabilities("p", p.astype(np.float16))


def test_categories_take_pandas_text():
    import pandas as pd

    column = pd.Series(["cat", "dog"])
    assert validate.categories(a=column, b=["cat", "dog"])[0].tolist() == ["cat", "dog"]
