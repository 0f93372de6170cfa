"""Figures and tables on prompts as a band: what every way to ask makes of models, contrasts and claims."""

from html import escape

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clipkit.claims import under_prompts
from clipkit.claims.ledger import Claim, load
from clipkit.claims.verdict import VERDICTS, on_evidence
from clipkit.errors import UnknownName
from clipkit.plots.ledger import Html, badge, rows_table
from clipkit.plots.style import ACCENT, KIND_COLOURS
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.pocket.zoo.recipe import split_name
from clipkit.registry import Registry, did_you_mean
from clipkit.results import Result, row_maker
from clipkit.sections.headlines import Headline
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.prompt_band import (
    FULL,
    PromptBand,
    contrast_band,
    contrast_effects,
    draws_of,
    noise_ratio,
    widths,
    zoo_band,
)
from clipkit.sections.pocket.prompt_band import prompted_headlines as headlines
from clipkit.sections.pocket.results import zoo_results
from clipkit.wording import number, signed

SET_COLOURS = dict(zip(PROMPT_SETS, ("#e69f00", "#56b4e9", "#009e73", "#000000"), strict=True))
NAMES_COLOUR = "#cc79a7"
BAND_COLOUR = "#d55e00"
_TICK = {"marker": "|", "linestyle": "", "markersize": 9, "alpha": 0.6}


def recipe_bands(headline: Headline, table: MeasuredTable, band: PromptBand) -> pd.DataFrame:
    """Means over the seeds of each recipe, in pp: zero-shot recipes first, each kind with its best first.

    Columns by kind and prompts: value with these prompts minus value with all templates; ("all", "value"), the latter,
    and ("all", "low"), ("all", "high"), the limits of its 95 % interval over images minus itself.
    """
    values, draws = band.of(headline), draws_of(table, headline, FULL)
    recipe, recipe_of_draws = ([split_name(model)[0] for model in f.index] for f in (values, draws))
    means, drawn = values.groupby(recipe).mean(), draws.groupby(recipe_of_draws).mean()
    full = means[SET, FULL]
    bands = means.sub(full, axis=0)
    bands["all", "value"] = full
    for name, share in (("low", 0.025), ("high", 0.975)):
        bands["all", name] = drawn.quantile(share, axis=1) - full
    tuned = [kind_of(f"{r}-s0") != "zero_shot" for r in bands.index]
    best = full if headline.better == "lower" else -full
    return 100 * bands.iloc[np.lexsort([best, tuned])]


