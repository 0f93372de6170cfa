"""Checks of the notebook "When may we trust it?"."""

from collections.abc import Callable

import numpy as np

from clipkit.metrics import calibration_error, fit_temperature
from clipkit.metrics.calibration import expected_calibration_error
from clipkit.metrics.temperature import softmax
from clipkit.workshop.feedback import check, choose, near, need, number

_TEMPERATURES = np.geomspace(0.5, 20, 75)


@check
def reliability_read(letter) -> str:
    """Dots below the diagonal mean over-confidence."""
    choose(letter, "a", {
        "b": "Go to the dot at a confidence of .9. Is its accuracy higher or lower than .9?",
        "c": "Then the dots would lie on the diagonal.",
    })  # fmt: skip
    return "Below the diagonal, a model promises more than it keeps."


@check
def ece_by_hand(answer, counts, confidence, accuracy) -> str:
    """The mean distance of accuracy from confidence, weighted by the bins' counts."""
    n, gaps = np.asarray(counts, float), np.asarray(accuracy, float) - np.asarray(confidence, float)
    near(
        answer, float((n * np.abs(gaps)).sum() / n.sum()), 0.0015,
        {float(np.abs(gaps).mean()): "A bin with more pictures counts more: weigh the distances by the counts.",
         float(abs((n * gaps).sum()) / n.sum()): "One bin lies above the diagonal, one below: take each distance "
         "without its sign *before* you add them up.",
         float((n * np.abs(gaps)).sum()): "Now divide by the number of pictures."},
        "For each bin: the distance between accuracy and confidence, times its pictures. Add up, divide by all.",
    )  # fmt: skip
    return "That is all there is to ECE. Mind what it hides: in which direction the model errs."


@check
def ece_in_code(function: Callable) -> str:
    """A function (confidence, correct, bins) → ECE, right also at the edges of the bins."""
    need(callable(function), "Write a function.")
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.2, 0.99, 400)
    correct = (rng.random(400) < confidence**2).astype(float)
    for bins in (15, 10):
        truth = calibration_error(confidence, correct, bins)
        near(
            function(confidence, correct, bins), truth, 1e-6,
            {calibration_error(confidence, correct, 15): "Use the number of bins that is handed over."},
            f"{truth:.4g} was expected with {bins} bins. Weigh each bin by its share of the pictures.",
            "what your function returns",
        )  # fmt: skip
    sure = calibration_error([1.0, 1.0, 0.55], [1, 0, 1], 10)
    near(
        function(np.array([1.0, 1.0, 0.55]), np.array([1.0, 0.0, 1.0]), 10), sure, 1e-6, {},
        "A confidence of exactly 1 belongs into the last bin; yours is lost, or has a bin of its own. Public libraries "
        "have had this bug.", "with a confidence of exactly 1 your ECE",
    )  # fmt: skip
    return "It agrees with clipkit's, also for a confidence of exactly 1."


@check
def temperature_fitted(answer, logits, labels, test_logits, test_labels) -> str:
    """The temperature with the lowest NLL on the pictures for fitting, not on those for judging."""
    truth, cheated = fit_temperature(logits, labels), fit_temperature(test_logits, test_labels)
    value = near(
        answer, truth, 0.01 * truth,
        {cheated: "That was fitted on the pictures that you want to judge it on. Use the other set.",
         1 / truth: "Logits are *divided* by the temperature: this is its inverse."},
        "Look for the value with the lowest negative log-likelihood: clipkit.metrics has a function for it.",
    )  # fmt: skip
    before, after = (expected_calibration_error(softmax(test_logits, t), test_labels) for t in (1.0, value))
    by_ece = min(_TEMPERATURES, key=lambda t: expected_calibration_error(softmax(logits, t), labels))
    rival = expected_calibration_error(softmax(test_logits, by_ece), test_labels)
    return (
        f"T = {value:.2f}. On pictures that it never saw, ECE goes from {before:.3f} to {after:.3f}. Fitted for ECE "
        f"itself, T = {by_ece:.2f} would give {rival:.3f}: the likelihood asks for every probability, also that of the "
        "classes that did not win, and ECE for the winner's mean in each bin alone."
    )


@check
def temperature_keeps(letter) -> str:
    """One temperature for all pictures leaves the ranking of the classes, and so the accuracy."""
    choose(letter, "c", {
        "a": "Dividing logits by T > 1 makes the largest probability smaller.",
        "b": "It is made to change that one.",
        "d": "The likelihood is what the temperature is fitted by.",
    })  # fmt: skip
    return "The order of the classes stays, so every decision stays. Only how loudly it is said changes."


@check
def travels(before, after, logits, labels, temperature: float) -> str:
    """ECE on other pictures before and after a temperature that was fitted at home."""
    truth = [expected_calibration_error(softmax(logits, t), labels) for t in (1.0, temperature)]
    near(
        before,
        truth[0],
        1e-4,
        {truth[1]: "That is the one after."},
        "It wants T = 1 and the wild pictures.",
        "`before`",
    )
    near(
        after,
        truth[1],
        1e-4,
        {truth[0]: "That is still the one before."},
        "Divide the wild logits by T.",
        "`after`",
    )
    number(before), number(after)
    return f"{truth[0]:.2f} and {truth[1]:.2f}: what a temperature from home does on the road must be measured there."
