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
METHODS = ("linear-probe", "lora", "flyp", "cross-entropy", "wise")


def check_choice(where: str, what: str, value: str, known: tuple[str, ...]) -> None:
    """Raise BadInput unless `value` is one of `known`."""
    if value not in known:
        raise BadInput(f"{where}: {what} {value!r} is unknown", did_you_mean(value, known))


@dataclass(frozen=True, kw_only=True)
class DataRecipe:
    """What a model sees: the first `images` of a rendered pool of `pool`, with clean or uncurated captions.

    curation: "none", "text" (`clipkit.pocket.curation.TextFilter`) or "score" (`ScoreFilter` with the cosines of
    the shipped model `scorer`). augment: shift by up to four pixels and mirror, or show each image as it is.
    labels: "class", or "intermediate" for the finer and wider set of `clipkit.pocket.intermediate`.
    """

    distribution: str = "wild"
    pool: int = 24_000
    images: int = 24_000
    seed: int = 0
    captions: str = "clean"
    curation: str = "none"
    scorer: str = ""
    augment: bool = True
    labels: str = "class"

    def __post_init__(self):
        check_choice("data", "captions", self.captions, ("clean", "uncurated"))
        check_choice("data", "curation", self.curation, ("none", "text", "score"))
        check_choice("data", "labels", self.labels, ("class", "intermediate"))
        if not 1 <= self.images <= self.pool:
            raise BadInput(f"data: {self.images} images of a pool of {self.pool}", "1 ≤ images ≤ pool")
        if (self.curation == "score") != bool(self.scorer):
            raise BadInput(
                f"data: curation {self.curation!r} with scorer {self.scorer!r}",
                'name a scorer with curation = "score", and only then',
            )


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
class BaseRecipe:
    """What every recipe has; `seeds` are the repeats that the zoo holds.

    role: "zoo", or "reference" for a model that serves the zoo and is not in it.
    minutes: expected training time on one thread of a 2020s server core.
    """

    name: str
    seeds: list[int] = field(default_factory=lambda: [0])
    role: str = "zoo"
    minutes: float = 0.0
    data: DataRecipe = field(default_factory=DataRecipe)

    def to_json(self) -> str:
        """Canonical JSON of what decides the weights (not the expected minutes)."""
        values = {k: v for k, v in asdict(self).items() if k not in ("minutes", "seeds", "role")}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Recipe(BaseRecipe):
    """One way to train one architecture."""

    model: str
    objective: str = "contrastive"
    samples_seen: int = 190_000
    batch_size: int = 64
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)

    def __post_init__(self):
        check_choice(f"recipe {self.name}", "objective", self.objective, OBJECTIVES)
        check_choice(f"recipe {self.name}", "optimizer", self.optimizer.name, OPTIMIZERS)
        if not self.batch_size <= self.data.images:
            raise BadInput(
                f"recipe {self.name}: {self.data.images} images, batches of {self.batch_size}",
                "batch_size ≤ images",
            )

    @property
    def steps(self) -> int:
        """Number of optimiser steps."""
        return max(1, self.samples_seen // self.batch_size)


@dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(BaseRecipe):
    """One way to go on from a trained model: seed s starts from the parent's seed s.

    The methods are

    - "linear-probe": a classification head on the frozen tower, started from the class prompts;
    - "lora": low-rank changes (`rank`) to every matrix and kernel of the image tower, prompts as classifier;
    - "flyp": both towers by the contrastive loss against class prompts (Goyal et al. 2023);
    - "cross-entropy": image tower and head, the head started from the class prompts;
    - "wise": nothing is trained; the parent's and the origin's weights are averaged, `alpha` of the latter
      (Wortsman et al. 2022).

    origin: another fine-tuning recipe to start from ("" for the parent itself). batch_size is not used by
    "flyp", whose batches hold one image of each class.
    """

    parent: str
    method: str
    origin: str = ""
    samples_seen: int = 20_000
    batch_size: int = 64
    lr: float = 1e-4
    rank: int = 4
    alpha: float = 0.5

    def __post_init__(self):
        check_choice(f"recipe {self.name}", "method", self.method, METHODS)
        if self.method == "wise" and not self.origin:
            raise BadInput(f"recipe {self.name}: nothing to average with", "name an origin")
        if not 0 <= self.alpha <= 1:
            raise BadInput(f"recipe {self.name}: alpha {self.alpha}", "give a number from 0 to 1")

    @property
    def optimizer(self) -> OptimizerRecipe:
        """AdamW at the recipe's learning rate."""
        return OptimizerRecipe(lr=self.lr)


def shipped_recipes() -> list["Recipe | FinetuneRecipe"]:
    """Every recipe of the package, by name."""
    return [read_recipe(path) for path in sorted(RECIPES.glob("*.toml"))]


def read_recipe(path: str | Path) -> "Recipe | FinetuneRecipe":
    """A recipe from a TOML file, or by name from those shipped; one with a `parent` is a fine-tuning.

    Raises BadInput for unknown keys, wrong types and names that do not exist.
    """
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
    return parse_recipe({"name": path.stem, **values}, path)


def split_name(name: str) -> tuple[str, int]:
    """Recipe and seed of a model's name.

    >>> split_name("resnet-wild-10-s2")
    ('resnet-wild-10', 2)
    """
    recipe, _, seed = name.rpartition("-s")
    if not recipe or not seed.isdecimal():
        raise BadInput(f"{name!r} is no name of a pocket model", "write RECIPE-sSEED, such as resnet-wild-s0")
    return recipe, int(seed)


def parse_recipe(values: dict, path: Path) -> "Recipe | FinetuneRecipe":
    """A recipe from the keys of a TOML file or of a checkpoint's metadata; `path` is named in errors."""
    return _build(FinetuneRecipe if "parent" in values else Recipe, values, path)


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
