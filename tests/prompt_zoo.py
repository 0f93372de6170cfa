"""A zoo that was asked in several ways: what each way takes off every accuracy is chosen."""

import pandas as pd
from planted_zoo import named, planted_zoo

from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.prompt_band import COLUMNS, KEY, PromptBand

WILD = {
    "resnet-wild": 0.80,
    "resnet-studio": 0.60,
    "vit-wild": 0.72,
    "flyp-wild": 0.82,
    "cross-entropy-wild": 0.84,
}
BASELINES = {
    "supervised-resnet-wild": 0.75, "supervised-vit-wild": 0.70, "supervised-resnet-mixed": 0.60,
    "supervised-resnet-wild-10": 0.50,
}  # fmt: skip
HEADS = (*BASELINES, "cross-entropy-wild")
LOSSES = {
    (SET, "1"): 0.04, (SET, "5"): 0.02, (SET, "30"): 0.01, (SET, "80"): 0.0,
    (TEMPLATE, "good {}"): -0.03, (TEMPLATE, "fair {}"): 0.05, (TEMPLATE, "poor {}"): 0.10,
    (NAMES, "synonyms"): 0.20,
}  # fmt: skip
"""Way to ask → what it takes off every accuracy (pp/100)."""


def asked_zoo(extra=lambda model, prompts: 0.0) -> tuple[MeasuredTable, PromptBand]:
    """Numbers with all templates, and the band of `LOSSES`; extra(model, prompts) is taken off besides.

    A model with a head is in the table alone. The table's numbers with fewer templates are those of the band.
    """
    models = [*named(*WILD, seeds=(0, 1)), *named(*BASELINES, seeds=(0,))]
    table = planted_zoo(
        models, lambda m: {**WILD, **BASELINES}[m.rpartition("-s")[0]], n_scenes=40, n_wild=100
    )
    frame = table.frame.copy()
    headed = frame.model.str.rpartition("-s")[0].isin(HEADS)
    # One table for all: what a head has, it has without prompts.
    kept = (~headed | frame.prompts.isin(["", "80"])).to_numpy()
    frame.loc[headed, "prompts"] = ""
    has = frame.metric.eq("accuracy") | frame.subset.eq("all factors")
    full = frame[kept & ~headed & (frame.prompts == "80") & has]
    parts = []
    for (kind, prompts), loss in LOSSES.items():
        lost = loss + full.model.map(lambda m, p=prompts: extra(m, p))
        value = full["value"] - lost * full.metric.eq("accuracy")  # base and factors lose alike: no drop more
        parts.append(full.assign(kind=kind, prompts=prompts, value=value)[COLUMNS])
    band = PromptBand(pd.concat(parts, ignore_index=True), {})
    fewer = band.frame.set_index(["model", *KEY, "prompts"])["value"]
    own = pd.MultiIndex.from_frame(frame[["model", *KEY, "prompts"]])
    value = fewer.reindex(own).to_numpy()
    moved = pd.Series(value, frame.index).fillna(frame["value"]).to_numpy()
    draws = table.draws + (moved - frame["value"].to_numpy())[:, None]
    return MeasuredTable(frame.assign(value=moved)[kept].reset_index(drop=True), draws[kept], {}), band
