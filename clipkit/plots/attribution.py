"""Figures and tables of the chapter on factor attribution."""

from functools import cache
from html import escape

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clipkit.plots.chapter import save_frame
from clipkit.plots.factors import FACTOR_COLOURS
from clipkit.plots.ledger import Html, rows_table
from clipkit.plots.style import LIMITS, MUTED
from clipkit.sections.attribution import Attribution, FactorTable, attribute, leave_one_family_out
from clipkit.sections.attribution_tables import GROUPS, full_table, record_table, samples_unknown
from clipkit.sections.pocket.attribution import METRICS, against_contrasts, agreement
from clipkit.wording import signed

_COLOURS = FACTOR_COLOURS | {
    "curation": FACTOR_COLOURS["training distribution"],
    "model size, ×10": "#4d4d4d",
    "training-set size, ×10": FACTOR_COLOURS["training-set size"],
}
_ALL = next(iter(GROUPS))
MOST = 0.9
"""Share of a term's leverage from which on the term is said to rest on one family."""


@cache
def _table(track: str) -> FactorTable:
    return record_table() if track == "record" else full_table()


@cache
def _found(track: str, group: str = _ALL) -> Attribution:
    return attribute(_table(track), GROUPS[group])


@cache
def _without() -> pd.DataFrame:
    return leave_one_family_out(_table("record"))


@cache
def _against(metric: str) -> pd.DataFrame:
    return against_contrasts(metric)


def coefficients(track: str = "record") -> None:
    """Every term's effect; of the record on all data sets and on two groups of them alone.

    A thick bar is the mixed model's 95 % interval, a thin one below it least squares with errors clustered by run; the
    pale band holds the middle 80 % of the effects on single data sets.
    """
    groups = list(GROUPS) if track == "record" else [_ALL]
    first = _found(track).coefficients
    rows = _rows(first)
    width = 2.6 + 2.2 * len(groups)
    figure, axes = plt.subplots(
        1, len(groups), figsize=(width, 1.1 + 0.24 * rows[-1]), sharey=True, squeeze=False
    )
    for ax, group in zip(axes[0], groups, strict=True):
        found = _found(track, group)
        for row, term in zip(rows, found.coefficients.itertuples(), strict=True):
            _term(ax, row, term, found.by_set)
        ax.set_title(f"{group} ({found.by_set.shape[1]})")
        _tidy(ax)
    _name_rows(axes[0, 0], rows, first)
    figure.supxlabel("effect on the logit of the score", fontsize="medium")


def _term(ax: Axes, row: float, term, by_set: pd.DataFrame) -> None:
    if not term.estimable:
        ax.plot(0, row, "x", color=MUTED, markersize=6)
        return
    colour = _COLOURS[term.factor]
    if by_set.shape[1] >= 5:
        low, high = by_set.loc[term.Index].quantile([0.1, 0.9])
        ax.barh(row, high - low, left=low, height=0.75, color="0.91", zorder=0)
    ax.plot([term.low, term.high], [row, row], color=colour, linewidth=2.4, alpha=0.6, label=LIMITS)
    ax.plot(term.estimate, row, "o", color=colour, markersize=5)
    ax.plot([term.ols_low, term.ols_high], [row + 0.3] * 2, color="0.35", linewidth=1)


def leave_out() -> None:
    """The record's effects with all models (large dot) and without each family (ticks), and what loses an effect."""
    frame = _without()
    whole = _found("record").coefficients
    whole = whole[whole.estimable]
    rows = _rows(whole)
    _, ax = plt.subplots(figsize=(7.4, 0.8 + 0.24 * rows[-1]))
    for row, (term, known) in zip(rows, whole.iterrows(), strict=True):
        own = frame[(frame.term == term) & (frame.family != "")]
        ax.plot(own.estimate, np.full(len(own), row), "|", color="0.25", markersize=9, markeredgewidth=1.1)
        ax.plot(known.estimate, row, "o", color=_COLOURS[known.factor], markersize=6.5, alpha=0.75)
        lost = ", ".join(own.family[own.estimate.isna()])
        ax.annotate(
            lost, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="0.25"
        )
    ax.annotate("no number without", (1.02, rows[0] - 1), xycoords=("axes fraction", "data"), fontsize=8.5,
                va="center", weight="bold")  # fmt: skip
    _tidy(ax)
    _name_rows(ax, rows, whole)
    ax.set_xlabel("effect on the logit of the score, mean over data sets")


def against_truth(metrics: tuple[str, ...] = ("accuracy", "shape bias")) -> None:
    """Attributed effects of the zoo over those of clean contrasts, which changed one factor alone; logits."""
    _, axes = plt.subplots(1, len(metrics), figsize=(4.5 * len(metrics), 4.4), squeeze=False)
    for ax, metric in zip(axes[0], metrics, strict=True):
        frame = _against(metric)
        frame = frame[frame.seen]
        ax.axline((0, 0), slope=1, color="0.6", linewidth=1, zorder=0)
        ax.plot(
            frame.effect, frame.naive, "x", color="0.6", markersize=5, zorder=1, label="by one factor alone"
        )
        for factor, colour in FACTOR_COLOURS.items():
            own = frame[frame.factor == factor]
            if own.empty:
                continue
            ax.hlines(
                own.attributed, own.low, own.high, color=colour, alpha=0.35, linewidth=1.4, label=LIMITS
            )
            ax.vlines(
                own.effect,
                own.attributed_low,
                own.attributed_high,
                color=colour,
                alpha=0.35,
                linewidth=1.4,
                label=LIMITS,
            )
            ax.plot(own.effect, own.attributed, "o", color=colour, markersize=5, label=factor)
        ax.set(title=metric, xlabel="one factor changed alone")
        ax.grid(color="0.94")
    axes[0, 0].set_ylabel("attributed")
    axes[0, 0].legend(fontsize="small", loc="lower right")


