"""Calibration: whether confidence is worth what it says, before and after one temperature fitted on known images."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from clipkit.errors import BadInput
from clipkit.metrics import (
    adaptive_calibration_error,
    calibration_error,
    confidence_and_correct,
    fit_temperature,
    reliability_table,
    resampled_calibration_error,
    resampled_mean,
    softmax,
)
from clipkit.metrics.debiased_calibration import rms_calibration_error
from clipkit.metrics.resampled_temperature import resampled_temperature
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats import shared_counts

SECTION = "calibration"
ALL, HELD_OUT, SCALED = SUBSETS = ("all", "held out", "scaled")
"""All images as they are; known images that the temperature was not fitted on; what scaling makes of each set."""
SHIFTED = "shifted"
"""The data set of a mean over the shifted sets."""
RMS, GAP, ECE, ADAPTIVE = "rms_calibration_error", "signed_gap", "ece", "adaptive_ece"
UNITS = {"nll": "nats", "temperature": "factor"}
_FULL = (RMS, GAP, ECE, "nll")
_EACH = ("accuracy", RMS, GAP, "nll")


@dataclass(frozen=True)
class CalibrationSets:
    """known: the set on half of which the temperature is fitted. shifted: the sets of the mean; other: none of it."""

    known: str
    shifted: tuple[str, ...]
    other: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All sets, the known one first."""
        return (self.known, *self.other, *self.shifted)


POCKET = CalibrationSets("wild", ("redrawn", "sketch", "renditions", "unusual"), other=("studio",))
DATASETS = POCKET.names


class _Answers(NamedTuple):
    """On the images of one set or half: logits (n, classes), labels (n,), counts (draws, n)."""

    logits: np.ndarray
    labels: np.ndarray
    counts: np.ndarray

    def of(self, rows: np.ndarray) -> "_Answers":
        return _Answers(self.logits[rows], self.labels[rows], self.counts[:, rows])


class _Number(NamedTuple):
    value: float
    draws: np.ndarray
    n: int


Numbers = dict[tuple[str, str, str], _Number]
"""(dataset, subset, metric) → number."""


