"""Which benchmarks each section's measure is given on the full track, and under which names."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from clipkit.datasets.classes import class_set
from clipkit.datasets.imagenet_x import FACTORS
from clipkit.full.data import (
    ANNOTATED,
    CORRUPTED,
    CUE_NAMES,
    CUES,
    MATCHED,
    STANDS_FOR,
    THRESHOLD,
    TOP,
    TWINS,
    VAL,
)
from clipkit.metrics import class_probabilities
from clipkit.registry import Registry
from clipkit.sections.measure import calibration as measure_calibration
from clipkit.sections.measure import correspondence as measure_correspondence
from clipkit.sections.measure import corruption_3d as measure_corruption
from clipkit.sections.measure import natural_shifts as measure_natural_shifts
from clipkit.sections.measure import ood_detection as measure_ood
from clipkit.sections.measure import retrieval as measure_retrieval
from clipkit.sections.measure import shape_bias as measure_shape_bias
from clipkit.sections.measure import visual_factors as measure_factors
from clipkit.sections.measured import Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts

CALIBRATION = measure_calibration.CalibrationSets(
    VAL, (MATCHED, "imagenet-r", "imagenet-a", "imagenet-sketch", "objectnet"), other=(THRESHOLD, TOP, *TWINS)
)
"""V2 counts once in the mean over the shifted sets. The twins tell a shift from a smaller choice of classes."""
RETRIEVAL = ("flickr30k", "coco")
MEANS = {
    measure_calibration.SHIFTED,
    *measure_ood.FULL.means,
    *measure_corruption.FAMILIES,
    measure_correspondence.EVERYTHING,
}
"""Data sets of rows that are means over several."""


def natural_shifts(outputs: Outputs) -> list[Measured]:
    """The measure of the pocket track, which takes no names: each row under that of the benchmark it was given."""
    return [m._replace(dataset=STANDS_FOR[m.dataset]) for m in measure_natural_shifts.measure(outputs)]


def corruption_3d(outputs: Outputs) -> list[Measured]:
    """The measure of the pocket track on ImageNet-3DCC and -C, under their names; resampled with the clean images.

    NaN is retained where no clean image is classified right, as may happen to random weights.
    """
    names = STANDS_FOR | CORRUPTED
    with np.errstate(divide="ignore", invalid="ignore"):
        found = measure_corruption.measure(outputs)
    return [
        m._replace(
            dataset=names.get(m.dataset, m.dataset),
            value=m.value if np.isfinite(m.value) else np.nan,
            draws=np.where(np.isfinite(m.draws), m.draws, np.nan),
        )
        for m in found
    ]


def visual_factors(outputs: Outputs) -> list[Measured]:
    """ImageNet-X: with the most salient factor of each image, and with all that apply at default prompts alone.

    The base is ImageNet-X's average over all annotated images. With smaller sets of prompts only the base and
    the mean over the factors are measured.
    """
    base, mean = measure_factors.BASE, measure_factors.MEAN
    default, (top, multi) = default_prompts(outputs), ANNOTATED
    asked = [(top, p) for p in (PROMPT_SETS if outputs.card.prompts else (default,))] + [(multi, default)]
    found = []
    for dataset, prompts in asked:
        correct = outputs.logits(dataset, prompts).argmax(axis=1) == outputs.labels(dataset)
        marked = outputs.table(dataset)[list(FACTORS)].to_numpy()
        numbers = measure_factors.from_annotations(correct, marked, prompts=prompts, dataset=dataset)
        found += numbers if prompts == default else [m for m in numbers if m.subset in (base, mean)]
    return found


def shape_bias(outputs: Outputs) -> list[Measured]:
    """The cue-conflict images, decided in two ways; with smaller sets of prompts only the shape biases.

    "cue-conflict": a thousand classes, softmax, mean probability over the members of each of the sixteen categories:
    every model has it. "cue-conflict/names": prompts of the sixteen names; only models with prompts.
    """
    labels, table, categories = outputs.labels(CUES), outputs.table(CUES), class_set(CUES)
    texture = np.array([categories.folders.index(name) for name in table["texture"]])
    members = dict(zip(categories.folders, categories.members, strict=True))
    default = default_prompts(outputs)
    found = []
    for prompts in PROMPT_SETS if outputs.card.prompts else (default,):
        scores = {
            CUES: class_probabilities(softmax(outputs.logits(CUES, prompts).astype(float), axis=1), members)
        }
        if outputs.card.prompts:
            scores[CUE_NAMES] = outputs.logits(CUE_NAMES, prompts)
        for dataset, values in scores.items():
            # One name, so that both ways are scored on the same resamples.
            numbers = measure_shape_bias.cue_conflict(CUES, values, labels, texture, prompts)
            numbers = [m._replace(dataset=dataset) for m in numbers]
            found += numbers if prompts == default else [m for m in numbers if m.metric == "shape_bias"]
    return found


def retrieval(outputs: Outputs) -> list[Measured]:
    """Recall on both benchmarks; none for a model without a text tower."""
    if not outputs.card.prompts:
        return []
    return [m for dataset in RETRIEVAL for m in measure_retrieval.recalls(outputs, dataset, "captions")]


@dataclass(frozen=True)
class Section:
    """A section on the full track: the sets it reads, and the measure of the pocket track on them."""

    datasets: tuple[str, ...]
    measure: Callable[[Outputs], list[Measured]]
    notes: Callable[[Outputs], dict[str, str]] = lambda outputs: {}
    needs_texts: bool = False


SECTIONS: Registry[Section] = Registry(
    "section",
    {
        "visual-factors": Section(tuple(ANNOTATED), visual_factors),
        "shape-bias": Section((CUES, CUE_NAMES), shape_bias),
        "ood-detection": Section(
            (measure_ood.FULL.known, *measure_ood.FULL.names),
            lambda outputs: measure_ood.measure(outputs, measure_ood.FULL),
        ),
        "calibration": Section(
            CALIBRATION.names,
            lambda outputs: measure_calibration.measure(outputs, CALIBRATION),
            lambda outputs: measure_calibration.notes(outputs, CALIBRATION),
        ),
        "retrieval": Section(RETRIEVAL, retrieval, needs_texts=True),
        "natural-shifts": Section(tuple(STANDS_FOR.values()), natural_shifts),
        "3d-correspondence": Section(tuple(measure_correspondence.FULL_SETS), measure_correspondence.measure),
        "3d-corruption": Section((VAL, *CORRUPTED.values()), corruption_3d),
    },
)
