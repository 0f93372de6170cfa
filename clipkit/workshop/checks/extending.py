"""Checks of the notebook "Add your own"."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import recall_score

from clipkit.claims.ledger import parse
from clipkit.errors import ClipkitError
from clipkit.workshop.feedback import NotYet, check, near, need


@check
def balanced_accuracy(function: Callable) -> str:
    """A function (predicted, target) → mean over classes of the share that is right, with its properties."""
    need(callable(function), "Write a function.")
    what = "what your function returns"
    near(
        function(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1])),
        1.0,
        1e-9,
        {},
        "All four are right: 1 was expected.",
        what,
    )
    plain = "That is plain accuracy: take the share within each class first, then the mean of these."
    near(
        function(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1])),
        0.5,
        1e-9,
        {0.75: plain},
        "Expected 0.5.",
        what,
    )
    rng = np.random.default_rng(5)
    predicted, target = rng.integers(0, 4, (2, 200))
    target[target == 2] = 3  # a class that is predicted, and never there
    truth = recall_score(target, predicted, labels=np.unique(target), average="macro")
    value = near(
        function(predicted, target), truth, 1e-9, {}, "A class without pictures has no share: average over the others.",
        what,
    )  # fmt: skip
    order = rng.permutation(200)
    need(
        np.isclose(function(predicted[order], target[order]), value),
        "Another order of the pictures changes it.",
    )
    names = np.array(["mug", "dog", "bus", "car"])
    need(
        np.isclose(function(names[predicted], names[target]), value), "Other names for the classes change it."
    )
    return "It agrees with scikit-learn, and neither order nor names matter. Those are two tests worth writing down."


@check
def own_test(test: Callable, good: Callable, broken: dict[str, Callable]) -> str:
    """A test that lets a good metric pass and stops each broken one with an AssertionError."""
    need(callable(test), "Write a function.")
    try:
        test(good)
    except AssertionError:
        raise NotYet("Your test refuses the good metric.") from None
    for name, metric in broken.items():
        try:
            test(metric)
        except AssertionError:
            continue
        raise NotYet(f"Your test lets one pass that {name}. Feed it a case where that shows.")
    return f"It tells the good metric from {len(broken)} broken ones. A test that cannot fail is no test."


@check
def claim_added(text: str) -> str:
    """TOML text with one claim that the ledger accepts."""
    try:
        claims = parse(str(text), "your claim")
    except ClipkitError as error:
        raise NotYet(str(error)) from None
    except ValueError as error:
        raise NotYet(f"This is no TOML yet: {error}") from None
    need(len(claims) == 1, f"There are {len(claims)} claims. Begin one with [[claim]].")
    claim = next(iter(claims.values()))
    need(claim.source == "ours", 'The paper did not say that: write source = "ours".')
    need(len(claim.sentence.split()) >= 6, "Write a sentence that can be true or false.")
    need(
        len(claim.statistic.split()) >= 4,
        "Say which number decides: `statistic` is too short to be computed from.",
    )
    return f"The ledger takes it, with a margin of {claim.margin:g} {claim.unit}, chosen before you saw a number."


@check
def above_the_line(answer, slope: float, intercept: float, known: float, shifted: float) -> str:
    """How far a model lies above the baselines' line in accuracy under shift, in percentage points."""
    expected = slope * known + intercept
    near(
        answer, shifted - expected, 0.05,
        {expected - shifted: "The sign is turned: above the line is positive.",
         shifted - known: "That is the loss under shift. Ask first what the line expects at this accuracy."},
        "First the accuracy that the line gives for this model, then the model's own minus that.",
    )  # fmt: skip
    return "Effective robustness is not accuracy under shift: it is what is left after what accuracy alone would buy."