def by_recipe(section: str) -> None:
    """A section's headline metrics: how far each way to ask moves each recipe from where all templates put it."""
    chosen = [h for h in headlines() if h.section == section]
    if not chosen:
        known = {h.section for h in headlines()}
        raise UnknownName(f"no headline of {section!r} depends on prompts", did_you_mean(section, known))
    found = [recipe_bands(headline, zoo_results(), zoo_band()) for headline in chosen]
    recipes = list(found[0].index)
    size = (4.1 * len(chosen) + 1.8, 1.7 + 0.36 * len(recipes))
    figure, axes = plt.subplots(1, len(chosen), figsize=size, sharey=True, squeeze=False)
    for ax, headline, bands in zip(axes[0], chosen, found, strict=True):
        ax.axvline(0, color="0.6", linewidth=1, zorder=0)
        for row, recipe in enumerate(recipes):
            own = bands.loc[recipe]
            _bar(ax, row, own["all", "low"], own["all", "high"])
            ax.plot(own[TEMPLATE], np.full(len(own[TEMPLATE]), row), color=BAND_COLOUR, **_TICK)
            for prompts, colour in SET_COLOURS.items():
                ax.plot(own[SET, prompts], row, "o", color=colour, markersize=4.5)
            ax.plot(own[NAMES], np.full(len(own[NAMES]), row + 0.32), "x", color=NAMES_COLOUR, markersize=4)
            text = f"{own['all', 'value']:.0f} %"
            ax.annotate(text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=7.5)
        better = {"higher": " (higher is better)", "lower": " (lower is better)", "": ""}[headline.better]
        ax.set_title(headline.title + better, fontsize="small")
        ax.set_xlabel(f"difference from {FULL} templates (pp)", fontsize="small")
        ax.grid(axis="x", color="0.94")
    axes[0, 0].set_yticks(range(len(recipes)), recipes, fontsize="small")
    for label, recipe in zip(axes[0, 0].get_yticklabels(), recipes, strict=True):
        label.set_color(KIND_COLOURS[kind_of(f"{recipe}-s0")])
    axes[0, 0].set_ylim(len(recipes) - 0.3, -0.7)
    handles = [_handle("|", BAND_COLOUR, "single template"), _handle("x", NAMES_COLOUR, "other class names")]
    handles += [
        _handle("o", colour, f"{size} template{'s' * (size != '1')}") for size, colour in SET_COLOURS.items()
    ]
    handles.append(_bar_handle("95 % interval over images"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")


def contrasts(metric: str) -> None:
    """Each contrast on one headline metric (its title): how far single templates move its effect.

    Pale bars: interval over seeds and images with all templates. A black stroke: where the effect is zero, if near.
    """
    headline = Registry("headline metric", {h.title: h for h in headlines()})[metric]
    table, band = zoo_results(), zoo_band()
    frame = contrast_band(table, band, headline)
    effects = contrast_effects(table, band, headline)
    figure, ax = plt.subplots(figsize=(7.4, 1.5 + 0.25 * len(frame)))
    ax.axvline(0, color="0.6", linewidth=1, zorder=0)
    for row, c in enumerate(frame.itertuples()):
        _bar(ax, row, 100 * (c.low - c.effect), 100 * (c.high - c.effect))
        alone = 100 * (effects.loc[c.id, TEMPLATE].dropna() - c.effect)
        ax.plot(alone, np.full(len(alone), row), color=BAND_COLOUR, **_TICK)
    limits = ax.get_xlim()
    zero = -100 * frame.effect
    near = zero.between(*limits)
    ax.plot(zero[near], np.flatnonzero(near), "|", color="black", markersize=11, markeredgewidth=2)
    ax.set_xlim(limits)
    said = [f"{row.aspect} ({signed(100 * row.effect, 1)})" for row in frame.itertuples()]
    ax.set_yticks(range(len(frame)), said)
    ax.tick_params(axis="y", labelsize=8)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_title(metric, fontsize="small")
    ax.set_xlabel("effect minus that with all templates (pp)", fontsize="small")
    ax.grid(axis="x", color="0.94")
    handles = [
        _handle("|", BAND_COLOUR, "single template"),
        _handle("|", "black", "no effect"),
        _bar_handle("95 % interval over seeds and images"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")


def width_table() -> Html:
    """How wide the band is on every headline metric, beside what images and models make."""
    frame = widths(zoo_results(), zoo_band())
    head = (
        "Metric", "Single templates", "Sets of 1 to 80", "Class names", "Interval over images",
        "Between models (SD)", "Rank kept (lowest)",
    )  # fmt: skip
    columns = ("templates", "sets", "names", "images", "models")
    body = [
        [
            escape(title),
            *(f"{100 * row[column]:.1f}" for column in columns),
            f"{number(row['rank'])} ({number(row['least'])})",
        ]
        for title, row in frame.iterrows()
    ]
    return rows_table(head, map(_row, body), "Width of the band, in percentage points (median over models)")


def flip_table(every: bool = False) -> Html:
    """The claims whose verdict hangs on how one asks, or every claim that can be tested."""
    frame, claims = under_prompts.flips(), load()
    body = [
        [
            f"<strong>{name}</strong> {escape(claims[name].sentence)}",
            badge(on_evidence(row.usual)),
            "<br>".join(f"{size}: {on_evidence(row[size])}" for size in PROMPT_SETS if row[size]),
            _counts(row.template_verdicts),
            _counts(row.name_verdicts) or "not asked",
            _effects(claims[name], row),
            f"{row.same_sign:.0%}",
        ]
        for name, row in frame.iterrows()
        if every or row.flips
    ]
    head = (
        "Claim", "Verdict", "With a set of", "With one template", "With other names",
        "Effect (one template)", "Same sign",
    )  # fmt: skip
    return rows_table(head, map(_row, body), "Verdicts under other prompts")


def flipping() -> str:
    """How many verdicts hang on how one asks, as prose: "3 of 21 (V6, O1, C4)"."""
    frame = under_prompts.flips()
    names = ", ".join(frame.index[frame.flips])
    return f"{int(frame.flips.sum())} of {len(frame)}" + (f" ({names})" if names else "")


def noise() -> str:
    """How far the noise of images with one template is from that with all, as prose: "0.40 %"."""
    return f"{abs(noise_ratio(zoo_results()) - 1):.2%}".replace("%", " %")


def turning(metric: str) -> str:
    """How many sure contrasts on a headline metric change sign under some template: "1 of 9"."""
    headline = Registry("headline metric", {h.title: h for h in headlines()})[metric]
    frame = contrast_band(zoo_results(), zoo_band(), headline)
    sure = frame[(frame.p_holm < 0.05) & frame.same_sign.notna()]
    return f"{int((sure.same_sign < 1).sum())} of {len(sure)}"


def rows() -> list[Result]:
    """The band of each model on each headline metric, by single templates: the numbers behind the figures."""
    band, found = zoo_band(), []
    for headline in headlines():
        for model, own in band.of(headline).iterrows():
            make = row_maker(
                section=headline.section,
                track="pocket",
                model=model,
                dataset=headline.dataset,
                subset=f"{headline.subset}, prompts {FULL}",
                metric=headline.metric,
                unit="fraction",
                n=len(own[TEMPLATE]),
                higher_is_better={"higher": True, "lower": False, "": None}[headline.better],
                interval_method="smallest and largest value over single templates",
            )
            interval = own[TEMPLATE].min(), own[TEMPLATE].max()
            found.append(make(value=own[SET, FULL], interval=interval))
    return found


def _counts(verdicts: dict[str, int]) -> str:
    return "<br>".join(f"{verdicts[v]} × {on_evidence(v)}" for v in VERDICTS if v in verdicts)


def _effects(claim: Claim, row: pd.Series) -> str:
    digits = 1 if claim.unit in ("pp", "count") else 2
    effect, least, most = (number(v, digits) for v in (row.effect, row.least, row.most))
    return f"{effect} ({least} to {most})" + (" pp" if claim.unit == "pp" else "")


def _row(cells: list[str]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _bar(ax: Axes, row: int, low: float, high: float) -> None:
    ax.plot([low, high], [row, row], color=ACCENT, linewidth=7, alpha=0.22, solid_capstyle="butt", zorder=0)


def _bar_handle(label: str):
    return plt.Line2D([], [], color=ACCENT, linewidth=7, alpha=0.22, label=label)


def _handle(marker: str, colour: str, label: str):
    return plt.Line2D([], [], marker=marker, linestyle="", color=colour, label=label)
