"""The recipe of the pocket LMMs: `recipe.toml`, one for all, so that nothing but the tower differs."""

import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from clipkit.pocket.zoo.recipe import DataRecipe

RECIPE = Path(__file__).with_name("recipe.toml")
STAGES = ("language", "alignment", "instruction")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How long and how fast one stage of the training learns."""

    samples_seen: int
    batch_size: int
    lr: float

    @property
    def steps(self) -> int:
        """Number of optimiser steps."""
        return self.samples_seen // self.batch_size


@dataclass(frozen=True, kw_only=True)
class LmmRecipe:
    """A decoder of `layers` × `width`, and its three stages.

    language: text alone, to answer questions about a caption, once for all towers; then the two stages of Liu et
    al. (2023), alignment: the projectors alone, on captions; instruction: projectors and decoder, on questions.
    instructions: about each image, besides one choice between two names. rare: how often those are asked that few
    images allow, each time in other words.
    """

    towers: tuple[str, ...]
    data: DataRecipe
    language: Stage
    alignment: Stage
    instruction: Stage
    width: int
    layers: int
    heads: int
    instructions: int = 3
    rare: int = 3

    def to_json(self) -> str:
        """Canonical JSON of what decides the weights (not which towers there are)."""
        values = {key: value for key, value in asdict(self).items() if key != "towers"}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


def read_recipe(path: Path = RECIPE) -> LmmRecipe:
    """The recipe of a TOML file, by default the shipped one."""
    values = tomllib.loads(path.read_text())
    stages = {name: Stage(**values.pop(name)) for name in STAGES}
    data, towers = DataRecipe(**values.pop("data")), tuple(values.pop("towers"))
    return LmmRecipe(towers=towers, data=data, **stages, **values)
