"""Shape bias in the pocket laboratory as tables: by recipe, along fine-tuning, under each contrast, decided twice."""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from clipkit.errors import BadInput, MissingData
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.shape_bias import ALL_CLASSES, BACKGROUNDS, CONFLICT, SECTION, TWO_CUES
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import DATA, PARENT, kind_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.shape_bias import (
    CROSS_ENTROPY,
    clip_against_baselines,
    drawn_values,
    drop_avoided,
    drop_by_finetuning,
    key,
    spread_over_prompts,
)
from clipkit.stats.contrast import contrast, pooled_seed_variance
from clipkit.wording import with_limits

STEPS = {
    "zero-shot": PARENT,
    "linear probe": "linear-probe-{}",
    "LoRA": "lora-{}",
    "WiSE-FT, 25 %": "wise-{}-25",
    "WiSE-FT, 50 %": "wise-{}",
    "WiSE-FT, 75 %": "wise-{}-75",
    "FLYP": "flyp-{}",
    "cross-entropy": f"{CROSS_ENTROPY}-{{}}",
}
"""The ladder of fine-tuning: step → recipe, {} the data; not every average was made of every set of data."""
LADDER_METRICS = {
    "shape bias": (CONFLICT, "shape_bias"),
    "cue accuracy": (CONFLICT, "cue_accuracy"),
    "grey shapes": ("shape-only", "accuracy"),
    "texture alone": ("texture-only", "accuracy"),
}
LOSS = tuple(f"flyp-against-cross-entropy-{data}" for data in DATA)
DATA_CHANGES = tuple(f"{m}-data-{data}" for m in (CROSS_ENTROPY, "flyp") for data in DATA if data != "wild")
BASE = (PARENT, "vit-wild")
LEAST_DECIDED, LEAST_APART = 0.5, 0.15


def levels(table: MeasuredTable, recipes: Iterable[str], **key: str) -> pd.DataFrame:
    """One number by recipe: recipe, value (mean over seeds), low, high, seeds, each (tuple, by seed).

    The 95 % interval covers new images and new seeds, whose variance is pooled over the recipes; NaN where none
    of them has two seeds. Recipes that are not measured are left out.
    """
    numbers = {name: number for name, number in drawn_values(table, **key).items() if np.isfinite(number[0])}
    parts = [(*split_name(name), number) for name, number in numbers.items()]
    wanted = [r for r in recipes if any(r == recipe for recipe, _, _ in parts)]
    parts = sorted((p for p in parts if p[0] in wanted), key=lambda p: (wanted.index(p[0]), p[1]))
    if not parts:
        raise MissingData(f"nothing was measured for {key}", "run clipkit pocket evaluate")
    names, seeds, numbers = zip(*parts, strict=True)
    stacked, names = np.array(numbers), np.array(names)
    try:
        spread = pooled_seed_variance(stacked[:, 0], names, draws=stacked[:, 1:], seeds=seeds)
    except BadInput:  # no repeats yet
        spread = None
    rows = []
    for recipe in wanted:
        own = stacked[names == recipe]
        limits = (np.nan, np.nan)
        if spread is not None:  # the mean over seeds, as the contrast with a model that is always at zero
            nothing = np.zeros_like(own)
            against = contrast(own[:, 0], nothing[:, 0], own[:, 1:], nothing[:, 1:], spread, paired=True)
            limits = against.low, against.high
        rows.append((recipe, own[:, 0].mean(), *limits, len(own), tuple(own[:, 0])))
    return pd.DataFrame(rows, columns=["recipe", "value", "low", "high", "seeds", "each"])


