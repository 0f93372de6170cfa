"""From evidence to verdicts: every claim of the ledger, on one track, corrected together."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from clipkit.claims import pocket, record
from clipkit.claims.ledger import load
from clipkit.claims.verdict import Verdict, judge, untestable
from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.memo import remember
from clipkit.registry import Registry
from clipkit.stats import holm

TESTS: dict[str, Registry[Callable[..., Evidence]]] = {
    "record": record.TESTS,
    "pocket": pocket.TESTS,
    "full": Registry("full test"),
}
NOTHING_YET = {
    "record": "no public record at hand can test it",
    "pocket": "the pocket laboratory cannot test it yet",
    "full": "no full run is on this machine",
}
NOT_HERE = {
    "record": "the public records behind it are not on this machine",
    "pocket": "the models that it needs have not been measured",
    "full": "the runs that it needs are not on this machine",
}


class Found(NamedTuple):
    """What tests found: claim id → evidence, and claim id → why there is none."""

    evidence: dict[str, Evidence]
    missing: dict[str, str]


def judge_all(track: str, only: Sequence[str] | None = None) -> list[Verdict]:
    """A verdict for each claim of the ledger on `track`, in the ledger's order.

    p is corrected (Holm) over all claims that the track can test, also where `only` names a few ids:
    asking for fewer claims must not make them easier to pass.
    """
    return verdicts_from(track, found_on(track), only)


def found_on(track: str) -> Found:
    """What all tests of a track find; remembered."""
    return find(track, {name: remember(test) for name, test in TESTS[track].items()})


def find(track: str, tests: Mapping[str, Callable[[], Evidence]]) -> Found:
    """What tests (claim id → test) find; one that raises MissingData has no evidence."""
    found = Found({}, {})
    for name, test in tqdm(tests.items(), desc=f"judging ({track})", disable=None, leave=False):
        try:
            found.evidence[name] = test()
        except MissingData as error:
            found.missing[name] = f"{NOT_HERE[track]}: {error.problem}; {error.remedy}"
    return found


def verdicts_from(
    track: str, found: Found, only: Sequence[str] | None = None, correct: Callable = holm
) -> list[Verdict]:
    """The verdicts that follow from what was found; `correct` corrects the p-values of all of it together."""
    claims = load()
    wanted = [claims[name].id for name in only] if only else list(claims)
    p = np.array([e.p for e in found.evidence.values()])
    corrected = dict(zip(found.evidence, correct(p), strict=True)) if len(p) else {}
    verdicts = []
    for name in wanted:
        claim = claims[name]
        if name in found.evidence:
            verdicts.append(judge(claim, track, found.evidence[name], float(corrected[name])))
        else:
            reason = found.missing.get(name) or claim.untestable.get(track, NOTHING_YET[track])
            verdicts.append(untestable(claim, track, reason))
    return verdicts
