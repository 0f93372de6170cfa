"""Sets whose metrics are the chosen values themselves, to the rounding of counts (half a sample).

Names are those of pocket sets; `n` is the size their tables are drawn with. All functions are seeded and raise
BadInput, saying why, for what no sample can have.
"""

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from clipkit.errors import BadInput
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.oracle.planted import (
    N_CLASSES,
    Answers,
    PlantedSet,
    decide,
    evidence_for,
    follow,
    generator,
    known_labels,
    share,
    table_of,
)
from clipkit.pocket.oracle.retrieval import ranked_similarity
from clipkit.pocket.world.counterfactuals import FACTORS

_STEP = 2e-4  # between levels of evidence: far above single precision, far below 1/n in confidence
_LEVELS = 20  # the lowest holds the 5 % that FPR@95 gives up
_EDGE = 1e-6  # a softmax never reaches 1
_LEAST = 0.01  # evidence at which the top class is still clearly the top


def classification(
    name: str,
    accuracy: float,
    overconfidence: float = 0.0,
    ece: float | None = None,
    n: int = 104,
    seed: int = 0,
) -> PlantedSet:
    """A set of this accuracy, mean confidence accuracy + overconfidence, and expected calibration error.

    Without `ece` all confidences are alike, and the error is |overconfidence|. With a larger `ece` some samples
    are too sure by it and the others not sure enough by as much: they cancel in the mean, never in the error.
    If all are alike, temperature is known too: the one that turns the common confidence into the accuracy.

    Raises BadInput where a confidence would have to lie outside [chance, 1], or both kinds in one bin of 15.
    """
    accuracy = share("accuracy", accuracy)
    table, rng = table_of(name, n), generator(name, seed)
    labels = known_labels(name, table)
    n = len(table)
    gap = abs(overconfidence) if ece is None else share("ece", ece)
    if abs(overconfidence) > gap + 1e-12:
        raise BadInput(
            f"ece {gap:g} is less than the overconfidence {overconfidence:g}",
            "the error is a mean of sizes: it is never less than the size of the mean",
        )
    sizes, rights, confidence = _two_groups(round(accuracy * n), n, overconfidence, gap)
    group = np.repeat([0, 1], sizes)
    correct = np.concatenate([np.arange(size) < k for size, k in zip(sizes, rights, strict=True)])
    order = rng.permutation(n)
    answers = _answers(labels, correct[order], confidence[group[order]], rng)
    accuracy = int(rights.sum()) / n
    truth = {"accuracy": accuracy, "overconfidence": float(confidence @ sizes / n - accuracy), "ece": gap}
    if 0 in sizes and 1 / N_CLASSES < accuracy < 1:
        stated = _evidence(confidence[sizes > 0])[0]
        truth["temperature"] = float(stated / evidence_for(accuracy))
    return PlantedSet(name, table, {"1": answers}, truth)


def cue_conflict(
    name: str, shape_bias: float, cue_accuracy: float = 1.0, n: int = 104, seed: int = 0
) -> PlantedSet:
    """A cue-conflict set: `cue_accuracy` of the decisions follow a cue, `shape_bias` of those the shape.

    The remaining decisions are for a third class.
    """
    shape_bias, cue_accuracy = share("shape_bias", shape_bias), share("cue_accuracy", cue_accuracy)
    table, rng = table_of(name, n), generator(name, seed)
    n = len(table)
    decided = round(cue_accuracy * n)
    by_shape = round(shape_bias * decided)
    followed = rng.permutation(np.repeat([0, 1, 2], (by_shape, decided - by_shape, n - decided)))
    answers = follow(table, followed, rng)
    truth = {
        "shape_bias": by_shape / decided if decided else float("nan"),
        "cue_accuracy": decided / n,
        "accuracy": by_shape / n,
    }
    return PlantedSet(name, table, {"1": answers}, truth)


