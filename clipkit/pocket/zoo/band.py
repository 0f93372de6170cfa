"""Ask the zoo in many ways: values of every variant of the prompts, all models in one small file."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.prompt_variants import NAMES_FILE, classifiers, prompt_variants
from clipkit.pocket.sets import load_set
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.results import git_commit, versions
from clipkit.sections.pocket.prompt_band import COLUMNS, PromptBand, read_band
from clipkit.sections.prompt_values import DATASETS, PromptValues
from clipkit.sections.stored_draws import write_frame
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
    """Ask each model with prompts on the test split; yields its name, and whether anything was to do.

    Images come from the embedding store, where `clipkit pocket evaluate` has left them. A model that the file
    says was asked with these weights and by this code is passed over; one that is no longer there is dropped.
    """
    frame, said = read_band(path) if path.is_file() else PromptBand(pd.DataFrame(columns=COLUMNS), {})
    frames = dict(list(frame.groupby("model", sort=False)))
    wanted = {name: made_by(name) for name in prompted()}
    stale = [name for name, by in wanted.items() if said.get(name) != by]
    for name in DATASETS if stale else ():
        load_set(name)  # here, so that the processes do not render it side by side
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        asked = pool.map(ask, stale, [store] * len(stale))
        for name in wanted:
            if name in stale:
                frames[name], said[name] = next(asked), wanted[name]
                _write(frames, {n: said[n] for n in wanted if n in frames}, path)
            yield name, name in stale


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
    return pd.DataFrame(rows, columns=COLUMNS)


def asked_outputs(name: str, store: Path | EmbeddingStore):
    """The `PocketOutputs` of a model, whose `prompts` are names of variants instead of sizes of sets."""
    from clipkit.pocket.outputs import PocketOutputs

    outputs = PocketOutputs(name, store)
    outputs._classifiers = classifiers(outputs.model, prompt_variants(), outputs.store)
    return outputs


def made_by(name: str) -> dict[str, str]:
    """What a model's values hang on."""
    from clipkit.pocket.zoo.model import tower_digest

    return {"weights": tower_digest(name), "code": code_digest()}


@cache
def code_digest() -> str:
    """Changes with any statement of `CODE` and with the class names."""
    package = Path(__file__).parents[2]
    statements = statements_digest([package / f"{name}.py" for name in CODE])
    return hashlib.sha256(statements.encode() + NAMES_FILE.read_bytes()).hexdigest()[:16]


def _write(frames: dict[str, pd.DataFrame], said: dict[str, dict[str, str]], path: Path) -> None:
    frame = pd.concat([frames[name] for name in said], ignore_index=True).astype({"value": "float32"})
    write_frame(frame, path, models=json.dumps(said), versions=versions(), git_commit=git_commit())
