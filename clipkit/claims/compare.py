"""Two ledgers side by side: which verdicts moved between two releases, two runs or two tracks."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from clipkit.claims.judge import judge_all
from clipkit.claims.ledger import load
from clipkit.claims.verdict import VERDICTS, Verdict
from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.registry import did_you_mean
from clipkit.results import TRACKS

NOW = "now"


class Pair(NamedTuple):
    """What two ledgers say of one claim; a side that does not know the claim has None."""

    id: str
    before: Verdict | None
    after: Verdict | None

    @property
    def moved(self) -> bool:
        """Whether the word differs, or only one side knows the claim."""
        return (self.before and self.before.verdict) != (self.after and self.after.verdict)


def compare(before: Iterable[Verdict], after: Iterable[Verdict]) -> list[Pair]:
    """The verdicts of two ledgers paired by claim and track, in the ledger's order, then by track.

    If each side holds one track only, and not the same, they are paired by claim alone.

    >>> before = [Verdict("B1", "record", "holds", 0.3, 0.1, 0.5, 20, 17, 0.003, "")]
    >>> after = [Verdict("B1", "pocket", "fails", -0.1, -0.2, 0.0, 83, 83, 0.4, "")]
    >>> [(pair.id, pair.moved) for pair in compare(before, after)]
    [('B1', True)]
    """
    before, after = list(before), list(after)
    tracks = [{verdict.track for verdict in side} for side in (before, after)]
    across = len(tracks[0]) == len(tracks[1]) == 1 and tracks[0] != tracks[1]
    sides = [{(v.id, "" if across else v.track): v for v in side} for side in (before, after)]
    order = {name: i for i, name in enumerate(load())}
    rank = {track: i for i, track in enumerate(("", *TRACKS))}
    keys = sorted({*sides[0], *sides[1]}, key=lambda k: (order.get(k[0], len(order)), k[0], rank[k[1]]))
    return [Pair(key[0], sides[0].get(key), sides[1].get(key)) for key in keys]


def verdicts_of(name: str | Path, releases: Path | None = None) -> list[Verdict]:
    """A ledger by name: "now" judges all tracks, a track's name judges that one, a release or a file is read.

    releases: the folder of released ledgers, NAME.json each. A file is what `clipkit claims --json` printed. Raises
    UnknownName for a name that is none of these, and BadInput for a file that holds no verdicts.
    """
    if name == NOW or name in TRACKS:
        return [v for track in (TRACKS if name == NOW else [name]) for v in judge_all(track)]
    released = {path.stem: path for path in sorted(releases.glob("*.json"))} if releases else {}
    path = released.get(str(name), Path(name))
    if not path.is_file():
        known = [NOW, *TRACKS, *released]
        if Path(name).suffix == ".json":
            raise MissingData(f"no file {name}", "write one: clipkit claims --json > FILE")
        remedy = did_you_mean(str(name), known)
        if releases and not released:
            remedy = f"No releases lie in {releases}: go to the book's clone, or name the folder. {remedy}"
        raise UnknownName(f"unknown ledger {str(name)!r}", remedy)
    remedy = "give what `clipkit claims --json` printed"
    try:
        found = [Verdict(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path} holds no verdicts: {error}", remedy) from None
    for verdict in found:
        if verdict.track not in TRACKS or verdict.verdict not in VERDICTS:
            raise BadInput(f"{path}: claim {verdict.id} is {verdict.verdict!r} on {verdict.track!r}", remedy)
    return found