def out_of_distribution(
    name: str, reference: PlantedSet, auroc: float, fpr: float | None = None, n: int = 104, seed: int = 0
) -> PlantedSet:
    """A set of unknown things, told from the known ones of `reference` with this AUROC and FPR at 95 %.

    Each unknown is put above or below chosen parts of the reference: the share of it above an unknown is what
    that unknown adds to AUROC, and FPR@95 is the share of unknowns above its lowest 5 %. Hence the two bound
    each other: fpr in [1 - auroc, (1 - auroc) / 0.05]. Without `fpr`, that of two normal distributions of one
    width is taken. AUROC is met within 1/(40 n), at those bounds within 1/(2 n).
    """
    auroc = share("auroc", auroc)
    if fpr is None:
        fpr = norm.sf(np.sqrt(2) * norm.ppf(auroc) - norm.ppf(0.95))
    table, rng = table_of(name, n), generator(name, seed)
    n = len(table)
    levels, counts = np.unique(reference.answers_to("1").evidence, return_counts=True)
    above = np.append(np.cumsum(counts[::-1])[::-1], 0) / counts.sum()  # share of ID above gap 0 (all) … last
    accepted = round(share("fpr", fpr) * n)
    lowest_accepted = max(1, int(np.argmin(np.abs(above[:-1] - 0.95))))
    wanted = auroc * n - (n - accepted)  # what the accepted unknowns must add up to
    possible = np.clip(wanted, 0, accepted * above[lowest_accepted])
    if abs(possible - wanted) > 0.5:
        raise BadInput(
            f"auroc {auroc:g} cannot go with fpr {fpr:g} at {n} unknowns",
            f"choose fpr between {1 - auroc:.3f} and {min(1.0, (1 - auroc) / 0.05):.3f}, or another auroc",
        )
    gap = np.zeros(n, dtype=int)  # below everything: rejected
    if accepted:
        mean = possible / accepted
        low = min(max(lowest_accepted, int(np.flatnonzero(above >= mean - 1e-12)[-1])), len(levels) - 1)
        at_low = round(accepted * (mean - above[low + 1]) / (above[low] - above[low + 1]))
        gap[:accepted] = low + 1
        gap[:at_low] = low
    places = np.concatenate([[levels[0] - _STEP], (levels[:-1] + levels[1:]) / 2, [levels[-1] + _STEP]])
    gap = rng.permutation(gap)
    answers = Answers(rng.integers(0, N_CLASSES, n), places[gap])
    return PlantedSet(name, table, {"1": answers}, {"auroc": float(above[gap].mean()), "fpr95": accepted / n})


def factors(
    accuracy: float, drops: Mapping[str, float], regained: float = 0.0, n: int = 52, seed: int = 0
) -> PlantedSet:
    """The set "factors": n typical images of this accuracy, and for each factor their twins, lower by its drop.

    drops: factor → accuracy of the typical images minus that of their twins, 0 if not named; negative is a
    gain. regained: of the images whose typical twin is wrong, the share that becomes right; by so much more
    must become wrong, so that pairs disagree more often at an equal drop.
    """
    share("accuracy", accuracy)
    unknown = [f for f in drops if f not in FACTORS]
    if unknown:
        raise BadInput(f"unknown factor {unknown[0]!r}", f"use some of {', '.join(FACTORS)}")
    table, rng = table_of("factors", n), generator("factors", seed)
    right = round(accuracy * n)
    base = rng.permutation(np.arange(n) < right)
    correct, truth = {"base": base}, {"accuracy/base": right / n}
    for factor in FACTORS:
        drop = drops.get(factor, 0.0)
        kept_and_won = right - round(drop * n)
        won = max(round(share("regained", regained) * (n - right)), kept_and_won - right)
        kept = kept_and_won - won
        if not (0 <= kept <= right and won <= n - right):
            raise BadInput(
                f"factor {factor!r}: a drop of {drop:g} from accuracy {accuracy:g} with {regained:g} regained",
                "the drop plus what is regained must not exceed what was right, nor the gain what was wrong",
            )
        after = np.zeros(n, dtype=bool)
        after[rng.permutation(np.flatnonzero(base))[:kept]] = True
        after[rng.permutation(np.flatnonzero(~base))[:won]] = True
        correct[factor] = after
        truth[f"accuracy/{factor}"] = kept_and_won / n
        truth[f"drop/{factor}"] = (right - kept_and_won) / n
    flags = np.array([correct[f][pair] for f, pair in zip(table["factor"], table["pair"], strict=True)])
    answers = _answers(known_labels("factors", table), flags, np.full(len(flags), 0.7), rng)
    return PlantedSet("factors", table, {"1": answers}, truth | {"accuracy": float(flags.mean())})


