"""Numbers of one model that other conventions would have reported in the place of ours, from its stored outputs.

Calibration error, shape bias and OOD detection; where a number does not change, there is no row. What each convention
is called, and who follows it, stands in `clipkit.sections.multiverse`.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from clipkit.metrics import auroc, confidence_and_correct, max_logit, mcm, msp, resampled_mean, softmax
from clipkit.metrics.debiased_calibration import rms_calibration_error
from clipkit.metrics.resampled import resampled_auroc
from clipkit.metrics.resampled_temperature import resampled_temperature
from clipkit.sections.convention_metrics import DETECTION, ERRORS
from clipkit.sections.measure import calibration, ood_detection, shape_bias
from clipkit.sections.measure.calibration import (
    GAP,
    HELD_OUT,
    RMS,
    SCALED,
    SHIFTED,
    _Answers,
    _around,
    _temperature,
    fitting_half,
)
from clipkit.sections.measure.shape_bias import BACKGROUNDS, CONFLICT, cue_conflict
from clipkit.sections.measured import Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats import shared_counts

DRAWS = 200
"""The first of the draws of `clipkit.sections.measured`: the file would be too large with all of them."""
FEWEST = PROMPT_SETS[0]
HUNDRED = 100.0
ALL = "all"


def convention_rows(outputs: Outputs) -> Iterator[tuple[str, Measured]]:
    """Name of a convention, and a number with `DRAWS` draws that takes the place of that of the same key."""
    yield from _calibration(outputs)
    yield from _detection(outputs)
    yield from _shape(outputs)


def _calibration(outputs: Outputs) -> Iterator[tuple[str, Measured]]:
    sets, full = calibration.POCKET, default_prompts(outputs)
    for prompts in (full, FEWEST) if full else (full,):
        answers = {
            name: _answers(outputs, name, outputs.logits(name, prompts))
            for name in (sets.known, *sets.shifted)
        }
        as_they_are = {name: _errors(each) for name, each in answers.items()}
        yield from _rows(as_they_are, sets, calibration.ALL, prompts)
        if prompts == full:
            yield from _scaled(answers, sets, prompts)
        if full:
            hundred = {n: _answers(outputs, n, HUNDRED * outputs.cosines(n, prompts)) for n in answers}
            numbers = {name: _at_scale(each) for name, each in hundred.items()}
            yield from _rows(numbers, sets, calibration.ALL, prompts)
            if prompts == full:
                yield from _held_out(hundred[sets.known], sets, _at_scale, prompts)


def _answers(outputs: Outputs, dataset: str, logits: np.ndarray) -> _Answers:
    labels = outputs.labels(dataset)
    return _Answers(logits.astype(np.float64), labels, shared_counts(dataset, len(labels), DRAWS))


_Numbers = dict[tuple[str, str], tuple[float, np.ndarray, int]]
"""(convention, metric) → value, draws, n."""


def _errors(answers: _Answers) -> _Numbers:
    both, n = confidence_and_correct(softmax(answers.logits), answers.labels), len(answers.labels)
    once = np.ones((1, n), int)
    found = {}
    for name, error in ERRORS.items():
        value = float(error(*both, once)[0])
        found[name, RMS] = value, _around(value, error(*both, answers.counts)), n
    return found


def _at_scale(answers: _Answers) -> _Numbers:
    confidence, correct = confidence_and_correct(softmax(answers.logits), answers.labels)
    n, gap = len(correct), confidence - correct
    error = rms_calibration_error(confidence, correct)
    draws = rms_calibration_error(confidence, correct, counts=answers.counts)
    return {
        ("scale-100", RMS): (error, draws, n),
        ("scale-100", GAP): (float(gap.mean()), resampled_mean(answers.counts, gap), n),
    }


def _scaled(
    answers: Mapping[str, _Answers], sets: calibration.CalibrationSets, prompts: str
) -> Iterator[tuple[str, Measured]]:
    known = answers[sets.known]
    fitted = fitting_half(sets.known, len(known.labels))
    fit, held_out = known.of(fitted), known.of(~fitted)
    temperature = _temperature(fit)
    drawn = resampled_temperature(fit.counts, fit.logits, fit.labels, temperature)
    scaled = {
        name: _errors_scaled(held_out if name == sets.known else each, temperature, drawn)
        for name, each in answers.items()
    }
    yield from _rows(scaled, sets, SCALED, prompts)
    yield from _held_out(known, sets, _errors, prompts)


def _held_out(
    known: _Answers,
    sets: calibration.CalibrationSets,
    numbers: Callable[[_Answers], _Numbers],
    prompts: str,
) -> Iterator[tuple[str, Measured]]:
    """Numbers of the half of the known set that no temperature was fitted on."""
    rest = known.of(~fitting_half(sets.known, len(known.labels)))
    for (convention, metric), number in numbers(rest).items():
        yield convention, _row(sets.known, HELD_OUT, metric, number, prompts)


def _errors_scaled(answers: _Answers, temperature: float, drawn: np.ndarray) -> _Numbers:
    """drawn (draws,): the temperature that goes with each resample."""
    n, (_, correct) = len(answers.labels), confidence_and_correct(softmax(answers.logits), answers.labels)
    below = answers.logits - answers.logits.max(axis=1, keepdims=True)
    rows = []
    for t, counts in zip([temperature, *drawn], [np.ones(n, int), *answers.counts], strict=True):
        confidence = 1 / np.exp(below / t).sum(axis=1)
        rows.append([error(confidence, correct, counts[None])[0] for error in ERRORS.values()])
    found = {}
    for name, (value, *draws) in zip(ERRORS, np.array(rows).T, strict=True):
        found[name, RMS] = float(value), _around(value, np.array(draws)), n
    return found


def _rows(
    numbers: Mapping[str, _Numbers], sets: calibration.CalibrationSets, subset: str, prompts: str
) -> Iterator[tuple[str, Measured]]:
    """The known set, and the mean of the shifted ones."""
    for key, number in numbers[sets.known].items():
        values, draws, sizes = zip(*(numbers[name][key] for name in sets.shifted), strict=True)
        shifted = float(np.mean(values)), np.mean(draws, axis=0), sum(sizes)
        for dataset, found in ((sets.known, number), (SHIFTED, shifted)):
            yield key[0], _row(dataset, subset, key[1], found, prompts)


def _row(dataset: str, subset: str, metric: str, number: tuple, prompts: str) -> Measured:
    better = None if metric == GAP else False
    return Measured(calibration.SECTION, dataset, subset, metric, *number, prompts, "fraction", better)


def _detection(outputs: Outputs) -> Iterator[tuple[str, Measured]]:
    sets, full = ood_detection.POCKET, default_prompts(outputs)
    counts = {n: shared_counts(n, len(outputs.labels(n)), DRAWS) for n in (sets.known, *sets.names)}
    for prompts in (full, FEWEST) if full else (full,):
        known = _scores(outputs, sets.known, prompts)
        found = {}
        for dataset in sets.names:
            unknown = _scores(outputs, dataset, prompts)
            for part, rows in _parts(outputs, sets, dataset, prompts == full).items():
                both = counts[sets.known], counts[dataset][:, rows]
                once = tuple(np.ones((1, c.shape[1]), int) for c in both)
                for convention, score in known.items():
                    compared = score, unknown[convention][rows]
                    if convention in DETECTION:
                        rejected = DETECTION[convention]
                        value, draws = float(rejected(*once, *compared)[0]), rejected(*both, *compared)
                    else:
                        value, draws = auroc(*compared), resampled_auroc(*both, *compared)
                    found[convention, dataset, part] = value, draws, int(rows.sum())
        for mean, members in sets.means.items():
            for convention in known:
                values, draws, sizes = zip(*(found[convention, m, ALL] for m in members), strict=True)
                found[convention, mean, ALL] = float(np.mean(values)), np.mean(draws, axis=0), sum(sizes)
        for (convention, dataset, part), number in found.items():
            if dataset in sets.headlines:
                yield (
                    convention,
                    Measured(ood_detection.SECTION, dataset, part, ood_detection.AUROC, *number, prompts),
                )


def _scores(outputs: Outputs, dataset: str, prompts: str) -> dict[str, np.ndarray]:
    """Convention → score of each image. A head's usual score is MSP, so that it has none by that name."""
    logits = outputs.logits(dataset, prompts)
    scores = {"max-logit": max_logit(logits)}
    usual = msp(logits)
    if outputs.card.prompts:
        cosines = outputs.cosines(dataset, prompts)
        scores |= {"msp": usual, "msp-100": msp(HUNDRED * cosines)}
        usual = mcm(cosines)
    return scores | dict.fromkeys(DETECTION, usual)


def _parts(
    outputs: Outputs, sets: ood_detection.OODSets, dataset: str, parted: bool
) -> dict[str, np.ndarray]:
    parts = {ALL: np.ones(len(outputs.labels(dataset)), bool)}
    for part, labels in sets.parts.get(dataset, {}).items() if parted else ():
        parts[part] = outputs.table(dataset)["label"].isin(labels).to_numpy()
    return parts


def _shape(outputs: Outputs) -> Iterator[tuple[str, Measured]]:
    for background in BACKGROUNDS:
        dataset = f"{CONFLICT}-{background}"
        cues = shape_bias._cues(outputs, dataset)
        for prompts in PROMPT_SETS if outputs.card.prompts else ("",):
            for m in cue_conflict(dataset, outputs.logits(dataset, prompts), *cues, prompts):
                if m.metric == "shape_share":
                    yield "all-trials", m._replace(metric="shape_bias", draws=m.draws[:DRAWS])
