"""From evidence to verdicts: every claim of the ledger, on one track, corrected together."""

from collections.abc import Callable

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

TESTS: dict[str, Registry[Callable[[], Evidence]]] = {
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


def judge_all(track: str, only: list[str] | None = None) -> list[Verdict]:
    """A verdict for each claim of the ledger on `track`, in the ledger's order.

    p is corrected (Holm) over all claims that the track can test, also where `only` names a few ids:
    asking for fewer claims must not make them easier to pass.
    """
    claims, tests = load(), TESTS[track]
    wanted = [claims[name].id for name in only] if only else list(claims)
    evidence: dict[str, Evidence] = {}
    missing: dict[str, str] = {}
    for name, test in tqdm(tests.items(), desc=f"judging ({track})", disable=None, leave=False):
        try:
            evidence[name] = remember(test)()
        except MissingData as error:
            missing[name] = f"{NOT_HERE[track]}: {error.problem}; {error.remedy}"
    corrected = (
        dict(zip(evidence, holm(np.array([e.p for e in evidence.values()])), strict=True)) if evidence else {}
    )
    verdicts = []
    for name in wanted:
        claim = claims[name]
        if name in evidence:
            verdicts.append(judge(claim, track, evidence[name], float(corrected[name])))
        else:
            reason = missing.get(name) or claim.untestable.get(track, NOTHING_YET[track])
            verdicts.append(untestable(claim, track, reason))
    return verdicts
