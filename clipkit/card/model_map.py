"""A map of models: any number against any, coloured by any of the six factors."""

from collections.abc import Callable, Sequence

import pandas as pd

from clipkit.card.numbers import factors
from clipkit.models.cards import ModelCard
from clipkit.plots.explorers.shell import Choice, explorer
from clipkit.plots.ledger import Html
from clipkit.results import SIX_FACTORS


def model_map(
    name: str,
    title: str,
    frame: pd.DataFrame,
    cards: Sequence[ModelCard],
    groups: Callable[[ModelCard], Sequence[str]],
    *,
    x: str = "",
    y: str = "",
    model: str = "",
    more: str,
) -> Html:
    """The map, an explorer of the kind "zoo-map" with the id `name`.

    frame: one line a number, with columns model, metric (title), value, low, high. groups: a model's group by each of
    the six factors. x, y, model: what is chosen at first, if not the first of its kind. more: what the command
    `clipkit card MODEL`, named on each model's card, prints. Raises UnknownName for a metric or model that is not in
    it.
    """
    metrics = list(dict.fromkeys(frame.metric))
    # Rounded once, as `clipkit card` does it: twice would sometimes give another last digit.
    rounded = frame.set_index(["model", "metric"])[["value", "low", "high"]].map(lambda v: float(f"{v:.3f}"))
    numbers = dict(zip(rounded.index, rounded.to_numpy().tolist(), strict=True))
    of = [tuple(groups(card)) for card in cards]
    kinds = [sorted(set(column)) for column in zip(*of, strict=True)]
    data = {
        "metrics": metrics,
        "factors": SIX_FACTORS,
        "groups": kinds,
        "more": more,
        "models": [
            {
                "name": card.name,
                "groups": [kind.index(word) for kind, word in zip(kinds, words, strict=True)],
                "words": list(factors(card).values()),
                "values": [numbers.get((card.name, metric)) for metric in metrics],
            }
            for card, words in zip(cards, of, strict=True)
        ],
    }
    controls = [
        Choice("x", "Across", metrics, x),
        Choice("y", "Upwards", metrics, y or metrics[1]),
        Choice("colour", "Colour", SIX_FACTORS, "fine-tuning"),
        Choice("model", "Model", [card.name for card in cards], model),
    ]
    return explorer(name, title, controls, data, kind="zoo-map")
