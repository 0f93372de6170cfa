"""Figures on CLIP and LMM: who is right under each control, what a coin achieves, and what the LMM says of pictures."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.claims import load
from clipkit.claims.verdict import judge, on_evidence
from clipkit.plots import intervals
from clipkit.plots.pixel_page import GAP, LINE, Page, extent, put_grid
from clipkit.plots.pocket_world import pictures
from clipkit.plots.style import KIND_COLOURS, LIMITS, MUTED
from clipkit.pocket.lmm.results import LMM, read_decisions
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.results import Result
from clipkit.sections.lmm_interaction import ALL_NAMES, CONTROLS, FAIR, PUBLISHED
from clipkit.sections.pocket import lmm_interaction as section
from clipkit.sections.pocket.lmm_shape_bias import biases
from clipkit.wording import with_limits

PARTS = {section.ALL_HARD: "hard pictures", section.MINED: "hard and mined", section.EASY: "easy pictures"}
_TOWER, _LMM = KIND_COLOURS["zero_shot"], KIND_COLOURS["lmm"]
_SCALE = 3


def by_control(tower: str, table: pd.DataFrame | None = None) -> None:
    """Accuracy of a tower, of the LMM that sees through it and of a coin, given the same names; a row a control."""
    found = section.comparison(table)
    _, axes = plt.subplots(1, len(PARTS), figsize=(9.6, 3.4), sharey=True, sharex=True)
    for ax, (name, title) in zip(axes, PARTS.items(), strict=True):
        rows = (
            found[(found.tower == tower) & (found.dataset == name)].set_index("control").loc[list(CONTROLS)]
        )
        at = np.arange(len(rows))
        for column, colour, shift, word in (
            ("alone", _TOWER, -0.17, "tower"),
            ("lmm", _LMM, 0.17, "its LMM"),
        ):
            value, low, high = (100 * rows[f"{column}{end}"].to_numpy() for end in ("", "_low", "_high"))
            ax.hlines(at + shift, low, high, color=colour, linewidth=2.2, alpha=0.55, label=LIMITS)
            ax.plot(value, at + shift, "o", color=colour, markersize=5.5, label=word)
        ax.plot(100 * rows["coin"], at, "x", color=MUTED, label="coin")
        ax.set(title=title, xlabel="right (%)", xlim=(0, 101), ylim=(len(rows) - 0.4, -0.6))
        ax.grid(axis="x", color="0.92")
    axes[0].set_yticks(at, list(CONTROLS))
    handles, words = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, words, loc="outside lower center", ncols=3)


def gains(name: str = section.ALL_HARD, table: pd.DataFrame | None = None) -> None:
    """Accuracy of each LMM minus that of its tower, in points, a panel a tower and a row a control."""
    found = section.comparison(table)
    found = found[found.dataset == name]
    towers = list(found.tower.unique())
    _, axes = plt.subplots(1, len(towers), figsize=(1.2 + 2.3 * len(towers), 2.9), sharey=True, sharex=True)
    for ax, tower in zip(np.atleast_1d(axes), towers, strict=True):
        rows = found[found.tower == tower].set_index("control").loc[list(CONTROLS)]
        shown = 100 * rows[["gain", "low", "high"]].rename(columns={"gain": "value"})
        intervals.dots(shown, xlabel="LMM − tower (pp)", colours=_LMM, ax=ax)
        ax.set_title(tower, fontsize="small")


def verdict_table(table: pd.DataFrame | None = None):
    """L1 and L2 under each control: effect with interval, and the verdict it would have alone."""
    table = read_decisions() if table is None else table
    tests = {"L1": section.gain_on_hard, "L2": section.no_gain_where_easy}
    rows = {}
    for control, (_, _, about) in CONTROLS.items():
        row = {"what differs": about}
        for claim, test in tests.items():
            found = test(table, control)
            row[f"{claim} (pp)"] = with_limits(found.effect, found.low, found.high, 1, "+")
            row[f"{claim} verdict"] = on_evidence(judge(load()[claim], "pocket", found, found.p).verdict)
        rows[control] = row
    return pd.DataFrame.from_dict(rows, orient="index").style.set_properties(**{"white-space": "normal"})


def agreement_table(name: str = section.ALL_HARD, control: str = FAIR, table: pd.DataFrame | None = None):
    """Do LMM and tower err on the same images? Cohen's kappa, McNemar's p, and what the LMM's words were worth."""
    found = section.comparison(table)
    found = found[(found.dataset == name) & (found.control == control)].set_index("tower")
    shown = pd.DataFrame(
        {
            "kappa of errors": [
                f"{r.kappa:.2f} [{r.kappa_low:.2f}, {r.kappa_high:.2f}]" for r in found.itertuples()
            ],
            "McNemar's p": found.p.map("{:.2g}".format),
            "words name neither or both": found.discarded.map("{:.1%}".format),
            "words name the likeliest": found.agrees.map("{:.1%}".format),
        },
        index=found.index,
    )
    return shown.style


