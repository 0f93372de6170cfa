"""The claim ledger: what the paper claims, as data; what the evidence says, as computation.

`load` reads the claims, `judge_all` computes a verdict for each on a track. No verdict is ever typed.
"""

from clipkit.claims.judge import judge_all
from clipkit.claims.ledger import Claim, load
from clipkit.claims.verdict import VERDICTS, Verdict, judge
from clipkit.evidence import Evidence

__all__ = ["VERDICTS", "Claim", "Evidence", "Verdict", "judge", "judge_all", "load"]
