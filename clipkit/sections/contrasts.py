"""One metric of the zoo under each contrast of the design: one factor changed, everything else held."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

from clipkit.errors import MissingData
from clipkit.pocket.zoo.design import ContrastSpec, contrasts
from clipkit.pocket.zoo.recipe import read_recipe, split_name
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS, PROMPT_SETS
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats import holm
from clipkit.stats.contrast import Contrast, SeedVariance, contrast, pooled_seed_variance

COLUMNS = ["id", "factor", "aspect", "a", "b", "clean", "note", *Contrast._fields, "p_holm"]


def contrast_frame(
    table: MeasuredTable,
    *,
    section: str,
    dataset: str,
    subset: str,
    metric: str,
    specs: Iterable[ContrastSpec] | None = None,
) -> pd.DataFrame:
    """Each contrast of the design on one metric: a row with the fields of `ContrastSpec` and of `Contrast`.

    Models are compared with all eighty templates, or with their heads. p_holm is corrected over the clean
    contrasts of the frame; NaN for the others. Contrasts whose models have not been measured are left out, and
    so is a model whose number is not defined. Prompt sets are compared over the models trained from scratch,
    taken as they are: those fine-tuned would only repeat their parents.
    Seed variance is pooled over the recipes trained from scratch with a text tower; that of differences over
    the paired contrasts of the same relation (child and parent, siblings, prompt sets). specs: some contrasts
    only (the correction is then over these).

    Raises MissingData if no contrast can be computed.
    """
    arms = _Arms(table, section=section, dataset=dataset, subset=subset, metric=metric)
    rows = []
    for spec in contrasts().values() if specs is None else specs:
        found = arms.contrast(spec)
        if found is not None:
            rows.append(
                {k: getattr(spec, k) for k in ("id", "factor", "aspect", "a", "b", "clean", "note")}
                | found._asdict()
            )
    if not rows:
        raise MissingData(
            f"no two models that form a contrast have {section}/{dataset}/{subset}/{metric}, or none has a second seed",
            "train more of the zoo, and run clipkit pocket evaluate",
        )
    frame = pd.DataFrame(rows)
    frame["p_holm"] = np.nan
    tested = frame.clean & frame.p.notna()
    if tested.any():
        frame.loc[tested, "p_holm"] = holm(frame.loc[tested, "p"].to_numpy())
    return frame[COLUMNS]


class _Arms:
    """The numbers on one metric, by model and prompt set."""

    def __init__(self, table: MeasuredTable, **key: str):
        rows = table.rows(**key)
        rows = rows[np.isfinite(table.frame.value.to_numpy(float)[rows])]
        self.value = {(table.frame.model[i], table.frame.prompts[i]): table.frame.value[i] for i in rows}
        self.draws = {(table.frame.model[i], table.frame.prompts[i]): table.draws[i] for i in rows}
        self.by_recipe: dict[str, dict[int, tuple[str, str]]] = {}
        for model, prompts in self.value:
            if prompts in DEFAULT_PROMPTS:
                recipe, seed = split_name(model)
                self.by_recipe.setdefault(recipe, {})[seed] = (model, prompts)

    def contrast(self, spec: ContrastSpec) -> Contrast | None:
        """None where an arm has no model, or no recipe has repeats."""
        pairs = self._pairs(spec)
        try:
            if pairs:
                a, b = zip(*pairs, strict=True)
                return self._compare(a, b, self._of_differences(_relation(spec)), paired=True)
            a, b = (list(self.by_recipe.get(arm, {}).values()) for arm in (spec.a, spec.b))
            if spec.paired or not a or not b:
                return None
            return self._compare(a, b, self._of_models(), paired=False)
        except _NoRepeats:
            return None

    def _compare(self, a, b, variance: SeedVariance, paired: bool) -> Contrast:
        values = [[self.value[key] for key in arm] for arm in (a, b)]
        draws = [np.array([self.draws[key] for key in arm]) for arm in (a, b)]
        return contrast(*values, *draws, variance, paired=paired)

    def _pairs(self, spec: ContrastSpec) -> list[tuple]:
        if spec.kind == "prompts":
            pairs = [
                ((m, spec.a), (m, spec.b))
                for m, prompts in self.value
                if prompts == PROMPT_SETS[-1] and kind_of(m) == "zero_shot"
            ]
            return [(a, b) for a, b in pairs if a in self.value and b in self.value]
        if not spec.paired:
            return []
        a, b = self.by_recipe.get(spec.a, {}), self.by_recipe.get(spec.b, {})
        return [(a[seed], b[seed]) for seed in sorted(a.keys() & b.keys())]

    def _of_models(self) -> SeedVariance:
        # Fine-tuned models share parents, and supervised ones vary by seed in other ways.
        keys = [
            key
            for seeds in self.by_recipe.values()
            for key in seeds.values()
            if kind_of(key[0]) == "zero_shot"
        ]
        return _pooled(
            [self.value[k] for k in keys],
            [split_name(k[0])[0] for k in keys],
            [self.draws[k] for k in keys],
            None,
        )

    def _of_differences(self, relation: str) -> SeedVariance:
        values, labels, draws, seeds = [], [], [], []
        for spec in contrasts().values():
            if not spec.paired or _relation(spec) != relation:
                continue
            for a, b in self._pairs(spec):
                recipe, seed = split_name(a[0])
                values.append(self.value[a] - self.value[b])
                draws.append(self.draws[a] - self.draws[b])
                labels.append(f"{spec.id} {recipe}")
                seeds.append(a[0] if relation == "prompts" else seed)
        return _pooled(values, labels, draws, seeds)


@cache
def _relation(spec: ContrastSpec) -> str:
    """How the models of paired arms belong together; differences of one relation vary alike."""
    if spec.kind == "prompts":
        return "prompts"
    return "child and parent" if getattr(read_recipe(spec.a), "parent", "") == spec.b else "siblings"


class _NoRepeats(Exception):
    pass


def _pooled(values, recipes, draws, seeds) -> SeedVariance:
    if len(set(recipes)) == len(recipes):
        raise _NoRepeats
    return pooled_seed_variance(values, recipes, draws=np.array(draws), seeds=seeds)