def fitting_half(dataset: str, n: int) -> np.ndarray:
    """Which of the n images of a set the temperature is fitted on: (n,) bool, n // 2 of them.

    They are those with the smallest sha256 of "DATASET/INDEX", so the choice hangs on nothing else.

    >>> fitting_half("wild", 4).tolist()
    [False, True, False, True]
    """
    order = sorted(range(n), key=lambda i: hashlib.sha256(f"{dataset}/{i}".encode()).digest())
    fitted = np.zeros(n, bool)
    fitted[order[: n // 2]] = True
    return fitted


def measure(outputs: Outputs, sets: CalibrationSets = POCKET) -> list[Measured]:
    """Calibration on known and shifted images, as they are and after temperature scaling.

    Metrics: "rms_calibration_error" (debiased, the one to compare by), "signed_gap" (mean confidence minus
    accuracy: above 0 is over-confident), "nll" (nats), "accuracy"; for the known set and the mean "shifted"
    also "ece" and "adaptive_ece" (15 bins, biased upwards) and "brier"; with 1, 5 and 30 templates
    only the first two, on these two. Confidence is the largest softmax probability at the model's own logit
    scale; for a model trained with a sigmoid loss too, though that is no probability it was trained for.

    Subset "all": the images as they are. "temperature" is fitted by likelihood on `fitting_half` of the known
    images, with the default prompts; subset "held out" is the other half before, "scaled" the same half, and
    every other set, after scaling. No image is in both. Draws of what is scaled come with the temperature of
    the same draw. "ece" and "adaptive_ece" stand for the statistic as others report it, at this n, and so do
    their draws, which are moved to scatter around the value: neither is free of bias. Intervals of
    "rms_calibration_error" cover the error of the population (tests/sections/measure/test_calibration.py).

    Raises BadInput where a set holds an image without a class.
    """
    full = default_prompts(outputs)
    found = []
    for prompts in (full, *PROMPT_SETS[:-1]) if full else (full,):
        answers = {name: _answers(outputs, name, prompts) for name in sets.names}
        numbers = _as_they_are(answers, sets, brief=prompts != full)
        if prompts == full:
            numbers |= _scaled(answers, sets)
        found += [_row(*key, number, prompts) for key, number in numbers.items()]
    return found


def notes(outputs: Outputs, sets: CalibrationSets = POCKET) -> dict[str, str]:
    """ "reliability": JSON, dataset → subset → n, confidence and accuracy of each bin of 15 that holds an image.

    For reliability diagrams and noise floors; the subsets are those of `measure`, at default prompts.
    """
    prompts = default_prompts(outputs)
    answers = {name: _answers(outputs, name, prompts) for name in sets.names}
    fitted = fitting_half(sets.known, len(answers[sets.known].labels))
    temperature = _temperature(answers[sets.known].of(fitted))
    found = {}
    for name, each in answers.items():
        rest = each.of(~fitted) if name == sets.known else each
        parts = {ALL: (each, 1.0), SCALED: (rest, temperature)}
        if name == sets.known:
            parts[HELD_OUT] = (rest, 1.0)
        found[name] = {part: _bins(*of) for part, of in parts.items()}
    return {"reliability": json.dumps(found, separators=(",", ":"))}


def _bins(answers: _Answers, temperature: float) -> dict[str, list]:
    table = reliability_table(softmax(answers.logits.astype(np.float64), temperature), answers.labels)
    filled = table.count > 0
    return {
        "n": table.count[filled].tolist(),
        "confidence": table.confidence[filled].round(5).tolist(),
        "accuracy": table.accuracy[filled].round(5).tolist(),
    }


def _answers(outputs: Outputs, dataset: str, prompts: str) -> _Answers:
    labels = outputs.labels(dataset)
    if (labels < 0).any():
        raise BadInput(
            f"{dataset!r} holds {(labels < 0).sum()} images of no known class", "name sets of known classes"
        )
    return _Answers(outputs.logits(dataset, prompts), labels, shared_counts(dataset, len(labels), DRAWS))


def _as_they_are(answers: Mapping[str, _Answers], sets: CalibrationSets, brief: bool) -> Numbers:
    found = {
        (name, ALL, metric): number
        for name in sets.names
        for metric, number in _numbers(answers[name]).items()
    }
    found |= _mean(found, sets, ALL)
    if brief:
        return {
            key: found[key] for name in (sets.known, SHIFTED) for key in [(name, ALL, RMS), (name, ALL, GAP)]
        }
    return {key: n for key, n in found.items() if key[0] in (sets.known, SHIFTED) or key[2] in _EACH}


def _scaled(answers: Mapping[str, _Answers], sets: CalibrationSets) -> Numbers:
    known = answers[sets.known]
    fitted = fitting_half(sets.known, len(known.labels))
    fit, held_out = known.of(fitted), known.of(~fitted)
    temperature = _temperature(fit)
    drawn = resampled_temperature(fit.counts, fit.logits, fit.labels, temperature)
    found: Numbers = {}
    for name in sets.names:
        each = held_out if name == sets.known else answers[name]
        for metric, number in _numbers_scaled(each, temperature, drawn).items():
            found[name, SCALED, metric] = number
    found |= _mean(found, sets, SCALED)
    found = {key: n for key, n in found.items() if key[0] in (sets.known, SHIFTED) or key[2] in (RMS, "nll")}
    before = _numbers(held_out)
    found |= {(sets.known, HELD_OUT, metric): before[metric] for metric in _FULL}
    found[sets.known, HELD_OUT, "temperature"] = _Number(temperature, drawn, len(fit.labels))
    return found


def _temperature(fit: _Answers) -> float:
    return fit_temperature(fit.logits.astype(np.float64), fit.labels)


def _numbers(answers: _Answers) -> dict[str, _Number]:
    """Every metric of the answers as they are."""
    logits, labels, counts = answers.logits.astype(np.float64), answers.labels, answers.counts
    p = softmax(logits)
    rows = np.arange(len(labels))
    confidence, correct = confidence_and_correct(p, labels)
    means = {
        "accuracy": correct,
        GAP: confidence - correct,
        "nll": logsumexp(logits, axis=1) - logits[rows, labels],
        "brier": (p**2).sum(axis=1) - 2 * p[rows, labels] + 1,
    }
    drawn = resampled_mean(counts, np.stack(list(means.values()), axis=1)).T
    found = {name: (each.mean(), d) for (name, each), d in zip(means.items(), drawn, strict=True)}
    found[RMS] = (
        rms_calibration_error(confidence, correct),
        rms_calibration_error(confidence, correct, counts=counts),
    )
    ece, adaptive = calibration_error(confidence, correct), adaptive_calibration_error(p, labels)
    found[ECE] = ece, _around(ece, resampled_calibration_error(counts, confidence, correct))
    found[ADAPTIVE] = (
        adaptive,
        _around(adaptive, resampled_calibration_error(counts, confidence, correct, binning="mass")),
    )
    return {name: _Number(float(value), draws, len(labels)) for name, (value, draws) in found.items()}


def _numbers_scaled(answers: _Answers, temperature: float, drawn: np.ndarray) -> dict[str, _Number]:
    """The metrics of `_FULL` after scaling; drawn (draws,): the temperature that goes with each resample."""
    logits, labels, counts = answers
    _, correct = confidence_and_correct(softmax(logits.astype(np.float64)), labels)
    below = (logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    of_target = below[np.arange(len(labels)), labels]
    temperatures = np.array([temperature, *drawn])[:, None]
    counts = np.concatenate([np.ones((1, len(labels)), counts.dtype), counts])
    # One draw after the other: all at once would need (draws, n, classes).
    total = np.array([np.exp(below / np.float32(t)).sum(axis=1, dtype=np.float64) for (t,) in temperatures])
    confidence, loss = np.minimum(1 / total, 1.0), np.log(total) - of_target / temperatures
    size = counts.sum(axis=1)
    of_draws = {
        RMS: rms_calibration_error(confidence, correct, counts=counts),
        GAP: np.einsum("dn,dn->d", counts, confidence - correct) / size,
        ECE: calibration_error(confidence, correct, weights=counts),
        "nll": np.einsum("dn,dn->d", counts, loss) / size,
    }
    found = {}
    for metric, (value, *draws) in of_draws.items():
        draws = np.array(draws)
        found[metric] = _Number(float(value), _around(value, draws) if metric == ECE else draws, len(labels))
    return found


def _around(value: float, draws: np.ndarray) -> np.ndarray:
    """Draws of a biased statistic, moved by the bias that resampling adds once more."""
    return draws - draws.mean() + value


def _mean(found: Numbers, sets: CalibrationSets, subset: str) -> Numbers:
    """Each metric's mean over the shifted sets, all with equal weight."""
    metrics = dict.fromkeys(metric for name, part, metric in found if part == subset)
    means = {}
    for metric in metrics:
        values, draws, sizes = zip(*(found[name, subset, metric] for name in sets.shifted), strict=True)
        means[SHIFTED, subset, metric] = _Number(float(np.mean(values)), np.mean(draws, axis=0), sum(sizes))
    return means


def _row(dataset: str, subset: str, metric: str, number: _Number, prompts: str) -> Measured:
    better = None if metric in (GAP, "temperature") else metric == "accuracy"
    unit = UNITS.get(metric, "fraction")
    return Measured(
        SECTION, dataset, subset, metric, *number, prompts=prompts, unit=unit, higher_is_better=better
    )
