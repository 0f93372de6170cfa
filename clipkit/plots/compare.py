"""Tables of the page on how verdicts moved: two ledgers side by side."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from clipkit.claims.compare import NOW, Pair, compare, verdicts_of
from clipkit.claims.ledger import load
from clipkit.claims.verdict import UNTESTABLE, Verdict
from clipkit.plots.ledger import Html, badge_on_track, effect_text, rows_table, table_row


def pairs_of(before: str, after: str, releases: Path = Path("../book/releases")) -> list[Pair]:
    """Two ledgers by name (`verdicts_of`), paired; claims that neither can tell are left out."""
    pairs = compare(verdicts_of(before, releases), verdicts_of(after, releases))
    return [pair for pair in pairs if _tells(pair.before) or _tells(pair.after)]


def table(pairs: Sequence[Pair], before: str, after: str) -> Html:
    """One row for each pair, both verdicts with effect and interval; those that differ first and marked."""
    ordered = sorted(pairs, key=lambda pair: not pair.moved)
    head = ("Claim", "Same word?", _title(before), _title(after))
    rows = [
        table_row(
            head,
            (
                f"<strong>{pair.id}</strong> {escape(load()[pair.id].sentence)}",
                "≠" if pair.moved else "=",
                _cell(pair.before),
                _cell(pair.after),
            ),
        )
        for pair in ordered
    ]
    return rows_table(head, rows, f"Verdicts: {_title(before)} beside {_title(after)}; 95 % intervals")


def summary(pairs: Sequence[Pair]) -> str:
    """How many words differ, and which claims' do."""
    moved = list(dict.fromkeys(pair.id for pair in pairs if pair.moved))
    return f"{sum(pair.moved for pair in pairs)} of {len(pairs)}" + (
        f" ({', '.join(moved)})" if moved else ""
    )


def both_judged(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of which both sides come to a verdict: that one cannot tell contradicts nobody."""
    return [pair for pair in pairs if _tells(pair.before) and _tells(pair.after)]


def _title(name: str) -> str:
    return {NOW: "this book"}.get(name, f"release {name}" if name[0].isdigit() else name)


def _tells(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.verdict != UNTESTABLE


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not in this ledger"
    text = escape(effect_text(load()[verdict.id], verdict)) if verdict.effect is not None else ""
    return f"{badge_on_track(verdict)}<br>{text}"