def truth_table() -> Html:
    """How attribution does on each metric of the zoo."""
    rows = []
    for metric, row in zip(METRICS, agreement(_against(m) for m in METRICS).itertuples(), strict=True):
        rows.append(
            f'<tr><th scope="row">{metric}</th><td>{row.seen} of {row.contrasts}</td>'
            f"<td>{row.held} of {row.seen}</td><td>{row.same_sign} of {row.clear}</td>"
            f"<td>{row.error:.2f}</td><td>{row.naive_error:.2f}</td></tr>"
        )
    head = ("Metric", "Contrasts it can see", "Interval holds the effect", "Sign right, where the effect is clear",
            "Error (logits)", "Error by one factor alone")  # fmt: skip
    return rows_table(head, rows, "Attribution against clean contrasts, pocket track")


def confounded(track: str = "record") -> Html:
    """What the models of a track cannot tell: factors nobody varied, terms that stand for one another, thin ones."""
    found = _found(track)
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td>does not vary</td><td>–</td></tr>'
        for name in found.constant
    ]
    for row in found.together.itertuples():
        numbers = "no single number" if np.isnan(row.estimate) else f"together {_number(row)}"
        rows.append(
            f'<tr><th scope="row">{escape(" = ".join(row.terms))}</th><td>not identifiable: always together</td>'
            f"<td>{numbers}</td></tr>"
        )
    for term, row in resting(track).iterrows():
        rows.append(
            f'<tr><th scope="row">{escape(term)}</th><td>rests on {escape(row.rests_on)} '
            f"({row.share:.0%} of the leverage); variance inflated {row.vif:.1f} times</td>"
            f"<td>{_number(row)}</td></tr>"
        )
    return rows_table(
        ("Term", "What is wrong", "Effect (logits)"), rows, f"What cannot be told apart, {track} track"
    )


def resting(track: str = "record") -> pd.DataFrame:
    """Estimable terms that more than one family has, and that yet draw on one of them with `MOST` of the leverage."""
    frame, table = _found(track).coefficients, _table(track)
    design = _found(track).design
    several = np.array([table.families[design[term] != 0].nunique() > 1 for term in frame.index])
    return frame[frame.estimable & (frame.share >= MOST) & several]


def data(track: str = "record") -> Html:
    """Write the effects behind the figure to data/attribution-TRACK.csv and return the link that stands under it."""
    groups = list(GROUPS) if track == "record" else [_ALL]
    frames = [
        _found(track, group).coefficients.rename_axis("term").reset_index().assign(sets=group)
        for group in groups
    ]
    return save_frame(pd.concat(frames), f"attribution-{track}")


def leave_out_data() -> Html:
    """The same for `leave_out`."""
    return save_frame(_without(), "attribution-without-family")


def truth_data() -> Html:
    """The same for `against_truth`, all metrics."""
    return save_frame(pd.concat([_against(m).assign(on=m) for m in METRICS]), "attribution-contrasts")


def counts() -> dict[str, str]:
    """Numbers for prose on the record: how many models, runs, sets …, how many fits converged, and what is lost most.

    `lost-family` is the family without which most effects have no number, `lost-effects` how many those are.
    """
    table, found, frame = _table("record"), _found("record"), _without()
    converged = [_found("record", group).fit.converged for group in GROUPS]
    converged += frame[frame.family != ""].groupby("family").converged.first().tolist()
    estimable = found.coefficients.index[found.coefficients.estimable]
    lost = frame.family[frame.term.isin(estimable) & frame.estimate.isna()].value_counts()
    unknown, models = samples_unknown()
    return {
        "models": str(models),
        "runs": str(table.runs.nunique()),
        "sets": str(table.values.shape[1]),
        "left-out": " and ".join(table.left_out) or "none",
        "rank": str(found.identifiability.rank),
        "columns": str(found.identifiability.columns),
        "estimable": str(len(estimable)),
        "samples-unknown": str(unknown),
        "converged": f"{sum(converged)} of {len(converged)}",
        "lost-family": lost.index[0],
        "lost-effects": str(lost.iloc[0]),
    }


def effect(term: str) -> str:
    """A term's effect on the record with its interval, as prose."""
    return _number(_found("record").coefficients.loc[term])


def truth(what: str, metric: str = "accuracy") -> str:
    """A number for prose from `agreement`: held, seen, clear, same_sign, error, naive_error."""
    value = agreement([_against(metric)])[what].iloc[0]
    return f"{value:.2f}" if what.endswith("error") else str(value)


def _rows(frame: pd.DataFrame) -> np.ndarray:
    gap = frame.factor.ne(frame.factor.shift()).cumsum().to_numpy() - 1
    return np.arange(len(frame)) + 0.4 * gap


def _name_rows(ax: Axes, rows: np.ndarray, frame: pd.DataFrame) -> None:
    names = [
        f"{level} ({models})" if level else factor
        for factor, level, models in zip(frame.factor, frame.level, frame.n_models, strict=True)
    ]
    ax.set_yticks(rows, names, fontsize=8.5)
    for tick, factor, estimable in zip(ax.get_yticklabels(), frame.factor, frame.estimable, strict=True):
        tick.set_color(_COLOURS[factor] if estimable else "0.45")
    ax.set_ylim(rows[-1] + 0.8, -0.8)


def _tidy(ax: Axes) -> None:
    ax.axvline(0, color="0.6", linewidth=1, zorder=1)
    ax.grid(axis="x", color="0.94")
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)


def _number(row) -> str:
    return f"{signed(row.estimate)} ({signed(row.low)} to {signed(row.high)})"
