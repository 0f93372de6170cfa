"""What each section measures on one model's outputs; the same on the pocket and the full track."""

from types import ModuleType

from clipkit.sections.measure import (
    calibration,
    correspondence,
    corruption_3d,
    natural_shifts,
    ood_detection,
    retrieval,
    shape_bias,
    visual_factors,
)

MEASURES: dict[str, ModuleType] = {
    "visual factors": visual_factors,
    "shape bias": shape_bias,
    "OOD detection": ood_detection,
    "calibration": calibration,
    "retrieval": retrieval,
    "natural shifts": natural_shifts,
    "3D correspondence": correspondence,
    "3D corruption": corruption_3d,
}
"""Section → module with `DATASETS`, the sets it reads, and `measure(outputs)`, a list of `Measured`.

A module may also have `notes(outputs)`, texts by name that go into the metadata of a model's file.

:meta hide-value:
"""
