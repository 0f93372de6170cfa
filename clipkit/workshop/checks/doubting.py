"""Checks of the notebook "How sure are we?"."""

from collections.abc import Callable

import numpy as np

from clipkit.claims.ledger import Claim
from clipkit.claims.verdict import VERDICTS, judge
from clipkit.evidence import Evidence
from clipkit.stats import bootstrap_mean, paired_difference
from clipkit.stats.interval import Interval
from clipkit.workshop.feedback import check, choose, near, need, number


@check
def accuracy_counted(answer, predicted, target) -> str:
    """The share of equal labels."""
    hits = sum(p == t for p, t in zip(predicted, target, strict=True))
    n = len(target)
    near(
        answer, hits / n, 1e-6,
        {float(hits): "That is the number of hits. Divide by the number of pictures.",
         1 - hits / n: "That is the share of errors."},
        "Go through the rows and count those where both words are equal.",
    )  # fmt: skip
    return f"{hits} of {n}. A share without its n says little: keep both."


@check
def wide_interval(letter) -> str:
    """Why the interval from few pictures is wide."""
    choose(letter, "b", {
        "a": "Both rows are the same model, and a worse one has no wider interval for that.",
        "c": "One seed, one model: seeds do not enter this interval. (That is another reason to doubt it.)",
        "d": "More draws make the ends of the interval steadier, not closer together.",
    })  # fmt: skip
    return "The width falls with the square root of n: four times as many pictures, half the width."


@check
def one_draw(draw: Callable, scores) -> str:
    """A function (scores, rng) → the mean of a resample of the same size with replacement."""
    need(callable(draw), "Write a function.")
    scores, rng = np.asarray(scores, float), np.random.default_rng(0)
    means = np.array([number(draw(scores, rng), "what your function returns") for _ in range(2000)])
    need(
        means.std() > 0,
        "Each draw gives the same mean. Draw *with* replacement, and use the rng that is handed over.",
    )
    expected = scores.std() / np.sqrt(len(scores))
    need(
        abs(means.mean() - scores.mean()) < 5 * expected / np.sqrt(2000),
        "The draws are off centre: draw all alike.",
    )
    need(
        abs(means.std() / expected - 1) < 0.12,
        f"The draws spread by {means.std():.4f}, and {expected:.4f} was expected. Draw as many as there are scores.",
    )
    low, high = np.quantile(means, [0.025, 0.975])
    return f"You have made a 95 % interval: {low:.3f} to {high:.3f}. Only pictures were drawn, no formula."


@check
def paired(answer, first, second) -> str:
    """The interval of the difference in accuracy of two models on the same pictures."""
    need(isinstance(answer, Interval), f"{answer!r} is no interval: let clipkit.stats make it.")
    first, second = np.asarray(first, float), np.asarray(second, float)
    truth = paired_difference(first, second)
    need(
        np.isclose(abs(answer.value), abs(truth.value)),
        f"Its middle is {answer.value:.3f}: not the difference asked for.",
    )
    need(np.isclose(answer.value, truth.value), "The sign is turned: take the first model minus the second.")
    width = answer.high - answer.low
    need(
        abs(width / (truth.high - truth.low) - 1) < 0.1,
        f"The middle is right; the width {width:.3f} is not that of a paired comparison.",
    )
    alone = [bootstrap_mean(s) for s in (first, second)]
    apart = float(np.hypot(*((i.high - i.low) for i in alone)))
    return f"Its width is {width:.3f}; as if on different pictures it would be about {apart:.3f}. Pairing is free."


@check
def verdicts(answer, evidence: dict[str, Evidence], margin: float) -> str:
    """A verdict for each piece of evidence, by the rules of the project."""
    need(
        isinstance(answer, dict) and set(answer) == set(evidence),
        f"Write a dict with the keys {', '.join(evidence)}.",
    )
    claim = Claim(
        id="W", section="calibration", factor="overall", sentence="", statistic="", unit="pp", margin=margin
    )
    for name, found in evidence.items():
        need(answer[name] in VERDICTS, f"{answer[name]!r} is no verdict: {', '.join(VERDICTS)}.")
        truth = judge(claim, "pocket", found, found.p)
        need(
            answer[name] == truth.verdict,
            f"{name} is not “{answer[name]}”. Does the interval hold zero? Does it hold the margin, {margin:g}?",
        )
    return (
        "Only an interval that keeps away from zero *or* from the margin can decide. The rest we do not know."
    )
