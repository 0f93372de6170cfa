"""One model's headline numbers with interval, recipe and rank, and two models' differences."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import percentileofscore

from clipkit.card.headlines import HEADLINES_OF
from clipkit.errors import BadInput, MissingData
from clipkit.full.results import full_results
from clipkit.models import ModelCard, card, cards
from clipkit.results import SIX_FACTORS
from clipkit.sections.draws import p_of_limits
from clipkit.sections.headlines import Headline
from clipkit.sections.measured import DRAWS, Measured, MeasuredTable, read_measured
from clipkit.sections.outputs import DEFAULT_PROMPTS
from clipkit.sections.pocket.results import zoo_results
from clipkit.stats import holm

LEVEL = 0.05
"""A difference is called sure where its p, corrected over the differences on the page, is at most this."""
_CURATED = {"yes": "curated", "no": "not curated", "source": "curated at the source"}
_WITHOUT_CLASSES = {"retrieval": "captions", "3D correspondence": "patch features"}


class Line(NamedTuple):
    """One headline number of one model.

    value, low, high: fraction, with its 95 % percentile interval over `draws` (draws,), resampled images. asked:
    what the number was asked with. others: (models,) the same number of the other known models of the track that
    were given the same images.
    """

    headline: Headline
    value: float
    low: float
    high: float
    n: int
    asked: str
    others: np.ndarray
    draws: np.ndarray

    @property
    def percentile(self) -> float:
        """Of `percentile`, NaN where there is no other model."""
        return percentile(self.value, self.others, self.headline.better)


class RobustnessCard(NamedTuple):
    """What is known of a model: its headline numbers, and section → command for what has not been measured.

    inapplicable: sections that such a model cannot have. said: the metadata of its results.
    """

    model: ModelCard
    lines: tuple[Line, ...]
    missing: dict[str, str]
    inapplicable: tuple[str, ...]
    said: dict[str, str]


class Difference(NamedTuple):
    """A − B on one headline, with its 95 % percentile interval over images that both models share.

    p: two-sided, of the normal distribution with that interval, corrected (Holm) over all headlines. surely:
    "A" or "B", the model that is surely better (or has surely more, where nothing is better); "" if none is.
    """

    headline: Headline
    a: Line
    b: Line
    effect: float
    low: float
    high: float
    p: float
    surely: str


def percentile(value: float, others, better: str = "higher") -> float:
    """Share (0 to 100) of other models that a model is better than, a tie being half; NaN without others.

    better: "higher", "lower", or "", which counts as higher.

    >>> [percentile(v, [0.2, 0.6]) for v in (0.8, 0.6, 0.4, 0.1)], percentile(0.1, [0.2, 0.6], "lower")
    ([100.0, 75.0, 50.0, 0.0], 100.0)
    """
    sign = -1 if better == "lower" else 1
    return float(percentileofscore(sign * np.asarray(others, float), sign * value, kind="mean"))


def robustness_card(name: str, results: Path | None = None) -> RobustnessCard:
    """The card of a model of either track; `results` is the folder that evaluate wrote, if not the usual one.

    A model that nothing was measured of has a card without numbers. Raises UnknownName, with the nearest known
    names.
    """
    model, table = _find(name, results)
    said = table.said.get(model.name, {})
    others = [m for m in table.said if m != model.name and _same_images(table.said[m], said)]
    rows = [_line(table, model, others, headline) for headline in HEADLINES_OF[model.track]]
    has = set(table.frame.section.iloc[table.rows(model=model.name)])
    absent = [s for s in dict.fromkeys(h.section for h in HEADLINES_OF[model.track]) if s not in has]
    cannot = tuple(s for s in absent if s == "retrieval" and not model.prompts)
    todo = [s for s in absent if s not in cannot]
    missing = {s: _command(model, "all" if not has else s, results) for s in todo}
    lines = tuple(line for line in rows if line)
    return RobustnessCard(model, lines, missing, cannot, said)


def compare(a: RobustnessCard, b: RobustnessCard) -> list[Difference]:
    """A − B on each headline that both have, from draws of the same images.

    Two checkpoints as they are: what another seed would have made of either is not in the interval. Raises
    BadInput for models of different tracks or measured on different images.
    """
    if a.model.track != b.model.track:
        raise BadInput(
            f"{a.model.name} is of the {a.model.track} track and {b.model.name} of the {b.model.track} track: "
            "no image was shown to both",
            "compare models of one track",
        )
    if not _same_images(a.said, b.said):
        raise BadInput(
            f"{a.model.name} and {b.model.name} were measured on different images",
            "evaluate both on the same folder of benchmarks",
        )
    of_b = {line.headline: line for line in b.lines}
    found = []
    for line in a.lines:
        if line.headline in of_b:
            other = of_b[line.headline]
            effect, (low, high) = line.value - other.value, _limits(line.draws - other.draws)
            # A skewed bootstrap can leave the estimate just outside.
            low, high = min(low, effect), max(high, effect)
            p = p_of_limits(effect, low, high)
            found.append(Difference(line.headline, line, other, effect, low, high, p, ""))
    corrected = holm([d.p for d in found])
    return [
        d._replace(p=float(p), surely=_better(d) if p <= LEVEL else "")
        for d, p in zip(found, corrected, strict=True)
    ]


def factors(model: ModelCard) -> dict[str, str]:
    """The six factors of a model in words, in the order of `SIX_FACTORS`.

    >>> from clipkit.models import card
    >>> list(factors(card("resnet-wild-s0")).values())
    ['pocket-resnet (CNN)', 'wild', '24,000 images', 'none', 'softmax', 'yes']
    """
    millions = model.training_pairs
    size = f"{millions:,g} million" if millions >= 1 else f"{1e6 * millions:,.0f}"
    words = (
        model.architecture + (f" ({model.tower_kind})" if model.tower_kind else ""),
        ", ".join(filter(None, (model.source, _CURATED.get(model.curated, model.curated)))) or "unknown",
        "unknown" if np.isnan(millions) else f"{size} images",
        model.finetuning + (f", from {model.parent}" if model.parent else ""),
        model.loss or "unknown",
        "yes" if model.prompts else "no: it has a head of its own",
    )
    return dict(zip(SIX_FACTORS, words, strict=True))


def sources(found: RobustnessCard) -> dict[str, str]:
    """Where a card's numbers come from: what was run, on what, and by which code; empty without numbers."""
    if not found.said:
        return {}
    interval = f"95 % percentile bootstrap over images, {len(found.lines[0].draws)} draws"
    return {
        "Track": f"{found.model.track}, {len(json.loads(found.said['data']))} sets of images",
        "Intervals": interval,
        "Weights (sha256)": found.said["weights"],
        "Code (digest)": found.said["code"],
        "Commit": found.said["git_commit"],
        "Versions": ", ".join(f"{k} {v}" for k, v in json.loads(found.said["versions"]).items()),
    }


