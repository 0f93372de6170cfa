"""What every chapter needs: glued numbers, data beside a figure, and a kind word where data are missing."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clipkit.claims import Verdict, judge_all, load
from clipkit.errors import MissingData
from clipkit.plots import drawn
from clipkit.plots.ledger import Html, by_claim, effect_text, strongest
from clipkit.registry import Registry
from clipkit.results import Result, to_frame

TRACKS = {"pocket": ("record", "pocket"), "full": ("record", "pocket", "full")}
"""The tracks that a profile of the book shows, in the order in which they decide a cell of the ledger."""


def verdicts(profile: str, only: list[str] | None = None) -> list[Verdict]:
    """The verdicts on the claims `only` (all if None), on each track of `profile`; raises UnknownName for others."""
    return [verdict for track in Registry("profile", TRACKS)[profile] for verdict in judge_all(track, only)]


def glue_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Glue `{id}-verdict`, `{id}-effect`, `{id}-models` and `{id}-clusters`, for prose to quote.

    They are those of the track that tells most (`clipkit.plots.ledger.strongest`); `{id}-{track}-verdict` and so on
    are those of one track.
    """
    from myst_nb import glue

    claims = load()
    named = [(name, strongest(own)) for name, own in by_claim(verdicts).items()]
    named += [(f"{v.id}-{v.track}", v) for v in verdicts]
    for name, verdict in named:
        values = {
            "verdict": verdict.shown,
            "effect": effect_text(claims[verdict.id], verdict),
            "models": str(verdict.n_models),
            "clusters": str(verdict.n_clusters),
        }
        for key, value in values.items():
            glue(f"{name}-{key}", _Plain(value), display=False)


def glue_text(key: str, make: Callable[[], str]) -> None:
    """Glue what `make` returns, for prose to quote; "not available here" where records or results are missing."""
    from myst_nb import glue

    try:
        text = make()
    except MissingData:
        text = "not available here"
    glue(key, _Plain(text), display=False)


def save_rows(rows: Iterable[Result], name: str) -> Html:
    """Write the rows behind a figure to data/`name`.csv and return the link that stands under it.

    Images that nobody counted apart (n_expected, n_seen) are left empty there.
    """
    frame = to_frame(rows)
    counts = ["n_expected", "n_seen"]
    frame[counts] = frame[counts].astype("Int64").where(frame[counts] >= 0)
    return save_frame(frame, name)


def save_frame(frame: pd.DataFrame, name: str) -> Html:
    """As `save_rows`, for a table of another form."""
    path = _write(frame, name)
    return Html(
        f'<p class="data-link"><a href="{path.as_posix()}" download>All rows behind these figures</a> '
        f"({len(frame)} rows, CSV)</p>"
    )


def or_explain(make: Callable, *arguments, csv: str | None = None, **options):
    """`make(*arguments)`, or, where records or results are missing, a note that says which and how to get them.

    csv: the name of the figure, whose numbers are written to data/NAME.csv; the book puts a link to it below.

    A notebook shows the figures that `make` leaves open, so one that it returns is not returned as well; a figure
    begun before something was found missing is closed.
    """
    open_before = set(plt.get_fignums())
    try:
        made = make(*arguments, **options)
    except MissingData as error:
        for number in set(plt.get_fignums()) - open_before:
            plt.close(number)
        problem, remedy = escape(str(error.problem)), escape(str(error.remedy))
        return Html(
            f'<div class="admonition warning"><p class="admonition-title">Missing here</p>'
            f"<p>{problem}. {remedy}</p></div>"
        )
    if csv:
        (figure,) = (plt.figure(number) for number in plt.get_fignums() if number not in open_before)
        _write(drawn.numbers(figure), csv)
    return None if isinstance(made, Figure | Axes) else made


def _write(frame: pd.DataFrame, name: str) -> Path:
    path = data_file(name)
    path.parent.mkdir(exist_ok=True)
    frame.to_csv(path, index=False)
    return path


def data_file(name: str) -> Path:
    """Where a notebook puts a table, as seen from its own folder."""
    return Path("data") / f"{name}.csv"


class _Plain(str):
    """Text that glue shows without quotation marks."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)
