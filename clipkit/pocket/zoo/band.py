"""Ask the zoo in many ways: values of every variant of the prompts, all models in one small file."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.prompt_variants import NAMES_FILE, classifiers, prompt_variants
from clipkit.pocket.zoo import together
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.sections.pocket.prompt_band import COLUMNS
from clipkit.sections.prompt_values import DATASETS, PromptValues
from clipkit.store import EmbeddingStore

CODE = (
    *(f"pocket/{name}" for name in ("prompt_variants", "prompts", "vocabulary")),
    *(f"metrics/{name}" for name in ("accuracy", "debiased_calibration", "ood", "temperature", "ties")),
    *(f"sections/measure/{name}" for name in ("calibration", "natural_shifts", "ood_detection")),
    *(f"sections/measure/{name}" for name in ("shape_bias", "visual_factors")),
    "sections/prompt_values",
)
"""The modules that decide a value."""


def update_band(path: Path, store: Path, jobs: int = 1) -> Iterator[tuple[str, bool]]:
    """Ask each model with prompts; see `together.update`."""
    return together.update(path, prompted(), code_digest(), ask, DATASETS, store, jobs)


def prompted() -> list[str]:
    """The models of the zoo that take prompts."""
    return [card.name for card in pocket_cards() if card.prompts]


def ask(name: str, store: Path | EmbeddingStore) -> pd.DataFrame:
    """The values of one model, a row for each of `PromptValues.of` and each variant: columns `COLUMNS`."""
    import torch

    torch.set_num_threads(1)
    outputs = asked_outputs(name, store)
    values, rows = PromptValues(outputs), []
    for variant in prompt_variants():
        for key, value in values.of(variant.name).items():
            rows.append((name, *key, variant.kind, variant.name, value))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": "float32"})


def asked_outputs(name: str, store: Path | EmbeddingStore):
    """The `PocketOutputs` of a model, whose `prompts` are names of variants instead of sizes of sets."""
    from clipkit.pocket.outputs import PocketOutputs

    outputs = PocketOutputs(name, store)
    outputs._classifiers = classifiers(outputs.model, prompt_variants(), outputs.store)
    return outputs


@cache
def code_digest() -> str:
    """Changes with any statement of `CODE` and with the class names."""
    package = Path(__file__).parents[2]
    statements = statements_digest([package / f"{name}.py" for name in CODE])
    return hashlib.sha256(statements.encode() + NAMES_FILE.read_bytes()).hexdigest()[:16]
