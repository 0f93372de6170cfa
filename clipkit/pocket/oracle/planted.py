"""What a model is made to say about one data set, before it is turned into vectors."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from clipkit.errors import BadInput
from clipkit.metrics import validate
from clipkit.pocket import hard_images
from clipkit.pocket.dataset import Draw
from clipkit.pocket.sets import SETS
from clipkit.pocket.world.palette import CLASS_NAMES

N_CLASSES = len(CLASS_NAMES)
_REST = np.log(N_CLASSES - 1)


class Answers(NamedTuple):
    """decision (n,): the class chosen, int64. evidence (n,): its logit above that of every other class, > 0.

    All other classes score alike, so evidence alone decides confidence, and every score that is used to detect
    the unknown (MCM, MSP, max logit) puts the samples in the same order.
    """

    decision: np.ndarray
    evidence: np.ndarray


@dataclass(frozen=True)
class PlantedSet:
    """One data set with the answers planted in it, and what they make true.

    table: n rows, with the columns of the pocket set of that name. answers: prompt set → Answers; "1" is
    always there and serves for prompt sets that are not. similarity: text column → (n, T), the cosine of each
    image with each text of the column up to one common factor. truth: see `clipkit.pocket.oracle`.
    """

    name: str
    table: pd.DataFrame
    answers: Mapping[str, Answers]
    truth: Mapping[str, float]
    similarity: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    def answers_to(self, prompts: str) -> Answers:
        """The answers to one prompt set, those to "1" if nothing else was planted for it."""
        return self.answers.get(prompts, self.answers["1"])


def by_prompts(planted: Mapping[str, PlantedSet]) -> PlantedSet:
    """One set from several of equal name and size: the answers differ with the prompt set.

    planted: prompt set ("1", "5", "30", "80") → what to answer to it; "1" must be there.
    """
    first = planted.get("1")
    if first is None or any((p.name, len(p)) != (first.name, len(first)) for p in planted.values()):
        raise BadInput(
            f"prompt sets {', '.join(planted)} of different data sets, or without 1",
            "plant one data set for each prompt set, at one n and seed",
        )
    answers = {prompts: p.answers["1"] for prompts, p in planted.items()}
    truth = {f"{name}/{prompts}": v for prompts, p in planted.items() for name, v in p.truth.items()}
    return PlantedSet(first.name, first.table, answers, {**first.truth, **truth}, first.similarity)


def table_of(name: str, n: int) -> pd.DataFrame:
    """The table of the pocket set `name` drawn with size n, without rendering it.

    A set may have several rows for each of n: "factors" has seventeen, "view-pairs" two.
    """
    return _table_of(name, validate.positive_integer("n", n)).copy()


@cache
def _table_of(name: str, n: int) -> pd.DataFrame:
    spec = SETS[name]
    if name == hard_images.NAME:  # its pictures are fixed candidates: the first n stand for them
        drawn = Draw([hard_images.candidate(spec.seed, i) for i in range(n)], {"candidate": list(range(n))})
    elif spec.draw(spec.seed, 1, spec.size).images is not None:  # painted: there is nothing to tell of them
        return pd.DataFrame({"label": [""] * n, "scene": [""] * n})
    else:
        drawn = spec.draw(spec.seed, n, spec.size)
    table = pd.DataFrame({"label": [s.label for s in drawn.scenes], **drawn.columns})
    return table.assign(scene=[s.to_json() for s in drawn.scenes])


def class_index(names) -> np.ndarray:
    """Index of each name in CLASS_NAMES, -1 for none of them: (n,) int64."""
    index = {name: i for i, name in enumerate(CLASS_NAMES)}
    return np.array([index.get(name, -1) for name in names], dtype=np.int64)


def known_labels(name: str, table: pd.DataFrame) -> np.ndarray:
    """Class index of each row, (n,) int64; raises BadInput if the set shows unknown things."""
    labels = class_index(table["label"])
    if labels.min() < 0:
        raise BadInput(
            f"pocket set {name!r} shows things of no known class", "plant it with out_of_distribution"
        )
    return labels


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers that differ between sets of one seed."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def share(name: str, value: float) -> float:
    """`value` if it lies in [0, 1]; raises BadInput else."""
    return float(validate.proportions(name, value))


def decide(labels: np.ndarray, correct: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The label where `correct`, any other class with equal chance where not: (n,) int64."""
    other = (labels + rng.integers(1, N_CLASSES, len(labels))) % N_CLASSES
    return np.where(correct, labels, other)


def follow(table: pd.DataFrame, followed: np.ndarray, rng: np.random.Generator) -> Answers:
    """Decisions of a cue-conflict set. followed (n,): 0 the shape, 1 the texture, 2 a third class."""
    shape, texture = class_index(table["shape"]), class_index(table["texture"])
    third = np.array(
        [rng.choice(np.delete(np.arange(N_CLASSES), pair)) for pair in zip(shape, texture, strict=True)]
    )
    decision = np.choose(followed, [shape, texture, third])
    return Answers(decision, np.full(len(decision), float(evidence_for(0.7))))


def evidence_for(confidence) -> np.ndarray:
    """The evidence that gives the top class this probability; equal to 0 at chance and infinite at 1.

    >>> bool(np.isclose(evidence_for(0.8), np.log(0.8 / (0.2 / 25))))
    True
    """
    return logit(confidence) + _REST


def confidence_of(evidence) -> np.ndarray:
    """The probability of the top class; inverse of `evidence_for`."""
    return expit(evidence - _REST)


def above_line(x, *, intercept: float, slope: float, offset=0.0) -> np.ndarray:
    """Accuracy under shift of models of ordinary accuracy x that lie `offset` above the line on logit axes.

    Plant these values in baselines (offset 0) and models under test: the effective robustness of each is its
    offset, up to the rounding of accuracies to 1/n. x and offset broadcast; fractions in and out.

    >>> above_line([0.5, 0.8], intercept=0.0, slope=1.0, offset=0.1).round(3)
    array([0.6, 0.9])
    """
    y = expit(intercept + slope * logit(validate.proportions("x", x))) + offset
    return validate.proportions("x above the line", y)
