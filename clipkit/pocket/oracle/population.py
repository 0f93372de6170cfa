"""Sets drawn from distributions whose metrics are known by formula or quadrature.

The truth is that of the population: a sample misses it by chance, and an interval should cover it as often as it
says. Names and arguments are those of `clipkit.pocket.oracle.exact`.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv, ndtr
from scipy.stats import norm

from clipkit.errors import BadInput
from clipkit.pocket.oracle.planted import (
    N_CLASSES,
    Answers,
    PlantedSet,
    confidence_of,
    decide,
    evidence_for,
    follow,
    generator,
    known_labels,
    share,
    table_of,
)
from clipkit.pocket.oracle.retrieval import gumbel_recall, gumbel_similarity
from clipkit.pocket.world.counterfactuals import FACTORS

CONCENTRATION = 4.0  # sum of the Beta distribution's parameters: the larger, the more alike the images
_CHANCE = 1 / N_CLASSES
_TEMPERATURES = (0.05, 20.0)
_MOST = 30.0  # evidence from which on confidence is 1 to twelve digits
_GRID = (np.arange(20_000) + 0.5) / 20_000  # midpoint rule over quantiles


class Ease(NamedTuple):
    """How the latent ease u of an image, standard normal in known things, decides what happens to it.

    The chance of a right answer is the Beta(alpha, beta) quantile at Φ(u), stretched to [1/26, 1]. The evidence
    stated is that which this chance would justify, times `temperature`: at 1 the model is calibrated, and the
    temperature fitted tends to the one planted, whatever the rest.
    """

    alpha: float
    beta: float
    temperature: float

    def chance_right(self, u: np.ndarray) -> np.ndarray:
        """Probability that the answer is right: (n,) in [1/26, 1], rising with u."""
        return _CHANCE + (1 - _CHANCE) * betaincinv(self.alpha, self.beta, ndtr(u))

    def evidence(self, u: np.ndarray) -> np.ndarray:
        """Evidence stated for the answer: (n,) above 0, rising with u."""
        return np.clip(self.temperature * evidence_for(self.chance_right(u)), 1e-3, _MOST)


@cache
def ease(accuracy: float, overconfidence: float = 0.0) -> Ease:
    """The Ease whose mean chance is `accuracy` and whose mean confidence is accuracy + overconfidence.

    A temperature above 1 makes every confidence too high, one below 1 every one too low. So expected
    calibration error is |overconfidence|, whichever the bins. Raises BadInput where there is no such Ease.
    """
    mean = (share("accuracy", accuracy) - _CHANCE) / (1 - _CHANCE)
    if not 0.01 <= mean <= 0.99:
        raise BadInput(
            f"accuracy {accuracy:g} leaves no room for images of unequal ease",
            "choose one from 0.05 to 0.99, or plant it exactly",
        )
    calibrated = Ease(CONCENTRATION * mean, CONCENTRATION * (1 - mean), 1.0)
    justified = calibrated.evidence(norm.ppf(_GRID))

    def excess(temperature):
        return confidence_of(np.minimum(temperature * justified, _MOST)).mean() - accuracy

    low, high = map(excess, _TEMPERATURES)
    if not low < overconfidence < high:
        raise BadInput(
            f"an overconfidence of {overconfidence:g} at accuracy {accuracy:g} is out of reach",
            f"choose one between {low:.3f} and {high:.3f}: confidence lies between 1/{N_CLASSES} and 1",
        )
    if overconfidence == 0:
        return calibrated
    return calibrated._replace(temperature=brentq(lambda t: excess(t) - overconfidence, *_TEMPERATURES))


def classification(
    name: str, accuracy: float, overconfidence: float = 0.0, n: int = 104, seed: int = 0
) -> PlantedSet:
    """Right with a chance that differs from image to image, as `ease(accuracy, overconfidence)` says.

    The binned ECE of a sample lies above the truth on average, the more so the smaller n and the truth.
    """
    model = ease(accuracy, overconfidence)
    table, rng = table_of(name, n), generator(name, seed)
    u = rng.normal(size=len(table))
    correct = rng.random(len(table)) < model.chance_right(u)
    answers = Answers(decide(known_labels(name, table), correct, rng), model.evidence(u))
    truth = {
        "accuracy": accuracy,
        "overconfidence": overconfidence,
        "ece": abs(overconfidence),
        "temperature": model.temperature,
    }
    return PlantedSet(name, table, {"1": answers}, truth)


def cue_conflict(
    name: str, shape_bias: float, cue_accuracy: float = 1.0, n: int = 104, seed: int = 0
) -> PlantedSet:
    """Decisions drawn independently: for a cue with chance `cue_accuracy`, then for shape with `shape_bias`."""
    shape_bias, cue_accuracy = share("shape_bias", shape_bias), share("cue_accuracy", cue_accuracy)
    table, rng = table_of(name, n), generator(name, seed)
    chances = (cue_accuracy * shape_bias, cue_accuracy * (1 - shape_bias), 1 - cue_accuracy)
    answers = follow(table, rng.choice(3, size=len(table), p=chances), rng)
    truth = {"shape_bias": shape_bias, "cue_accuracy": cue_accuracy, "accuracy": chances[0]}
    return PlantedSet(name, table, {"1": answers}, truth)


def out_of_distribution(name: str, reference: Ease, auroc: float, n: int = 104, seed: int = 0) -> PlantedSet:
    """Unknown things whose ease is normal too, lower by d: against known things AUROC is Φ(d / √2).

    FPR@95 is then Φ(1.645 - d). reference: the `ease` of the known set, since both are scored alike. An AUROC
    of exactly 0 or 1 needs an infinite distance and raises BadInput.
    """
    if not 0 < share("auroc", auroc) < 1:
        raise BadInput(
            f"auroc {auroc:g} has no finite distance", "choose one inside (0, 1), or plant it exactly"
        )
    distance = np.sqrt(2) * norm.ppf(auroc)
    table, rng = table_of(name, n), generator(name, seed)
    u = rng.normal(-distance, size=len(table))
    answers = Answers(rng.integers(0, N_CLASSES, len(table)), reference.evidence(u))
    truth = {"auroc": auroc, "fpr95": float(norm.cdf(norm.ppf(0.95) - distance))}
    return PlantedSet(name, table, {"1": answers}, truth)


def factors(
    accuracy: float, drops: Mapping[str, float], regained: float = 0.0, n: int = 52, seed: int = 0
) -> PlantedSet:
    """Typical images right with chance `accuracy`; wrong ones become right in the twin with chance `regained`.

    Right ones stay right with the chance that makes the mean drop of each factor what `drops` says.
    """
    accuracy, regained = share("accuracy", accuracy), share("regained", regained)
    unknown = [f for f in drops if f not in FACTORS]
    if unknown:
        raise BadInput(f"unknown factor {unknown[0]!r}", f"use some of {', '.join(FACTORS)}")
    table, rng = table_of("factors", n), generator("factors", seed)
    base = rng.random(n) < accuracy
    correct, truth = {"base": base}, {"accuracy/base": accuracy}
    for factor in FACTORS:
        drop = drops.get(factor, 0.0)
        stays = (accuracy - drop - (1 - accuracy) * regained) / accuracy if accuracy else 0.0
        if not -1e-12 <= stays <= 1 + 1e-12:
            raise BadInput(
                f"factor {factor!r}: a drop of {drop:g} from accuracy {accuracy:g} with {regained:g} regained",
                "the drop plus what is regained must lie between 0 and the accuracy",
            )
        correct[factor] = rng.random(n) < np.where(base, stays, regained)
        truth |= {f"accuracy/{factor}": accuracy - drop, f"drop/{factor}": drop}
    flags = np.array([correct[f][pair] for f, pair in zip(table["factor"], table["pair"], strict=True)])
    decision = decide(known_labels("factors", table), flags, rng)
    answers = Answers(decision, np.full(len(table), float(evidence_for(0.7))))
    return PlantedSet("factors", table, {"1": answers}, truth)


def retrieval(advantage: float, ks: Iterable[int] = (1, 5, 10), n: int = 52, seed: int = 0) -> PlantedSet:
    """Independent Gumbel similarities, higher by `advantage` where text and image belong together.

    Recall then has a closed form, `clipkit.pocket.oracle.retrieval.gumbel_recall`: at k = 1 it is a softmax.
    """
    base = classification("retrieval", 0.8, n=n, seed=seed)
    captions = len(base.table["captions"].iloc[0])
    similarity = gumbel_similarity(advantage, n, captions, generator("captions", seed))
    truth = {}
    for k in ks:
        truth[f"image_recall@{k}"] = gumbel_recall(advantage, 1, n - 1, k)
        truth[f"text_recall@{k}"] = gumbel_recall(advantage, captions, (n - 1) * captions, k)
    return PlantedSet(base.name, base.table, base.answers, {**base.truth, **truth}, {"captions": similarity})
