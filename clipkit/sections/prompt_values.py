"""The numbers that claims and headlines rest on, without draws: quick enough for a hundred ways to ask."""

from functools import cached_property

import numpy as np

from clipkit.metrics import auroc, fit_temperature, mcm, msp, softmax
from clipkit.metrics.accuracy import target_in_top_k
from clipkit.metrics.debiased_calibration import rms_calibration_error
from clipkit.sections.measure import calibration, natural_shifts, ood_detection, shape_bias, visual_factors
from clipkit.sections.outputs import Outputs

Key = tuple[str, str, str, str]
"""Section, dataset, subset, metric: the row of a `MeasuredTable` that a value belongs to."""
CONFLICTS = tuple(f"{shape_bias.CONFLICT}-{background}" for background in shape_bias.BACKGROUNDS)
_SHIFTED = (natural_shifts.ORDINARY, *natural_shifts.SHIFTS)
DATASETS = tuple(
    dict.fromkeys(
        (
            *_SHIFTED,
            *visual_factors.DATASETS,
            *CONFLICTS,
            *ood_detection.DATASETS,
            *calibration.POCKET.shifted,
        )
    )
)
"""The sets that are asked about. Retrieval is not among them: captions are used as they are, without templates."""


class PromptValues:
    """One model's numbers, for one way to ask after the other.

    outputs: of a model with prompts; what it knows of the images is read once.
    """

    def __init__(self, outputs: Outputs):
        self._outputs = outputs
        self._labels = {name: outputs.labels(name) for name in DATASETS}

    def of(self, prompts: str) -> dict[Key, float]:
        """What the sections' `measure` gives with `prompts` as the value of each row; fractions.

        natural shifts: accuracy on each set; visual factors: accuracy of the base, under each factor and on
        average, and the mean drop; shape bias by all classes on both backgrounds; OOD detection: AUROC by MCM on
        near classes, far sets and all, by MSP on all; calibration: RMS error and signed gap, as they are and after
        one temperature, and the accuracies that belong to them. Shape bias is NaN where neither cue was chosen.
        """
        card = self._outputs.card
        cosines = {name: self._outputs.cosines(name, prompts) for name in DATASETS}
        logits = {name: card.logit_scale * c + (card.logit_bias or 0.0) for name, c in cosines.items()}
        decided = {name: values.argmax(axis=1) for name, values in logits.items()}
        right = {name: decided[name] == self._labels[name] for name in DATASETS}
        found = {
            (natural_shifts.SECTION, name, natural_shifts.ALL, "accuracy"): right[name].mean()
            for name in _SHIFTED
        }
        found |= self._visual_factors(right) | self._shape_bias(decided)
        found |= self._ood_detection(right, cosines, logits) | self._calibration(logits)
        return {key: float(value) for key, value in found.items()}

    def _visual_factors(self, right: dict[str, np.ndarray]) -> dict[Key, float]:
        (dataset,) = visual_factors.DATASETS
        found = {name: right[dataset][rows].mean() for name, rows in self._factors.items()}
        base = found[visual_factors.BASE]
        mean = np.mean([value for name, value in found.items() if name != visual_factors.BASE])
        rows = {(name, "accuracy"): value for name, value in found.items()}
        rows |= {(visual_factors.MEAN, "accuracy"): mean, (visual_factors.MEAN, "drop"): base - mean}
        return {(visual_factors.SECTION, dataset, *row): value for row, value in rows.items()}

    @cached_property
    def _factors(self) -> dict[str, np.ndarray]:
        factor = self._outputs.table(visual_factors.DATASETS[0])["factor"].to_numpy()
        return {name: factor == name for name in dict.fromkeys(factor)}

    def _shape_bias(self, decided: dict[str, np.ndarray]) -> dict[Key, float]:
        found = {}
        for dataset, (shape, texture) in self._cues.items():
            by_shape, by_texture = (
                np.sum((shape != texture) & (decided[dataset] == cue)) for cue in (shape, texture)
            )
            either = by_shape + by_texture
            value = by_shape / either if either else np.nan
            found[shape_bias.SECTION, dataset, shape_bias.ALL_CLASSES, "shape_bias"] = value
        return found

    @cached_property
    def _cues(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {dataset: shape_bias._cues(self._outputs, dataset) for dataset in CONFLICTS}

    def _ood_detection(self, right, cosines, logits) -> dict[Key, float]:
        sets = ood_detection.POCKET
        rows = {(sets.known, "accuracy"): right[sets.known].mean()}
        for metric, score, outputs, kept in (
            (ood_detection.AUROC, mcm, cosines, sets.headlines),
            (f"{ood_detection.AUROC}/msp", msp, logits, {ood_detection.ALL}),
        ):
            known = score(outputs[sets.known])
            found = {name: auroc(known, score(outputs[name])) for name in sets.names}
            found |= {mean: np.mean([found[m] for m in members]) for mean, members in sets.means.items()}
            rows |= {(name, metric): value for name, value in found.items() if name in kept}
        return {
            (ood_detection.SECTION, dataset, ood_detection.ALL, metric): value
            for (dataset, metric), value in rows.items()
        }

    def _calibration(self, logits) -> dict[Key, float]:
        sets, labels = calibration.POCKET, self._labels
        fitted = self._fitted
        known = logits[sets.known].astype(np.float64)
        temperature = fit_temperature(known[fitted], labels[sets.known][fitted])
        rows = dict(zip(_METRICS, _errors(known, labels[sets.known]), strict=True))
        found = {(sets.known, calibration.ALL, metric): value for metric, value in rows.items()}
        held_out = known[~fitted], labels[sets.known][~fitted]
        for subset, t in ((calibration.HELD_OUT, 1.0), (calibration.SCALED, temperature)):
            found[sets.known, subset, calibration.RMS] = _errors(*held_out, t)[0]
        shifted = [(logits[name].astype(np.float64), labels[name]) for name in sets.shifted]
        means = np.mean([_errors(*each) for each in shifted], axis=0)
        for metric, value in zip(_METRICS, means, strict=True):
            found[calibration.SHIFTED, calibration.ALL, metric] = value
        scaled = np.mean([_errors(*each, temperature)[0] for each in shifted])
        found[calibration.SHIFTED, calibration.SCALED, calibration.RMS] = scaled
        return {(calibration.SECTION, *row): value for row, value in found.items()}

    @cached_property
    def _fitted(self) -> np.ndarray:
        known = calibration.POCKET.known
        return calibration.fitting_half(known, len(self._labels[known]))


_METRICS = (calibration.RMS, calibration.GAP, "accuracy")


def _errors(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> tuple[float, float, float]:
    """The numbers of `_METRICS`."""
    confidence, correct = softmax(logits, temperature).max(axis=1), target_in_top_k(logits, labels, k=1)
    return rms_calibration_error(confidence, correct), (confidence - correct).mean(), correct.mean()
