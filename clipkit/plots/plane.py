"""Models in a plane of two accuracies, with the baselines' line: static and to explore."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from clipkit.metrics import RobustLine
from clipkit.plots.altair_html import EmbeddedChart, show
from clipkit.plots.style import KIND_COLOURS, KIND_NAMES

TICKS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98])


def scatter_with_line(
    ax: Axes, x: pd.Series, y: pd.Series, kind: pd.Series, line: RobustLine | None = None
) -> Axes:
    """Points of two proportions on logit axes, coloured by kind, and the fitted line over its own range of x.

    Models outside that range are drawn open: there the line would be continued rather than observed.
    """
    for name in [k for k in KIND_COLOURS if k in set(kind)]:
        chosen = (kind == name).to_numpy()
        front = name not in ("baseline", "supervised")
        colour, size, alpha = KIND_COLOURS[name], 5 if front else 3.5, 0.9 if front else 0.45
        inside = chosen & (x.between(line.x_low, line.x_high).to_numpy() if line else True)
        style = {"markersize": size, "alpha": alpha, "color": colour, "zorder": 3 if front else 2}
        ax.plot(x[inside], y[inside], "o", markeredgewidth=0, label=KIND_NAMES[name], **style)
        ax.plot(x[chosen & ~inside], y[chosen & ~inside], "o", fillstyle="none", **style)
    if line is not None:
        grid = np.linspace(line.x_low, line.x_high, 60)
        ax.plot(grid, line.predict(grid), color="0.25", linewidth=1.3, zorder=2.5)
    for axis, values in ((ax.xaxis, x), (ax.yaxis, y)):
        axis._set_axes_scale("logit")
        low, high = np.nanmin(values), np.nanmax(values)
        inside = [t for t in TICKS if low * 0.9 <= t <= high + (1 - high) * 0.1]
        axis.set_ticks(inside[:: max(1, len(inside) // 5)])
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g}"))
        axis.set_minor_formatter(NullFormatter())
        axis.set_ticks([], minor=True)
    return ax


def explore(
    table: pd.DataFrame,
    *,
    x: str,
    measures: list[str],
    colour: str,
    tooltip: list[str],
    alt_text: str,
    name: str,
    x_title: str,
    y_title: str,
    colours: Mapping[str, str] | None = None,
) -> EmbeddedChart:
    """An interactive plane: choose what is on the y axis, click a legend entry to single out its models.

    table: one row a model; `x` and `measures` are fractions. alt_text says what is to be seen. colours: value of
    `colour` → its colour, where the page has one for it.
    """
    long = table.melt(
        id_vars=[x, colour, *tooltip], value_vars=measures, var_name="measure", value_name="value"
    )
    scale = (
        alt.Scale(domain=list(colours), range=list(colours.values()))
        if colours
        else alt.Scale(scheme="tableau20")
    )
    pick = alt.param(
        name="measure_shown", value=measures[0], bind=alt.binding_select(options=measures, name="Show ")
    )
    single = alt.selection_point(fields=[colour], bind="legend", name="only")
    percent = alt.Axis(format="%")
    chart = (
        alt.Chart(long)
        .mark_circle(size=70)
        .encode(
            x=alt.X(
                x,
                type="quantitative",
                axis=percent,
                scale=alt.Scale(zero=False),
                title=x_title,
            ),
            y=alt.Y("value:Q", axis=percent, scale=alt.Scale(zero=False), title=y_title),
            color=alt.Color(colour, type="nominal", scale=scale, title=colour),
            opacity=alt.when(single).then(alt.value(0.9)).otherwise(alt.value(0.08)),
            tooltip=[
                *tooltip,
                alt.Tooltip(x, type="quantitative", format=".1%"),
                alt.Tooltip("value:Q", format=".1%"),
            ],
        )
        .transform_filter("datum.measure == measure_shown")
        .add_params(pick, single)
        .properties(width="container", height=340)
    )
    return show(chart, alt=alt_text, height=420, name=name)
