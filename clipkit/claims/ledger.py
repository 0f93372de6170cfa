"""The claims as data: read from claims.toml, checked, never edited by code."""

import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path

from clipkit.errors import BadInput
from clipkit.registry import Registry, did_you_mean
from clipkit.results import SIX_FACTORS, TRACKS

SECTIONS = (
    "visual factors",
    "shape bias",
    "OOD detection",
    "calibration",
    "retrieval",
    "natural shifts",
    "training data",
    "3D correspondence",
    "3D corruption",
    "LMM interaction",
)
FACTORS = ("overall", *SIX_FACTORS)
RULES = ("effect", "count")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of the ledger.

    statistic says in words what `effect` is; unit is its unit; margin the smallest effect that matters, or,
    with rule = "count", the count claimed. source tells who claims it: "paper", or "ours" for a question
    that we add. untestable gives, for a track without data, what is missing.
    """

    id: str
    section: str
    factor: str
    sentence: str
    statistic: str
    unit: str
    margin: float
    rule: str = "effect"
    source: str = "paper"
    untestable: dict[str, str] = field(default_factory=dict)


def parse(text: str, name: str = "claims.toml") -> Registry[Claim]:
    """Claims from TOML text; a key or value that no claim can have (a typed verdict, say) is refused by name."""
    known = {f.name for f in fields(Claim)}
    claims: Registry[Claim] = Registry("claim")
    for entry in tomllib.loads(text).get("claim", []):
        where = f"{name}, claim {entry.get('id', '(no id)')}"
        for key in entry.keys() - known:
            hint = "a verdict is computed, never typed" if key == "verdict" else did_you_mean(key, known)
            raise BadInput(f"{where}: unknown key {key!r}", hint)
        try:
            claim = Claim(**entry)
        except TypeError as error:
            raise BadInput(f"{where}: {error}") from None
        for value, allowed in ((claim.section, SECTIONS), (claim.factor, FACTORS), (claim.rule, RULES)):
            if value not in allowed:
                raise BadInput(f"{where}: unknown value {value!r}", did_you_mean(value, allowed))
        for track in claim.untestable.keys() - set(TRACKS):
            raise BadInput(f"{where}: unknown track {track!r}", did_you_mean(track, TRACKS))
        if not claim.margin > 0:
            raise BadInput(f"{where}: margin must be positive, got {claim.margin}")
        claims.add(claim.id, claim)
    return claims


@cache
def load(path: Path | None = None) -> Registry[Claim]:
    """The project's claims, in the ledger's order, or those of another file."""
    path = path or files("clipkit.claims") / "claims.toml"
    return parse(path.read_text(encoding="utf-8"), path.name)