def held_out(table: pd.DataFrame | None = None) -> None:
    """Held-out questions answered in the right words, a panel a tower; crosses: without the image."""
    found = section.held_out_accuracy(table)
    towers = list(found.tower.unique())
    _, axes = plt.subplots(1, len(towers), figsize=(1.2 + 2.3 * len(towers), 2.8), sharey=True, sharex=True)
    for ax, tower in zip(np.atleast_1d(axes), towers, strict=True):
        rows = found[found.tower == tower].set_index("kind").loc[list(found.kind.unique())]
        intervals.dots(100 * rows[["value", "low", "high"]], xlabel="right (%)", colours=_LMM, ax=ax)
        ax.plot(100 * rows.blind, np.arange(len(rows)), "x", color=MUTED)
        ax.plot(100 * rows.guess, np.arange(len(rows)), "|", color="0.3", markersize=11)
        ax.set_title(tower, fontsize="small")


def shape_bias(table: pd.DataFrame | None = None) -> None:
    """Shape bias of each LMM minus that of the tower that it sees through, on both backgrounds."""
    found = biases(table)
    names = [f"{r.tower}, {r.dataset.removeprefix('cue-conflict-')} background" for r in found.itertuples()]
    intervals.dots(found.set_axis(names), xlabel="shape bias, LMM − tower", colours=_LMM)


def towers(table: pd.DataFrame | None = None) -> None:
    """What a change of the tower does to it alone, and to the LMM behind it: hard and easy pictures."""
    found = section.tower_effects(table)
    _, axes = plt.subplots(1, 2, figsize=(8.6, 2.7), sharey=True)
    for ax, name in zip(axes, (section.ALL_HARD, section.EASY), strict=True):
        rows = found[found.dataset == name]
        names = [f"{r.aspect}: {r.answerer}" for r in rows.itertuples()]
        colours = [_LMM if a == LMM else _TOWER for a in rows.answerer]
        intervals.dots(rows.set_axis(names), xlabel="change (pp)", colours=colours, ax=ax)
        ax.set_title(PARTS[name])


def answers(
    lmm: str,
    dataset: str,
    control: str = FAIR,
    shown: Sequence[int] | None = None,
    table: pd.DataFrame | None = None,
) -> None:
    """Pictures, the two names, what the LMM holds likelier and how sure it is, and what its tower says.

    shown: numbers of pictures of the test set; by default the first two of each outcome, LMM and tower right or wrong.
    """
    table = read_decisions() if table is None else table
    keys = (
        (table.lmm == lmm) & (table.dataset == dataset) & (table.control == control) & (table.answerer == LMM)
    )
    own = table[keys].set_index("image")
    if shown is None:
        groups = own.groupby(["right", "tower_right"], sort=False)
        shown = [int(i) for _, group in groups for i in group.index[:2]]
    images = pictures(dataset, shown)
    half = -(-len(shown) // 2)
    tiles = [images[:half], images[half:] + [None] * (2 * half - len(shown))]
    scale = 2 * _SCALE
    width, height = extent(tiles, scale)
    page = Page(width, height + 2 * 3 * LINE)
    side = scale * len(images[0])
    for line, row in enumerate(tiles):
        top = line * (side + GAP + 3 * LINE)
        put_grid(page, [row], scale, at=(0, top))
        for k, i in enumerate(shown[line * half : (line + 1) * half]):
            r, right = own.loc[i], CLASS_NAMES[i % len(CLASS_NAMES)]
            chosen, sure = (right, r.probability) if r.right else (r.wrong, 1 - r.probability)
            words = (
                f"{right} or {r.wrong}?",
                f"LMM: {chosen} {sure:.2f} {_mark(r.right)}",
                f"tower: {right if r.tower_right else r.wrong} {_mark(r.tower_right)}",
            )
            for n, text in enumerate(words):
                page.words(text, k * (side + GAP) + side / 2, top + side + (n + 0.5) * LINE, fontsize=14)


def _mark(right: bool) -> str:
    return "✓" if right else "✗"


def coin_text(tower: str, name: str = section.MINED, table: pd.DataFrame | None = None) -> str:
    """By how many points a coin "beats" a tower under the published protocol, and what both score."""
    found = section.comparison(table)
    row = found[(found.tower == tower) & (found.dataset == name) & (found.control == PUBLISHED)].iloc[0]
    return f"{100 * row.coin:.0f} % against {100 * row.alone:.0f} %"


def paths_text(table: pd.DataFrame | None = None) -> str:
    """In which share of the questions with two names the LMMs' words name the likelier one."""
    table = read_decisions() if table is None else table
    two = table[(table.control != ALL_NAMES) & (table.answerer == LMM)]
    return f"{100 * two.agrees.mean():.1f} % of {len(two):,}"


def rows() -> list[Result]:
    """The numbers behind the figures."""
    return section.rows()
