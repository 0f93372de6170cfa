"""Map of published results: real models by any accuracy or recall against any other."""

from collections import Counter
from functools import cache
from math import isnan

import pandas as pd

from clipkit.card.model_map import model_map
from clipkit.models.cards import ModelCard, card, cards, tower_family
from clipkit.plots.ledger import Html
from clipkit.records import openclip
from clipkit.sections import natural_shifts, retrieval
from clipkit.stats import wilson_published

N_IMAGES = natural_shifts.N_IMAGES | retrieval.N_IMAGES
"""Images behind each published number."""
FEW = 5
"""Families that the zoo lists fewer models of share a colour."""
_SIZES = ((50, "under 50 million"), (500, "50 to 500 million"), (3_000, "0.5 to 3 billion"))


@cache
def record_frame() -> pd.DataFrame:
    """Published numbers of zero-shot CLIPs, fine-tuned CLIPs and baselines: model, metric, value, low, high.

    Metrics are accuracy on ImageNet and four natural shifts, and, of zero-shot CLIPs, recall@1. low, high: Wilson's
    95 % interval over images; for recall too, where the captions of one image do not count as several. Earlier epochs
    and runs of a model are left out, as in the chapter on natural shifts. Raises MissingData without the records.
    """
    accuracy = natural_shifts.record_models()
    recall = openclip.retrieval()[["model", *retrieval.MEASURES]]
    names = {measure: f"{title} recall@1" for measure, title in retrieval.MEASURES.items()}
    metrics = ["ImageNet", *natural_shifts.SHIFTS, *names.values()]
    wide = accuracy.merge(recall.rename(columns=names), on="model", how="left")
    frame = wide.melt("model", metrics, "metric").dropna().reset_index(drop=True)
    n = frame.metric.str.split(",").str[0].map(N_IMAGES).to_numpy()
    interval = wilson_published(frame.value, n)
    return frame.assign(low=interval.low, high=interval.high)


def groups(model: ModelCard) -> tuple[str, ...]:
    """A model's group by each of the six factors.

    >>> groups(card("ViT-B-32/openai"))
    ('ViT', 'WIT', '50 to 500 million', 'none', 'softmax', 'yes')
    """
    if model.kind == "baseline":
        size, finetuning, loss = (
            "baseline: no pairs",
            "baseline: trained on labels",
            "baseline: no loss on texts",
        )
    else:
        size, finetuning, loss = _size(model.training_pairs), model.finetuning, model.loss or "unknown"
    prompts = "yes" if model.prompts else "no: it has a head of its own"
    return _family(model), model.source, size, finetuning, loss, prompts


def record_map(x: str = "ImageNet", y: str = "ImageNet-R", model: str = "ViT-L-14/openai") -> Html:
    """The map; `x` and `y` are the metrics shown at first, `model` is the one that is marked.

    Raises UnknownName for a metric or model that is not in it, and MissingData without the records.
    """
    frame = record_frame()
    return model_map(
        "record-map",
        "Map of published results",
        frame,
        [card(name) for name in dict.fromkeys(frame.model)],
        groups,
        x=x,
        y=y,
        model=model,
        more="To measure it on all perspectives",
    )


@cache
def _families() -> Counter:
    return Counter(tower_family(card) for card in cards().values() if card.track == "full")


def _family(model: ModelCard) -> str:
    family = tower_family(model)
    if _families()[family] < FEW:
        return "another family"
    return f"{family} (baseline)" if model.kind == "baseline" else family


def _size(pairs: float) -> str:
    if isnan(pairs):
        return "unknown"
    return next((words for limit, words in _SIZES if pairs < limit), "3 billion and more")
