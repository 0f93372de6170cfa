"""CLIP and LMM in the pocket laboratory: the claims, under the published protocol and under each control."""

from functools import cache

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.metrics import resampled_mean
from clipkit.pocket.instructions import EVALUATION_SETS
from clipkit.pocket.lmm.results import BLIND, COIN, LMM, read_decisions, read_held_out
from clipkit.pocket.sets import SETS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.results import Result, row_maker
from clipkit.sections.lmm_interaction import ALL_NAMES, CONTROLS, FAIR, PUBLISHED, SECTION
from clipkit.sections.measured import DRAWS, limits
from clipkit.sections.pocket.evidence import from_draws, kind_of
from clipkit.stats import mcnemar, shared_counts, wilson
from clipkit.stats.kappa import cohens_kappa
from clipkit.wording import signed

EASY, HARD = EVALUATION_SETS[0], EVALUATION_SETS[1:]
ALL_HARD, MINED = "hard", "hard, mined"
"""The three hard sets together, each of as many images; and those of their images that a supervised model gets wrong,
as benchmarks of hard images are often chosen."""
TOWERS = {
    "architecture": ("vit-wild-s0", "resnet-wild-s0"),
    "training distribution": ("resnet-studio-s0", "resnet-wild-s0"),
    "fine-tuning": ("cross-entropy-studio-s0", "resnet-wild-s0"),
}
"""Pairs of towers that differ in one thing; their LMMs differ in nothing else."""
_GIVEN = "The interval covers images only, not other towers than these"


