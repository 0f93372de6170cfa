"""What each section measures on one model's outputs; the same on the pocket and the full track."""

from types import ModuleType

MEASURES: dict[str, ModuleType] = {}
"""Section → module with `DATASETS`, the sets it reads, and `measure(outputs)`, a list of `Measured`."""
