"""Prompts as a band: what every way to ask gives, model by model and contrast by contrast.

A way to ask is a set of templates (1, 5, 30, 80), one template alone, or all 80 with other names for the classes.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.errors import CorruptData, MissingData, UnknownName
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.pocket.zoo.design import ContrastSpec, contrasts
from clipkit.pocket.zoo.recipe import split_name
from clipkit.registry import did_you_mean
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.headlines import HEADLINES, Headline
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.results import results_folder, zoo_results

KEY = ["section", "dataset", "subset", "metric"]
COLUMNS = ["model", *KEY, "kind", "prompts", "value"]
FULL = PROMPT_SETS[-1]
BAND_FILE = "prompt_band.parquet"
_COMMAND = "clipkit pocket band"


class PromptBand(NamedTuple):
    """Values of models under every way to ask: `COLUMNS`, kind one of "set", "template" and "names".

    prompts: the size of the set, the template, or the entry of class_names.toml. said: model → what its values were
    made by.
    """

    frame: pd.DataFrame
    said: dict[str, dict[str, str]]

    def of(self, headline: Headline) -> pd.DataFrame:
        """Model (rows) by kind and prompts (two levels of columns); raises MissingData if nobody was asked."""
        rows = (self.frame[KEY] == pd.Series(headline.key)).all(axis=1)
        if not rows.any():
            raise MissingData(
                f"{headline.title} does not depend on templates, or was not asked for", f"run {_COMMAND}"
            )
        return self.frame[rows].pivot(index="model", columns=["kind", "prompts"], values="value")


def read_band(path: Path) -> PromptBand:
    """The band in a file; raises MissingData if there is none, CorruptData if it cannot be read."""
    if not path.is_file():
        raise MissingData("the zoo has not been asked in other ways", f"run {_COMMAND}")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        frame = table.to_pandas()[COLUMNS]
        said = json.loads(table.schema.metadata[b"models"])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise CorruptData(f"{path} cannot be read: {error}", f"delete it and run {_COMMAND}") from None
    return PromptBand(frame.astype({"value": float}), said)


def zoo_band() -> PromptBand:
    """The band of the zoo, as shipped or as measured here (`results_folder`).

    Raises MissingData if it is not of the models, with the weights, that `zoo_results` holds.
    """
    band, table = _read(results_folder().parent / BAND_FILE), zoo_results()
    prompted = table.frame.model[table.frame.prompts == FULL].unique()
    if {m: table.said[m]["weights"] for m in prompted} != {m: by["weights"] for m, by in band.said.items()}:
        raise MissingData(
            "the zoo has changed since it was asked in other ways",
            f"run clipkit pocket evaluate, then {_COMMAND}",
        )
    return band


@cache
def _read(path: Path) -> PromptBand:
    return read_band(path)


def prompted_headlines() -> tuple[Headline, ...]:
    """The headline metrics that depend on templates: all but those of retrieval (captions are used as they are)."""
    return tuple(headline for headline in HEADLINES if headline.section != "retrieval")


def asked_with(
    table: MeasuredTable, band: PromptBand, prompts: str, in_place_of: str = FULL
) -> MeasuredTable:
    """`table` as it would be, had the models been asked with `prompts` where they were with `in_place_of`.

    Values come from the band. So that evidence can be judged on them, each keeps the draws of the row that it
    replaces, moved along: the noise of images is taken not to depend on the wording. In the sections of the band,
    rows with `in_place_of` for which it has no value are left out; all others, and those of models with a head, stay
    as they are. Raises UnknownName for prompts that nobody was asked with.
    """
    asked = band.frame[band.frame.prompts == prompts]
    if asked.empty:
        raise UnknownName(
            f"nobody was asked with {prompts!r}", did_you_mean(prompts, band.frame.prompts.unique())
        )
    who = ["model", *KEY]
    frame = table.frame.merge(
        asked[[*who, "value"]].rename(columns={"value": "asked"}), "left", on=who, validate="many_to_one"
    )
    replaced = ((frame.prompts == in_place_of) & frame.section.isin(band.frame.section.unique())).to_numpy()
    value = np.where(replaced, frame.asked, frame["value"]).astype(float)
    draws = table.draws + (value - frame["value"].to_numpy())[:, None]
    kept = ~replaced | frame.asked.notna().to_numpy()
    frame = frame.assign(value=value).drop(columns="asked")[kept].reset_index(drop=True)
    return MeasuredTable(frame, draws[kept], table.said)


def widths(table: MeasuredTable, band: PromptBand) -> pd.DataFrame:
    """How much the wording matters, beside what else moves a headline: one row each, in units of the metric.

    templates: largest minus smallest value over single templates; sets: over the four sets; names: over the class
    names, the own ones among them; images: width of the 95 % interval over images, with all templates. Each the
    median over models. models: standard deviation between models, with all templates. rank: Spearman correlation of
    the models by one template and by all, the mean over templates; least: the lowest of them.
    """
    rows = {}
    for headline in prompted_headlines():
        values = band.of(headline)
        full, alone = values[SET, FULL], values[TEMPLATE]
        low, high = np.nanquantile(draws_of(table, headline, FULL).loc[values.index], [0.025, 0.975], axis=1)
        ranks = alone.corrwith(full, method="spearman")
        named = values[NAMES].assign(own=full)
        spread = {"templates": alone, "sets": values[SET], "names": named}
        rows[headline.title] = {
            **{name: (f.max(axis=1) - f.min(axis=1)).median() for name, f in spread.items()},
            "images": float(np.median(high - low)),
            "models": full.std(),
            "rank": ranks.mean(),
            "least": ranks.min(),
        }
    return pd.DataFrame(rows).T


def noise_ratio(table: MeasuredTable) -> float:
    """Spread of the draws with one template over that with all, the median over models and headline metrics.

    1: what chance images do does not depend on the wording, as `asked_with` takes it.
    """
    ratios = []
    for headline in prompted_headlines():
        one, full = (draws_of(table, headline, prompts) for prompts in (PROMPT_SETS[0], FULL))
        ratios.append(one.std(axis=1) / full.std(axis=1))
    return float(pd.concat(ratios).median())


def draws_of(table: MeasuredTable, headline: Headline, prompts: str) -> pd.DataFrame:
    """The draws of a headline with one set of templates: model (rows) by draw."""
    rows = table.rows(prompts=prompts, **headline.key)
    return pd.DataFrame(table.draws[rows], index=table.frame.model.iloc[rows])


def contrast_effects(table: MeasuredTable, band: PromptBand, headline: Headline) -> pd.DataFrame:
    """The effect of each contrast under every way to ask: id (rows) by kind and prompts; values without draws.

    The arms are those of `contrast_frame`, both asked alike; models with a head give what they give. Where the
    contrast is one of prompt sets, a column is that way to ask against all templates, and other names stand in
    neither arm: they are NaN. Contrasts of which no arm takes prompts are left out.
    """
    values = band.of(headline)
    heads = table.frame.iloc[table.rows(prompts="", **headline.key)].set_index("model")["value"]
    everywhere = pd.DataFrame({column: heads for column in values}, columns=values.columns)
    every = pd.concat([values, everywhere])
    recipe, seed = zip(*map(split_name, every.index), strict=True)
    arms = dict(list(every.set_axis(pd.Index(seed)).groupby(np.array(recipe))))
    prompted = {split_name(model)[0] for model in values.index}
    own = values[values.index.map(kind_of) == "zero_shot"]
    found = {}
    for spec in contrasts().values():
        if spec.kind == "prompts":
            found[spec.id] = _against_all(own, spec)
        elif {spec.a, spec.b} & prompted and {spec.a, spec.b} <= arms.keys():
            found[spec.id] = _difference(arms, spec)
    return pd.DataFrame(found).T.dropna(how="all")


def _difference(arms: Mapping[str, pd.DataFrame], spec: ContrastSpec) -> pd.Series:
    """Arm a minus arm b; NaN where paired arms have no seed in common."""
    a, b = arms[spec.a], arms[spec.b]
    return (a - b).dropna(how="all").mean() if spec.paired else a.mean() - b.mean()


def _against_all(own: pd.DataFrame, spec: ContrastSpec) -> pd.Series:
    effect = own.sub(own[SET, spec.b], axis=0).mean()
    kind, prompts = (effect.index.get_level_values(level) for level in ("kind", "prompts"))
    wanted = (prompts == spec.a) | ((kind == TEMPLATE) & (spec.a == PROMPT_SETS[0]))
    return effect.where(wanted)


def contrast_band(table: MeasuredTable, band: PromptBand, headline: Headline) -> pd.DataFrame:
    """Rows of `contrast_frame` that depend on prompts, each with its band over the ways to ask.

    least, most: over single templates; names_least, names_most: over class names; same_sign: share of the
    templates under which the effect has the sign that it has with all (for a contrast of prompt sets: as shipped).
    """
    frame = contrast_frame(table, **headline.key).set_index("id")
    effects = contrast_effects(table, band, headline)
    frame = frame.loc[[i for i in frame.index if i in effects.index]]
    alone, names = effects.loc[frame.index, TEMPLATE], effects.loc[frame.index, NAMES]
    same = np.sign(alone).eq(np.sign(frame.effect), axis=0).where(alone.notna())
    return frame.assign(
        least=alone.min(axis=1),
        most=alone.max(axis=1),
        names_least=names.min(axis=1),
        names_most=names.max(axis=1),
        same_sign=same.astype(float).mean(axis=1),
    ).reset_index()
