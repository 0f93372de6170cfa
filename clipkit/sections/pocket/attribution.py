"""Attribution put to the test: what it says of the zoo, beside what changing one factor alone did."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import logit
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from clipkit.errors import MissingData
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, read_recipe, split_name
from clipkit.sections.attribution import Attribution, FactorTable, attribute, difference, factor_table
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.natural_shifts import ALL, ORDINARY, SHIFTS
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.sections.pocket.evidence import kind_of, run_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.stats import identify, random_intercept

METRICS = {
    "accuracy": {
        **{name: ("natural shifts", name, ALL, "accuracy") for name in (ORDINARY, *SHIFTS)},
        "factors": ("visual factors", "factors", "all factors", "accuracy"),
    },
    "AUROC": {name: ("OOD detection", name, ALL, "auroc") for name in ("near-ood", "far")},
    "shape bias": {
        name: ("shape bias", name, "all classes", "shape_bias")
        for name in ("cue-conflict-neutral", "cue-conflict-other")
    },
    "retrieval": {
        "retrieval": ("retrieval", "retrieval", "both", "recall@1"),
        "hard-negatives": ("retrieval", "hard-negatives", "overall", "caption_accuracy"),
    },
}
"""Metric → data set → section, dataset, subset and metric of `MeasuredTable`."""

_LEVELS = {
    "architecture": ("resnet", "vit", "convnext", "edgenext"),
    "training distribution": ("wild", "studio", "mixed", "catalogue"),
    "captions": ("clean", "uncurated", "filtered by text", "filtered by score"),
    "contrastive loss": ("contrastive", "sigmoid"),
    "fine-tuning": ("none", "linear-probe", "lora", "flyp", "cross-entropy", "wise"),
    "fine-tuning data": ("wild", "studio", "catalogue"),
}
_KEY = {"section": "attribution", "dataset": "mean over sets", "subset": ALL, "metric": "logit"}


@cache
def recipe_factors(name: str) -> dict[str, str | float]:
    """What a model's card says of a recipe; sizes are log10. Not among it: optimiser, augmentation, learning rate …

    Of a fine-tuned model: its parent's, with the method and its data ("wild" also where there is no fine-tuning).

    >>> recipe_factors("lora-studio")["fine-tuning"], recipe_factors("lora-studio")["training distribution"]
    ('lora', 'wild')
    """
    recipe = read_recipe(name)
    if isinstance(recipe, FinetuneRecipe):
        own = {"fine-tuning": recipe.method, "fine-tuning data": _tuned_on(recipe)}
        return recipe_factors(recipe.parent) | own
    return {
        # A loss of its own comes with a configuration of its own: "pocket-resnet-sigmoid".
        "architecture": recipe.model.removeprefix("pocket-").split("-")[0],
        "training distribution": recipe.data.distribution,
        "captions": _captions(recipe),
        "training-set size, ×10": float(np.log10(recipe.data.images)),
        "training length, ×10": float(np.log10(recipe.samples_seen)),
        "contrastive loss": recipe.objective,
        "fine-tuning": "none",
        "fine-tuning data": "wild",
    }


def _tuned_on(recipe: FinetuneRecipe) -> str:
    return _tuned_on(read_recipe(recipe.origin)) if recipe.method == "wise" else recipe.data.distribution


def _captions(recipe: Recipe) -> str:
    filtered = {"text": "filtered by text", "score": "filtered by score"}
    return filtered.get(recipe.data.curation, recipe.data.captions)


def pocket_table(metric: str = "accuracy", table: MeasuredTable | None = None) -> FactorTable:
    """The zoo's CLIP models, zero-shot and fine-tuned, that have `metric` on all its sets.

    Families are recipes, of fine-tuned models methods. Raises MissingData where no model was measured.
    """
    values = _values(zoo_results() if table is None else table, metric)
    values = values[[prompts in DEFAULT_PROMPTS for prompts in values.index.get_level_values("prompts")]]
    models = list(values.index.get_level_values("model"))
    factors = pd.DataFrame([recipe_factors(split_name(m)[0]) for m in models], models)
    for name, levels in _LEVELS.items():
        seen = set(factors[name])
        factors[name] = pd.Categorical(factors[name], [level for level in levels if level in seen])
    families = [
        method if (method := f) != "none" else split_name(m)[0] for m, f in factors["fine-tuning"].items()
    ]
    return factor_table(values.set_axis(models), factors, map(run_of, models), families)


def _values(table: MeasuredTable, metric: str) -> pd.DataFrame:
    """Numbers (model and prompts × data sets) of CLIP models that have all of them."""
    columns = {}
    for name, key in METRICS[metric].items():
        rows = table.rows(**dict(zip(("section", "dataset", "subset", "metric"), key, strict=True)))
        columns[name] = table.frame.iloc[rows].set_index(["model", "prompts"]).value
    values = pd.DataFrame(columns).dropna()
    values = values[[kind_of(model) != "baseline" for model in values.index.get_level_values("model")]]
    if values.empty:
        raise MissingData(f"no CLIP model of the zoo has {metric}", "run clipkit pocket evaluate")
    return values


def mean_logits(metric: str = "accuracy", table: MeasuredTable | None = None) -> MeasuredTable:
    """The mean logit over the sets of a metric as one number of each model and prompt set, with its draws."""
    table = zoo_results() if table is None else table
    values = _values(table, metric)
    sums = np.zeros((len(values), table.draws.shape[1]))
    for key in METRICS[metric].values():
        rows = table.rows(**dict(zip(("section", "dataset", "subset", "metric"), key, strict=True)))
        at = pd.Series(rows, pd.MultiIndex.from_frame(table.frame.loc[rows, ["model", "prompts"]]))
        # A draw on which nothing is right has no logit; `contrast` leaves it out.
        with np.errstate(divide="ignore", invalid="ignore"):
            sums += logit(table.draws[at[values.index]])
    frame = values.index.to_frame(index=False).assign(**_KEY, value=logit(values).mean(axis=1).to_numpy())
    return MeasuredTable(frame, sums / values.shape[1], table.said)


def against_contrasts(metric: str = "accuracy", table: MeasuredTable | None = None) -> pd.DataFrame:
    """What the attribution says of each clean contrast of the design, beside what the contrast found (logits).

    Columns: those of `contrast_frame` (effect, low, high … of the contrast), then seen (whether any term tells the arms
    apart), attributed, attributed_low, attributed_high, and naive: the difference by a regression on the factors in
    which the arms differ, taken alone. Prompts are compared within models, in a mixed model of their own whose
    random intercept is the model's.
    """
    table = zoo_results() if table is None else table
    frame = contrast_frame(mean_logits(metric, table), **_KEY)
    frame = frame[frame.clean].reset_index(drop=True)
    factors = pocket_table(metric, table)
    found = attribute(factors)
    recipe = pd.Series([split_name(model)[0] for model in found.design.index], found.design.index)
    rows = found.design.groupby(recipe).first()
    y = logit(factors.values).mean(axis=1)
    said = []
    for spec in frame.itertuples():
        if spec.factor == "test-time prompts":
            said.append(_prompts(table, metric, spec.a, spec.b))
            continue
        answer = difference(found, rows.loc[spec.a], rows.loc[spec.b])
        said.append((answer.seen, *answer[:3], _naive(found, y, rows.loc[spec.a] - rows.loc[spec.b])))
    columns = ["seen", "attributed", "attributed_low", "attributed_high", "naive"]
    return frame.join(pd.DataFrame(said, columns=columns))


def _naive(found: Attribution, y: pd.Series, between: pd.Series) -> float:
    factors = {term.partition(": ")[0] for term in between.index[between != 0]}
    own = found.design[[term for term in found.design if term.partition(": ")[0] in factors]]
    kept = identify(own).kept
    return float(OLS(y, add_constant(own[kept])).fit().params[kept] @ between[kept])


def _prompts(table: MeasuredTable, metric: str, a: str, b: str) -> tuple:
    values = logit(_values(table, metric)).mean(axis=1).unstack("prompts").dropna(subset=[a, b])
    values = values[[kind_of(model) == "zero_shot" for model in values.index]]
    y, asked = np.r_[values[a], values[b]], np.repeat([1.0, 0.0], len(values))
    fit = random_intercept(y, pd.DataFrame({"prompts": asked}), np.tile(values.index, 2))
    row = fit.coefficients.loc["prompts"]
    return (True, row.estimate, row.low, row.high, float(values[a].mean() - values[b].mean()))


def agreement(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """How well attribution does, frame by frame of `against_contrasts`, over the contrasts that it sees.

    contrasts, seen, held (attributed intervals that hold the contrast's effect), clear (contrasts with p < .05 after
    Holm), same_sign (of these, how many attribution has the sign of), error and naive_error: root mean square of
    attributed or naive minus the contrast's effect, in logits; lower is better.
    """
    rows = []
    for frame in frames:
        seen = frame[frame.seen]
        clear = seen[seen.p_holm < 0.05]
        rows.append(
            {
                "contrasts": len(frame),
                "seen": len(seen),
                "held": int(
                    ((seen.attributed_low <= seen.effect) & (seen.effect <= seen.attributed_high)).sum()
                ),
                "clear": len(clear),
                "same_sign": int((np.sign(clear.attributed) == np.sign(clear.effect)).sum()),
                "error": float(np.sqrt(((seen.attributed - seen.effect) ** 2).mean())),
                "naive_error": float(np.sqrt(((seen.naive - seen.effect) ** 2).mean())),
            }
        )
    return pd.DataFrame(rows)
