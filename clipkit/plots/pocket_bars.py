"""Whether the base models are in a useful range, as a table; and what was changed, metric by metric."""

from html import escape

from clipkit.plots.factors import six_factors
from clipkit.plots.ledger import Html, rows_table, table_row
from clipkit.registry import Registry
from clipkit.sections.headlines import HEADLINES, headline_contrasts
from clipkit.sections.pocket.bars import bars
from clipkit.wording import with_limits


def bars_table() -> Html:
    """The bars as a table: what was wanted, what the base recipes reach on the validation draw, and whether."""
    head = ("Bar", "Recipe", "Reached", "Wanted", "Met")
    rows = (
        table_row(
            head,
            (
                escape(r.bar),
                escape(r.recipe),
                reached(r),
                _wanted(r.least, r.most),
                "yes" if r.met else "<strong>no</strong>",
            ),
        )
        for r in bars().itertuples()
    )
    caption = "What the base models were to reach, on the validation draw"
    return rows_table(head, rows, caption, label="Bars for the base models")


def missed_bars() -> str:
    """The bars that are not met, as prose: "cue conflict decided, other background (vit-wild 0.475 [0.45, 0.50])"."""
    missed = bars().query("not met")
    said = {bar: ", ".join(f"{r.recipe} {reached(r)}" for r in rows.itertuples())
            for bar, rows in missed.groupby("bar", sort=False)}  # fmt: skip
    return "; ".join(f"{bar} ({each})" for bar, each in said.items()) or "none"


def reached(row) -> str:
    """Value and interval of a row of `bars`; a count has none.

    >>> from types import SimpleNamespace
    >>> reached(SimpleNamespace(value=0.4612, low=0.44, high=0.48))
    '0.461 [0.440, 0.480]'
    """
    if row.low != row.low:
        return f"{row.value:.0f}"
    return with_limits(row.value, row.low, row.high, 3)


def six_factors_of(metric: str) -> None:
    """Every contrast of the design on one headline metric, named by its title."""
    headline = Registry("headline metric", {h.title: h for h in HEADLINES})[metric]
    frame = next(frame for found, frame in headline_contrasts(section=headline.section) if found == headline)
    six_factors(frame, xlabel=f"change in: {metric[:1].lower()}{metric[1:]}")


def _wanted(least: float, most: float) -> str:
    if most == 1 or most == float("inf"):
        return f"at least {least:g}"
    return f"at most {most:g}" if least < 0 else f"{least:g} to {most:g}"