def _find(name: str, results: Path | None) -> tuple[ModelCard, MeasuredTable]:
    """A model and the table of its track; a checkpoint from a file is known by its results alone."""
    known = card(name) if name.replace(":", "/", 1) in cards() else None
    try:
        if known and known.track == "pocket":
            return known, read_measured(results / "test") if results else zoo_results()
        table = full_results(results)
    except MissingData:
        table = MeasuredTable(pd.DataFrame(columns=["model", *Measured._fields]), np.empty((0, DRAWS)), {})
    if known is None and name in table.said:
        said = json.loads(table.said[name]["card"])
        known = ModelCard(**{field: value for field, value in said.items() if value is not None})
    return known or card(name), table


def _line(table: MeasuredTable, model: ModelCard, others: list[str], headline: Headline) -> Line | None:
    """None where the model has no such number, or an undefined one."""
    rows = table.rows(**headline.key)
    frame = table.frame.iloc[rows]
    frame = frame[frame.prompts.isin(DEFAULT_PROMPTS) & frame.value.notna()]
    own = frame[frame.model == model.name]
    if own.empty:
        return None
    (row,) = own.itertuples()
    draws, of_others = table.draws[row.Index], frame.value[frame.model.isin(others)].to_numpy(float)
    asked = (
        f"{row.prompts} templates" if row.prompts else _WITHOUT_CLASSES.get(headline.section, "its own head")
    )
    return Line(headline, float(row.value), *_limits(draws), int(row.n), asked, of_others, draws)


def _limits(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _same_images(a: dict[str, str], b: dict[str, str]) -> bool:
    """Whether two models saw the same in each set that both saw."""
    a, b = json.loads(a.get("data", "{}")), json.loads(b.get("data", "{}"))
    return all(a[name] == b[name] for name in a.keys() & b.keys())


def _better(difference: Difference) -> str:
    return "A" if (difference.effect > 0) != (difference.headline.better == "lower") else "B"


def _command(model: ModelCard, section: str, results: Path | None) -> str:
    out = f" --out {results}" if results else ""
    if model.track == "pocket":
        return f"clipkit pocket evaluate {model.name}{out}"
    named = f"--models {model.name}"
    if model.kind == "local":
        activation = "--quickgelu" if model.quickgelu else "--no-quickgelu"
        named = f"--models {model.architecture} --weights FILE {activation}"
    section = section.lower().replace(" ", "-")
    return f"clipkit evaluate {section} --profile full {named} --data DIR{out}"
