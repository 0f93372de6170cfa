"""A training recipe: a TOML file whose every key is known and has the right type."""

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path

from clipkit.errors import BadInput
from clipkit.registry import did_you_mean

RECIPES = Path(__file__).parent / "recipes"
OBJECTIVES = ("contrastive", "sigmoid", "supervised")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True, kw_only=True)
class DataRecipe:
    """What a model sees: the first `images` of a rendered pool of `pool`, with clean or uncurated captions.

    curation: "none" or "text" (`clipkit.pocket.curation.TextFilter`).
    """

    distribution: str = "wild"
    pool: int = 24_000
    images: int = 24_000
    seed: int = 0
    captions: str = "clean"
    curation: str = "none"


@dataclass(frozen=True, kw_only=True)
class OptimizerRecipe:
    """AdamW for all parameters, or Muon for the matrices of transformer blocks and AdamW for the rest."""

    name: str = "adamw"
    lr: float = 1.5e-3
    muon_lr: float = 0.02
    weight_decay: float = 0.1
    warmup: float = 0.08
    clip: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to train one architecture; `seeds` are the repeats that the zoo holds.

    init: a safetensors file to start from instead of random weights ("" for none).
    minutes: expected training time on one thread of a 2020s server core.
    """

    name: str
    model: str
    objective: str = "contrastive"
    samples_seen: int = 190_000
    batch_size: int = 64
    seeds: list[int] = field(default_factory=lambda: [0])
    init: str = ""
    minutes: float = 0.0
    data: DataRecipe = field(default_factory=DataRecipe)
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)

    def __post_init__(self):
        for value, known, what in (
            (self.objective, OBJECTIVES, "objective"),
            (self.optimizer.name, OPTIMIZERS, "optimizer"),
            (self.data.captions, ("clean", "uncurated"), "captions"),
            (self.data.curation, ("none", "text"), "curation"),
        ):
            if value not in known:
                raise BadInput(
                    f"recipe {self.name}: {what} {value!r} is unknown", f"use one of {', '.join(known)}"
                )
        if not self.batch_size <= self.data.images <= self.data.pool:
            raise BadInput(
                f"recipe {self.name}: {self.data.images} images of a pool of {self.data.pool}, batches of "
                f"{self.batch_size}",
                "batch_size ≤ images ≤ pool",
            )

    @property
    def steps(self) -> int:
        """Number of optimiser steps."""
        return max(1, self.samples_seen // self.batch_size)

    def to_json(self) -> str:
        """Canonical JSON of what decides the weights (not the expected minutes)."""
        values = {k: v for k, v in asdict(self).items() if k not in ("minutes", "seeds")}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


def read_recipe(path: str | Path) -> Recipe:
    """A recipe from a TOML file, or by name from those shipped; unknown keys and wrong types are errors."""
    path = Path(path)
    if not path.is_file() and (RECIPES / f"{path}.toml").is_file():
        path = RECIPES / f"{path}.toml"
    if not path.is_file():
        raise BadInput(
            f"no recipe {str(path)!r}", did_you_mean(str(path), [p.stem for p in RECIPES.glob("*.toml")])
        )
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}") from None
    return _build(Recipe, {"name": path.stem, **values}, path)


def _build(kind, values: dict, path: Path):
    known = {f.name: f for f in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise BadInput(f"{path}: unknown key {key!r}", did_you_mean(key, known))
        wanted = known[key].type
        if is_dataclass(wanted):
            values = {**values, key: _build(wanted, value, path)}
        elif wanted is float and type(value) is int:
            values = {**values, key: float(value)}
        elif type(value) is not (list if wanted == list[int] else wanted):
            raise BadInput(
                f"{path}: {key} = {value!r} is of type {type(value).__name__}", f"give {wanted.__name__}"
            )
    try:
        return kind(**values)
    except TypeError as error:
        raise BadInput(f"{path}: {error}") from None