def retrieval(
    image_recall: Mapping[int, float],
    text_recall: Mapping[int, float],
    accuracy: float = 0.8,
    n: int = 52,
    seed: int = 0,
) -> PlantedSet:
    """The set "retrieval" with these recalls, {k: value}, of images by captions and of captions by images.

    Raises BadInput for values that fall with k or lie below those of a random ranking, which is as low as the
    construction goes (`clipkit.pocket.oracle.retrieval.ranked_similarity`).
    """
    base = classification("retrieval", accuracy, n=n, seed=seed)
    captions = len(base.table["captions"].iloc[0])
    similarity, truth = ranked_similarity(image_recall, text_recall, n, captions, generator("captions", seed))
    return PlantedSet(base.name, base.table, base.answers, {**base.truth, **truth}, {"captions": similarity})


def hard_negatives(accuracy: Mapping[str, float] | float, n: int = 26, seed: int = 0) -> PlantedSet:
    """The set "hard-negatives": the share of images, per kind of swap, nearer to their true caption."""
    table, rng = table_of("hard-negatives", n), generator("hard-negatives", seed)
    right, truth = np.zeros(len(table), dtype=bool), {}
    for kind in KINDS:
        rows = np.flatnonzero(table["kind"] == kind)
        wanted = accuracy[kind] if isinstance(accuracy, Mapping) else accuracy
        right[rng.permutation(rows)[: round(share(f"accuracy of {kind}", wanted) * len(rows))]] = True
        truth[f"accuracy/{kind}"] = float(right[rows].mean())
    nearer, farther = np.diag(np.where(right, 0.6, 0.4)), np.diag(np.where(right, 0.4, 0.6))
    labels = known_labels("hard-negatives", table)
    answers = _answers(labels, np.ones(len(right), dtype=bool), np.full(len(right), 0.7), rng)
    return PlantedSet(
        "hard-negatives", table, {"1": answers}, truth, {"caption": nearer, "negative": farther}
    )


def _two_groups(right: int, n: int, overconfidence: float, gap: float):
    """Sizes, right answers and common confidence of the samples unsure by `gap`, and of those too sure by it."""
    too_sure = round(n * (1 + (overconfidence / gap if gap else 1.0)) / 2)
    sizes = np.array([n - too_sure, too_sure])
    rights = np.array([right - round(right * too_sure / n), round(right * too_sure / n)])
    accuracy = rights / np.maximum(sizes, 1)
    confidence = accuracy + [-gap, gap]
    for group in np.flatnonzero(sizes):
        if not 1 / N_CLASSES - 1e-12 <= confidence[group] <= 1 + 1e-12:
            raise BadInput(
                f"an ece of {gap:g} at accuracy {accuracy[group]:.3f} needs a mean confidence of "
                f"{confidence[group]:.3f}",
                f"the top of {N_CLASSES} classes has a probability between {1 / N_CLASSES:.4f} and 1: be too sure "
                f"by {1 - accuracy[group]:.3f} or unsure by {max(0, accuracy[group] - 1 / N_CLASSES):.3f} at most",
            )
    if sizes.all() and np.ptp(np.ceil(confidence * 15 - 1e-9)) == 0:
        raise BadInput(
            f"confidences {confidence[0]:.3f} and {confidence[1]:.3f} share one of 15 bins, where errors cancel",
            "choose an ece of at least 1/30",
        )
    return sizes, rights, confidence


def _evidence(confidence: np.ndarray) -> np.ndarray:
    """Evidence for confidences in [chance, 1], both ends kept off by a hair."""
    return np.maximum(evidence_for(np.clip(confidence, 1 / N_CLASSES, 1 - _EDGE)), _LEAST)


def _answers(labels, correct, confidence, rng) -> Answers:
    """Answers of these confidences (n,), in twenty levels a hair apart, each as often right as the others.

    Without levels all scores would tie, and rounding would decide about detection. Within a confidence, levels
    are centred, so that the mean stays.
    """
    n = len(labels)
    place = np.empty(n)  # right and wrong answers, each spread evenly over (0, 1)
    for flag in (True, False):
        these = np.flatnonzero(correct == flag)
        place[rng.permutation(these)] = (np.arange(len(these)) + 0.5) / max(len(these), 1)
    rank = np.lexsort([place, confidence]).argsort()
    lowest = int(np.ceil(0.05 * n - 0.5))
    level = np.where(rank < lowest, 0, 1 + (rank - lowest) * (_LEVELS - 1) // max(n - lowest, 1))
    values, group = np.unique(confidence, return_inverse=True)
    centre = np.bincount(group, level) / np.bincount(group)
    evidence = _evidence(values)[group] + _STEP * (level - centre[group])
    return Answers(decide(labels, correct, rng), evidence)