def ladder(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> pd.DataFrame:
    """Each step of fine-tuning: metric, background, data, step, and the columns of `levels`.

    metric: a key of `LADDER_METRICS`; the two controls and cue accuracy are always those among all classes.
    """
    table = table or zoo_results()
    recipes = {recipe.format(data): step for data in DATA for step, recipe in STEPS.items()}
    frames = []
    for metric, (kind, name) in LADDER_METRICS.items():
        for background in BACKGROUNDS:
            where = subset if name == "shape_bias" else ALL_CLASSES
            found = levels(
                table, recipes, section=SECTION, dataset=f"{kind}-{background}", subset=where, metric=name
            )
            for data in DATA:
                own = found.assign(
                    data=data, step=found.recipe.map({r.format(data): s for s, r in STEPS.items()})
                )
                frames.append(own.dropna(subset="step").assign(metric=metric, background=background))
    frame = pd.concat(frames, ignore_index=True)
    frame["step"] = pd.Categorical(frame.step, list(STEPS), ordered=True)
    return frame


def by_recipe(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> pd.DataFrame:
    """Shape bias of each recipe trained from scratch: kind, background, cue_accuracy, and the columns of `levels`.

    Sorted by shape bias on the neutral background.
    """
    table = table or zoo_results()
    models = [m for m in table.frame.model.unique() if kind_of(m) != "finetuned"]
    kinds = {split_name(m)[0]: kind_of(m) for m in models}
    frames = []
    for background in BACKGROUNDS:
        where = key(background, subset)
        decided = levels(table, kinds, **{**where, "subset": ALL_CLASSES, "metric": "cue_accuracy"})
        found = levels(table, kinds, **where).assign(background=background)
        frames.append(found.assign(cue_accuracy=found.recipe.map(decided.set_index("recipe").value)))
    frame = pd.concat(frames, ignore_index=True)
    order = frame[frame.background == BACKGROUNDS[0]].set_index("recipe").value
    frame["kind"] = frame.recipe.map(kinds)
    return frame.iloc[np.argsort(-frame.recipe.map(order).to_numpy(), kind="stable")].reset_index(drop=True)


def loss_or_data(table: MeasuredTable | None = None, subset: str = ALL_CLASSES) -> pd.DataFrame:
    """What moves shape bias in fine-tuning: rows of `contrast_frame` with background, and change "loss" or "data".

    The correction is over these contrasts, on each background.
    """
    table = table or zoo_results()
    specs = [contrasts()[name] for name in (*LOSS, *DATA_CHANGES)]
    frames = [
        contrast_frame(table, **key(background, subset), specs=specs).assign(background=background)
        for background in BACKGROUNDS
    ]
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(change=np.where(frame.id.isin(LOSS), "loss", "data"))


def decided_twice(table: MeasuredTable | None = None) -> pd.DataFrame:
    """The effects that claims rest on, decided among all classes and between the two cues only.

    One row a claim, the two decisions as columns of texts "effect [low, high]"; "–" where it cannot be had.
    """
    table = table or zoo_results()
    tests = {
        "B1": clip_against_baselines,
        "B2": drop_by_finetuning,
        "B3": drop_avoided,
        "B5": spread_over_prompts,
    }

    def said(test, subset: str) -> str:
        try:
            e = test(table, subset)
        except MissingData:
            return "–"
        return with_limits(e.effect, e.low, e.high)

    return pd.DataFrame(
        {
            subset: {name: said(test, subset) for name, test in tests.items()}
            for subset in (ALL_CLASSES, TWO_CUES)
        }
    )


class Bars(NamedTuple):
    """What the section needs of the pocket world to mean anything.

    decided: cue accuracy of each model of the base recipes (model) by background. apart: pairs of models whose
    shape biases differ the same way on both backgrounds, by `LEAST_APART` at least and with 95 % intervals that do not
    overlap: higher, lower, and the difference on each background; the widest smaller difference first.
    """

    decided: pd.DataFrame
    apart: pd.DataFrame

    @property
    def passed(self) -> dict[str, bool]:
        """Bar → whether it is met."""
        return {
            f"shape or texture decides {LEAST_DECIDED:.0%} of trials": bool(
                len(self.decided) and (self.decided >= LEAST_DECIDED).all(axis=None)
            ),
            f"two models are {LEAST_APART} apart": len(self.apart) > 0,
        }


def bars(table: MeasuredTable | None = None) -> Bars:
    """The section's requirements, on the validation split unless another table is given."""
    table = table or zoo_results("validation")
    cue, bias = {}, {}
    for background in BACKGROUNDS:
        found = drawn_values(table, **{**key(background), "metric": "cue_accuracy"})
        cue[background] = {m: v[0] for m, v in found.items() if split_name(m)[0] in BASE}
        bias[background] = {
            m: (v[0], *np.nanquantile(v[1:], [0.025, 0.975]))
            for m, v in drawn_values(table, **key(background)).items()
            if np.isfinite(v[0])
        }
    both = sorted(set.intersection(*(set(found) for found in bias.values())))
    rows = []
    for one, other in combinations(both, 2):
        high, low = sorted((one, other), key=lambda m: -bias[BACKGROUNDS[0]][m][0])
        gaps = [bias[b][high][0] - bias[b][low][0] for b in BACKGROUNDS]
        clear = all(bias[b][high][1] > bias[b][low][2] for b in BACKGROUNDS)
        if min(gaps) >= LEAST_APART and clear:
            rows.append((high, low, *gaps))
    apart = pd.DataFrame(rows, columns=["higher", "lower", *BACKGROUNDS])
    order = np.argsort(-apart[list(BACKGROUNDS)].min(axis=1).to_numpy(), kind="stable")
    return Bars(pd.DataFrame(cue), apart.iloc[order].reset_index(drop=True))
