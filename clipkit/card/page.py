"""What a card says, in what order, for every format: a title, and blocks."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clipkit.card.numbers import Difference, Line, RobustnessCard, factors, sources
from clipkit.wording import number, with_limits

HOW_TO_READ = (
    "Fractions from 0 to 1 with 95 % intervals over images. The percentile is the share of the other known models of "
    "the track that this model is better than: 100 is best of all. Where neither direction is better (shape bias), it "
    "is the share that has less."
)
HOW_TO_READ_BAR = "In each bar the ticks are the other models, the dot and the line this one."
HOW_TO_READ_DIFFERENCES = (
    "Both models were scored on the same resampled images. “Surely” means that p, corrected (Holm) over all lines, is "
    "at most 0.05; each interval is that of its line alone. These are two checkpoints as they are: another training "
    "run of either may fall elsewhere."
)
CANNOT_TELL = "cannot tell"


class Heading(str):
    """Of a part of the page."""


class Note(str):
    """A paragraph for a format that draws bars."""


class Commands(str):
    """To be typed into a shell, one a line."""


class Verdict(str):
    """A cell that is one of a few words."""


class Facts(dict):
    """Name → text."""


class Bar(NamedTuple):
    """An interval on a range from `least` to `most`, with ticks."""

    value: float
    low: float
    high: float
    least: float
    most: float
    ticks: np.ndarray


class Row(NamedTuple):
    """Cells of a table, each a line, or two of which the second is an aside; `bar` belongs to the second cell."""

    section: str
    cells: tuple[str, ...]
    bar: Bar | None = None


class Table(NamedTuple):
    """Rows of one section stand together; the first cell of each names it."""

    caption: str
    columns: tuple[str, ...]
    rows: list[Row]


Block = str | Facts | Table


class Page(NamedTuple):
    """A title, and what stands below it."""

    title: str
    blocks: list[Block]


def card_page(card: RobustnessCard) -> Page:
    """The page of one model."""
    blocks = [
        f"A {card.model.kind.replace('_', '-')} model of the {card.model.track} track.",
        Heading("The six factors"),
        Facts(factors(card.model)),
    ]
    if card.lines:
        columns = ("Measure", "Value and 95 % interval", "Percentile")
        rows = [_line(line) for line in card.lines]
        table = Table("Headline numbers by section", columns, rows)
        blocks += [Heading("Numbers"), HOW_TO_READ, Note(HOW_TO_READ_BAR), table]
    blocks += _rest([card])
    if card.said:
        blocks += [Heading("Where the numbers come from"), Facts(sources(card))]
    return Page(f"{card.model.name}: robustness card", blocks)


def comparison_page(a: RobustnessCard, b: RobustnessCard, differences: Sequence[Difference]) -> Page:
    """The page of a paired comparison."""
    names = f"{a.model.name} (A)", f"{b.model.name} (B)"
    blocks = [
        f"A paired comparison on the {a.model.track} track.",
        Heading("The six factors"),
        _side_by_side("Factors of both models", names, factors(a.model), factors(b.model)),
    ]
    if differences:
        reach = max(abs(limit) for d in differences for limit in (d.low, d.high, 0.01))
        columns = ("Measure", "A − B and 95 % interval", "Verdict")
        table = Table("A − B on each headline", columns, [_difference(d, reach) for d in differences])
        blocks += [Heading("Differences"), HOW_TO_READ_DIFFERENCES, table]
    blocks += _rest([a, b])
    if a.said and b.said:
        told = _side_by_side("Sources of both models", names, sources(a), sources(b))
        blocks += [Heading("Where the numbers come from"), told]
    return Page(" against ".join(names), blocks)


def _line(line: Line) -> Row:
    behind = f"n = {line.n:,}, {line.asked}" + ", lower is better" * (line.headline.better == "lower")
    place = f"{line.percentile:.0f}\nof {len(line.others)} others" if len(line.others) else "–\nno others"
    every = [*line.others, line.low, line.high]
    return Row(
        line.headline.section,
        (
            f"{line.headline.title}\n{behind}",
            with_limits(line.value, line.low, line.high, 3),
            place,
        ),
        Bar(line.value, line.low, line.high, min(every), max(every), line.others),
    )


def _difference(d: Difference, reach: float) -> Row:
    word = "better" if d.headline.better else "higher"
    return Row(
        d.headline.section,
        (
            f"{d.headline.title}\nA {number(d.a.value, 3)}, B {number(d.b.value, 3)}",
            with_limits(d.effect, d.low, d.high, 3, "+"),
            Verdict(f"{d.surely} surely {word}" if d.surely else CANNOT_TELL),
        ),
        Bar(d.effect, d.low, d.high, -reach, reach, np.zeros(1)),
    )


def _side_by_side(caption: str, names: tuple[str, str], a: Mapping[str, str], b: Mapping[str, str]) -> Table:
    return Table(caption, ("What", *names), [Row("", (name, a[name], b[name])) for name in a])


def _rest(cards: Sequence[RobustnessCard]) -> list[Block]:
    """What has not been measured, and the commands for it."""
    found: list[Block] = []
    for card in cards:
        name = card.model.name
        if card.inapplicable:
            found.append(f"{name} reads no texts, so it has no {', '.join(card.inapplicable)}.")
        if card.missing:
            found.append(f"Not measured for {name}: {', '.join(card.missing)}. To measure:")
            found.append(Commands("\n".join(dict.fromkeys(card.missing.values()))))
    return [Heading("Not on this card"), *found] if found else []
