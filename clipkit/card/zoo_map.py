"""Zoo map: every pocket model by any number of its card against any other, coloured by any of the six factors."""

import numpy as np
import pandas as pd

from clipkit.card.headlines import POCKET
from clipkit.card.model_map import model_map
from clipkit.card.numbers import factors
from clipkit.models.cards import ModelCard, card
from clipkit.plots.ledger import Html
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.sections.pocket.results import zoo_results


def headline_frame(table: MeasuredTable) -> pd.DataFrame:
    """Every headline number of every model, as `clipkit card` prints it: model, metric (title), value, low, high.

    low, high: the 95 % percentile interval over images. Numbers that a model does not have are left out.
    """
    found = []
    for headline in POCKET:
        rows = table.rows(**headline.key)
        frame = table.frame.iloc[rows]
        kept = (frame.prompts.isin(DEFAULT_PROMPTS) & frame.value.notna()).to_numpy()
        low, high = np.nanquantile(table.draws[rows[kept]], [0.025, 0.975], axis=1)
        own = frame.loc[kept, ["model", "value"]]
        found.append(own.assign(metric=headline.title, low=low, high=high))
    columns = ["model", "metric", "value", "low", "high"]
    return pd.concat(found, ignore_index=True)[columns]


def groups(model: ModelCard) -> tuple[str, ...]:
    """A model's group by each of the six factors: coarser than the words of its card, so that colours suffice.

    >>> groups(card("linear-probe-studio-s0"))
    ('resnet', 'wild', '24,000 images', 'linear-probe', 'softmax', 'no: it has a head of its own')
    """
    words = factors(model)
    words["architecture"] = model.architecture.removeprefix("pocket-").removesuffix("-sigmoid")
    words["fine-tuning"] = model.finetuning.split()[0]
    return tuple(words.values())


def zoo_map(
    x: str = "", y: str = "", model: str = "resnet-wild-s0", table: MeasuredTable | None = None
) -> Html:
    """The map; `x` and `y` are the titles of the metrics shown at first, `model` is the one that is marked.

    Raises UnknownName for a metric or model that nobody measured.
    """
    table = table or zoo_results()
    return model_map(
        "zoo-map",
        "Map of the zoo",
        headline_frame(table),
        [card(name) for name in table.said],
        groups,
        x=x,
        y=y,
        model=model,
        more="All its numbers",
    )
