"""The verdict rules, written down before the first verdict was computed; the book's page on them quotes this file.

A claim names the smallest effect that would matter to somebody who chooses a model: its *margin*.

- **holds**: the interval excludes zero, p stays below .05 after Holm's correction over all claims judged on
  the track, and the effect reaches the margin.
- **weaker**: the effect is real in that sense, but smaller than the margin.
- **fails**: the effect is not shown in that sense, and the interval excludes the margin: had the claim been
  true, we would have seen it.
- **not testable here**: there are no data, or they cannot tell: the interval holds both zero and the margin,
  or it excludes zero but p does not stay below .05 after correction. Pages say which of the two it is: *no data*,
  or *cannot tell*.

A claim that *counts* ("on six of ten factors") has as interval the number of members that are surely true
and the number that are not surely false, each after correction. It holds if the sure ones reach the count,
fails if even the possible ones do not, and is weaker in between; but if none is sure, the data cannot tell. (That
last clause was added when small zoos first met the rule: they called "weaker" what nobody had seen.)
"""

import math
from typing import NamedTuple

from clipkit.claims.ledger import Claim
from clipkit.errors import BadInput
from clipkit.evidence import Evidence

HOLDS, WEAKER, FAILS, UNTESTABLE = VERDICTS = ("holds", "weaker", "fails", "not testable here")
CANNOT_TELL, NO_DATA = UNTESTABLE_AS = ("cannot tell", "no data")
"""How pages write the last verdict: a reader must see whether anybody has looked."""
ALPHA = 0.05


class Verdict(NamedTuple):
    """One claim on one track, as `clipkit claims --json` prints it."""

    id: str
    track: str
    verdict: str
    effect: float | None
    low: float | None
    high: float | None
    n_models: int
    n_clusters: int
    p_corrected: float | None
    reason: str

    @property
    def shown(self) -> str:
        """The verdict as pages write it: "not testable here" is "cannot tell" with an effect, "no data" without."""
        return NO_DATA if self.verdict == UNTESTABLE and self.effect is None else on_evidence(self.verdict)


def on_evidence(words: str) -> str:
    """Verdicts that rest on evidence, as pages write them.

    >>> on_evidence("max logit: not testable here")
    'max logit: cannot tell'
    """
    return words.replace(UNTESTABLE, CANNOT_TELL)


def judge(claim: Claim, track: str, evidence: Evidence, p_corrected: float) -> Verdict:
    """Apply the rules of this module to one claim.

    Raises BadInput if the evidence cannot be right (effect outside its interval, p outside [0, 1]).
    """
    effect, low, high = evidence.effect, evidence.low, evidence.high
    if not (math.isfinite(effect) and low <= effect <= high):
        raise BadInput(
            f"claim {claim.id} on {track}: effect {effect} lies outside its interval [{low}, {high}]"
        )
    if not 0 <= p_corrected <= 1:
        raise BadInput(f"claim {claim.id} on {track}: corrected p = {p_corrected} is no probability")
    word, why = _count(claim, evidence) if claim.rule == "count" else _effect(claim, evidence, p_corrected)
    reason = f"{why}; {evidence.note}" if evidence.note else why
    return Verdict(
        claim.id, track, word, effect, low, high, evidence.n_models, evidence.n_clusters, p_corrected, reason
    )


def untestable(claim: Claim, track: str, reason: str) -> Verdict:
    """The verdict on a claim for which the track has no data."""
    return Verdict(claim.id, track, UNTESTABLE, None, None, None, 0, 0, None, reason)


def _effect(claim: Claim, evidence: Evidence, p_corrected: float) -> tuple[str, str]:
    margin = f"{claim.margin:g} pp" if claim.unit == "pp" else f"{claim.margin:g}"
    if evidence.low > 0 and p_corrected < ALPHA:
        if evidence.effect >= claim.margin:
            return HOLDS, f"the interval excludes zero and the effect reaches {margin}"
        return WEAKER, f"the interval excludes zero, but the effect stays below {margin}"
    if evidence.high < 0 and p_corrected < ALPHA:
        return FAILS, "the interval excludes zero, and the effect goes the other way"
    if evidence.high < claim.margin:
        return FAILS, f"no effect is shown after correction, and one of {margin} is excluded"
    if evidence.low > 0:
        return (
            UNTESTABLE,
            "the interval excludes zero, but corrected for all claims judged here it could be chance",
        )
    return UNTESTABLE, f"the data cannot tell: they allow no effect as well as one of {margin}"


def _count(claim: Claim, evidence: Evidence) -> tuple[str, str]:
    sure, possible, count = int(evidence.low), int(evidence.high), int(claim.margin)
    if sure >= count:
        return HOLDS, f"{sure} are sure, of {count} claimed"
    if possible < count:
        return FAILS, f"at most {possible} are possible, of {count} claimed"
    if sure == 0:
        return (
            UNTESTABLE,
            f"the data cannot tell: none is sure and up to {possible} are possible, of {count} claimed",
        )
    return WEAKER, f"{sure} are sure and up to {possible} possible, of {count} claimed"
