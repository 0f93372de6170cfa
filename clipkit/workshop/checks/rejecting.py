"""Checks of the notebook "What is none of these?"."""

from collections.abc import Callable

import numpy as np

from clipkit.metrics import auroc, mcm
from clipkit.workshop import data
from clipkit.workshop.feedback import check, choose, given, near, need, number
from clipkit.workshop.live_threshold import OUTSIDE, gate, scores


@check
def mcm_by_hand(answer, cosines) -> str:
    """The largest softmax probability of bare cosines, with temperature 1."""
    truth = float(mcm([cosines])[0])
    near(
        answer, truth, 0.002,
        {max(cosines): "That is the largest cosine. MCM takes the softmax first.",
         float(mcm([cosines], 0.05)[0]): "MCM leaves the logit scale out: softmax of the bare cosines."},
        "exp() of each cosine, divided by their sum; then the largest.",
    )  # fmt: skip
    return (
        f"{truth:.3f}, hardly above 1/{len(cosines)}. Only the order of such scores matters, not their size."
    )


@check
def auroc_counted(answer, known, foreign) -> str:
    """The share of pairs in which the known picture scores above the foreign one, ties half."""
    wins = sum((k > f) + 0.5 * (k == f) for k in known for f in foreign)
    strict = sum(k > f for k in known for f in foreign)
    n = len(known) * len(foreign)
    near(
        answer, wins / n, 0.002,
        {strict / n: "One pair is a tie: count it as half a win.", 1 - wins / n: "Turn it round: known above foreign.",
         float(wins): f"Divide by the number of pairs, {n}."},
        "Write down all pairs of one known and one foreign score, and count those where the known one is higher.",
    )  # fmt: skip
    return f"{wins:g} of {n} pairs. AUROC needs no threshold: that is its use, and what it leaves open."


@check
def threshold_picked(answer, model: str) -> str:
    """A threshold that lets in 95 % of the validation pictures; tells what it does on the test pictures."""
    value, held_out = number(answer), scores(model, "wild/validation")
    share = float(np.mean(held_out >= value))
    need(
        share >= 0.94,
        f"That lets in {share:.1%} of the known validation pictures. 95 % are asked for: go lower.",
    )
    need(
        share <= 0.96, f"That lets in {share:.1%} of the known validation pictures. 95 % would do: go higher."
    )
    near_ones = gate(scores(model, "wild"), scores(model, "near-ood"), value)
    return (
        f"On new pictures it lets in {near_ones.tpr:.1%} of the known, and {near_ones.fpr:.1%} of the foreign ones "
        "that look like them. No foreign picture was needed to choose it: in life you do not have them."
    )


@check
def near_and_far(answer, model: str) -> str:
    """The AUROC of MCM on near and on far foreign pictures."""
    need(
        isinstance(answer, dict) and set(answer) == set(OUTSIDE),
        f"Write a dict with the keys {', '.join(OUTSIDE)}.",
    )
    truth = {name: auroc(scores(model, "wild"), scores(model, name)) for name in OUTSIDE}
    for name, value in truth.items():
        near(
            answer[name],
            value,
            0.002,
            {1 - value: "The known pictures come first."},
            "Use MCM and auroc.",
            name,
        )
    easier = max(truth, key=truth.get)
    return f"{easier} is the easier one here. Did you expect that? What looks far to us need not be far for a score."


@check
def better_score(function: Callable, model: str) -> str:
    """A score of cosines (n, classes) that tells far textures from known pictures better than MCM does."""
    need(callable(function), "Write a function.")
    found = {}
    for name in ("wild", *OUTSIDE):
        cosines = data.cosines(model, name)
        values = np.asarray(given(function(cosines), "what your function returns"), float)
        need(
            values.shape == (len(cosines),),
            f"It returns {values.shape}; one score a picture is {(len(cosines),)}.",
        )
        found[name] = values
    mine = {name: auroc(found["wild"], found[name]) for name in OUTSIDE}
    old = {name: auroc(scores(model, "wild"), scores(model, name)) for name in OUTSIDE}
    far, close = OUTSIDE[1], OUTSIDE[0]
    need(
        mine[far] > old[far] + 0.01,
        f"AUROC on {far} is {mine[far]:.3f}, and MCM's {old[far]:.3f}. Try what MCM throws away.",
    )
    return (
        f"On {far} {mine[far]:.3f} instead of {old[far]:.3f}; on {close} {mine[close]:.3f} instead of {old[close]:.3f}."
        " Which one to use depends on what will come in, and you found this out on the test set: is that allowed?"
    )


@check
def honest_choice(letter) -> str:
    """Scores must be chosen on other foreign pictures than those they are judged on."""
    choose(letter, "c", {
        "a": "Then the number tells how well you searched, too.",
        "b": "Averages over sets that you looked at are as optimistic as the sets.",
    })  # fmt: skip
    return (
        "What is chosen on a set cannot be judged on it, a score no more than a threshold or a temperature."
    )