def part(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows on one set, or on "hard" or "hard, mined", in the order of sets and images."""
    rows = table[table.dataset.isin(HARD if name in (ALL_HARD, MINED) else (name,))]
    rows = rows[rows.mined] if name == MINED else rows
    return rows.sort_values(["dataset", "image"], kind="stable")


def comparison(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Each LMM against its own tower, given the same images and names: one row per tower, set and control.

    n; lmm, alone (the tower), blind and coin: accuracies (fractions), the first two with _low and _high (Wilson's);
    gain: lmm − alone, with low and high (95 %, bootstrap over images) and McNemar's p; kappa: agreement of their errors
    beyond chance, with kappa_low and kappa_high; chance: of whoever knows nothing. In words: said, accuracy of the
    texts that name one of the names; discarded, the share that names neither or both; agrees, the share that names the
    likeliest.
    """
    if table is None:
        return _shipped()
    rows = []
    for (tower, control), own in table.groupby(["tower", "control"], sort=False, observed=True):
        for name in (ALL_HARD, MINED, *HARD, EASY):
            rows.append({"tower": tower, "dataset": name, "control": control, **_compare(part(own, name))})
    return pd.DataFrame(rows)


@cache
def _shipped() -> pd.DataFrame:
    return comparison(read_decisions())


def _compare(own: pd.DataFrame) -> dict:
    by = dict(iter(own.groupby("answerer", observed=True)))
    lmm, alone = by[LMM].right.to_numpy(), by[LMM].tower_right.to_numpy()
    counts = _counts(by[LMM])
    drawn = resampled_mean(counts, lmm.astype(float) - alone)
    (low, high), (kappa_low, kappa_high) = map(limits, (drawn, cohens_kappa(lmm, alone, counts)))
    in_words = by[LMM].said.isin(["right", "wrong"])
    found = {
        "n": len(lmm),
        "gain": lmm.mean() - alone.mean(),
        "low": low,
        "high": high,
        "p": mcnemar(lmm, alone).p,
    }
    for name, right in (("lmm", lmm), ("alone", alone)):
        interval = wilson(int(right.sum()), len(right))
        found |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return found | {
        "blind": by[BLIND].right.mean(),
        "coin": by[COIN].right.mean(),
        "chance": 1 / len(CLASS_NAMES) if own.control.iloc[0] == ALL_NAMES else 1 / 2,
        "kappa": float(cohens_kappa(lmm, alone)),
        "kappa_low": kappa_low,
        "kappa_high": kappa_high,
        "said": (by[LMM].said[in_words] == "right").mean(),
        "discarded": 1 - in_words.mean(),
        "agrees": by[LMM].agrees.mean(),
    }


def _counts(images: pd.DataFrame) -> np.ndarray:
    """Shared draws of some images of one or several sets, in the frame's order: (DRAWS, n)."""
    return np.concatenate(
        [_drawn(name)[:, own.image.to_numpy()] for name, own in images.groupby("dataset")], axis=1
    )


@cache
def _drawn(name: str) -> np.ndarray:
    return shared_counts(name, SETS[name].n, DRAWS)


def gains(
    name: str, control: str, table: pd.DataFrame | None = None, answerer: str = LMM
) -> tuple[pd.Series, np.ndarray]:
    """Accuracy of an answerer minus that of its tower in points, for each zero-shot tower; and draws of their mean.

    name: a set, or "hard". Returns a series by tower, and (DRAWS,).
    """
    table = read_decisions() if table is None else table
    table = part(table[(table.control == control) & (table.answerer == answerer)], name)
    table = table[table.tower.map(kind_of) == "zero_shot"]
    table = table.assign(gain=100.0 * (table.right.astype(float) - table.tower_right))
    wide = table.pivot(index=["dataset", "image"], columns="tower", values="gain").sort_index()
    counts = _counts(wide.reset_index())
    return wide.mean(), resampled_mean(counts, wide.mean(axis=1).to_numpy())


def gain_on_hard(table: pd.DataFrame | None = None, control: str = FAIR) -> Evidence:
    """L1: accuracy of the LMM minus that of its own tower on the hard sets, mean over the zero-shot towers.

    Both are given the same two names, the wrong one picked by a model that is not scored, in random order.
    """
    table = read_decisions() if table is None else table
    by_tower, draws = gains(ALL_HARD, control, table)
    others = "; ".join(
        f"{c}: {signed(gains(ALL_HARD, c, table)[0].mean(), 1)}" for c in CONTROLS if c != control
    )
    coin = gains(ALL_HARD, PUBLISHED, table, COIN)[0].mean()
    note = (
        f"{CONTROLS[control].about}; by tower {_each(by_tower)}. Under the other protocols {others}; a coin under the "
        f"published one: {signed(coin, 1)}. {_GIVEN}"
    )
    return from_draws(by_tower.mean(), draws, list(by_tower.index), note=note)


def no_gain_where_easy(table: pd.DataFrame | None = None, control: str = FAIR) -> Evidence:
    """L2: two points minus the same difference on wild images, which the towers know best."""
    by_tower, draws = gains(EASY, control, table)
    note = f"{CONTROLS[control].about}; gains by tower {_each(by_tower)}. {_GIVEN}"
    return from_draws(2 - by_tower.mean(), 2 - draws, list(by_tower.index), note=note)


def tower_effects(table: pd.DataFrame | None = None, control: str = ALL_NAMES) -> pd.DataFrame:
    """What a change of the tower does to its LMM and to itself, in points.

    Columns: aspect, a, b (towers), dataset, answerer, value (a minus b), low, high.
    """
    table = read_decisions() if table is None else table
    table = table[(table.control == control) & (table.answerer == LMM)]
    rows = []
    for aspect, (a, b) in TOWERS.items():
        for name in (ALL_HARD, EASY):
            arms = [part(table[table.tower == tower], name) for tower in (a, b)]
            counts = _counts(arms[0])
            for answerer, column in (("LMM", "right"), ("tower alone", "tower_right")):
                change = 100.0 * (arms[0][column].to_numpy(float) - arms[1][column].to_numpy(float))
                low, high = limits(resampled_mean(counts, change))
                rows.append((aspect, a, b, name, answerer, change.mean(), low, high))
    return pd.DataFrame(rows, columns=["aspect", "a", "b", "dataset", "answerer", "value", "low", "high"])


def held_out_accuracy(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Share of held-out questions that are answered in exactly the right words: one row per tower and kind.

    value, low, high (Wilson's): with the image; blind: without; guess: of the kind's commonest answer, where choices
    are between four names and relations are told without the other thing's name.
    """
    table = read_held_out() if table is None else table
    rows = []
    for (tower, kind), own in table.groupby(["tower", "kind"], sort=False):
        right = wilson(int((own.said == own.answer).sum()), len(own))
        told = own.answer.str.rsplit(" the ", n=1).str[0] if kind == "relation" else own.answer
        rows.append(
            {
                "tower": tower,
                "kind": kind,
                "n": len(own),
                "value": right.value,
                "low": right.low,
                "high": right.high,
                "blind": (own.blind == own.answer).mean(),
                "guess": 0.25 if kind == "choice" else told.value_counts(normalize=True).iloc[0],
            }
        )
    return pd.DataFrame(rows)


def rows(table: pd.DataFrame | None = None) -> list[Result]:
    """The comparison and the held-out questions as result rows."""
    make = row_maker(section=SECTION, track="pocket")
    found = []
    for r in comparison(table).itertuples():
        common = {"model": f"lmm-{r.tower}", "dataset": r.dataset, "subset": r.control, "n": r.n}
        numbers = {
            "accuracy": (r.lmm, (r.lmm_low, r.lmm_high), "wilson", True),
            "tower_accuracy": (r.alone, (r.alone_low, r.alone_high), "wilson", True),
            "gain": (r.gain, (r.low, r.high), f"percentile bootstrap over images, {DRAWS} draws", None),
            "kappa": (
                r.kappa,
                (r.kappa_low, r.kappa_high),
                f"percentile bootstrap over images, {DRAWS} draws",
                None,
            ),
        }
        plain = {"blind_accuracy": r.blind, "coin_accuracy": r.coin, "chance": r.chance, "mcnemar_p": r.p}
        plain |= {"accuracy_in_words": r.said, "neither_or_both": r.discarded, "paths_agree": r.agrees}
        numbers |= {name: (value, (np.nan, np.nan), "none", None) for name, value in plain.items()}
        for metric, (value, interval, method, better) in numbers.items():
            found.append(
                make(
                    **common,
                    metric=metric,
                    value=float(value),
                    interval=interval,
                    interval_method=method,
                    higher_is_better=better,
                )
            )
    return found


def _each(by_tower: pd.Series) -> str:
    return ", ".join(f"{signed(value, 1)} ({tower})" for tower, value in by_tower.items())
