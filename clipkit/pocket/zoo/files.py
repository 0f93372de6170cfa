"""The files of the zoo: where a model's weights lie, and what its file says of it. Imports without torch."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from clipkit.errors import CorruptData, MissingData
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, parse_recipe, shipped_recipes, split_name

WEIGHTS = Path(__file__).parent / "weights"


def weights_file(name: str, folder: Path = WEIGHTS) -> Path:
    """The file of a model in `folder`, or among the shipped ones; raises MissingData."""
    for place in (folder, WEIGHTS):
        if (place / f"{name}.safetensors").is_file():
            return place / f"{name}.safetensors"
    recipe, seed = split_name(name)
    raise MissingData(
        f"no weights of {name} in {folder}",
        f"train it: clipkit pocket train {recipe} --seed {seed} --out {folder}",
    )


def read_metadata(path: Path) -> dict[str, str]:
    """What the trainer wrote into a weights file: recipe, seed, data fingerprint, versions, curve."""
    try:
        with safe_open(path, "np") as handle:
            return handle.metadata()
    except (OSError, SafetensorError) as error:
        raise CorruptData(
            f"{path} is no readable safetensors file: {error}", "fetch or train it again"
        ) from None


def recipe_of(name: str, folder: Path = WEIGHTS) -> Recipe | FinetuneRecipe:
    """The recipe in a model's own file; of an average of two others, which has no file, the shipped one."""
    try:
        path = weights_file(name, folder)
    except MissingData:
        average = next((r for r in shipped_recipes() if r.name == split_name(name)[0]), None)
        if isinstance(average, FinetuneRecipe) and average.method == "wise":
            return average
        raise
    return parse_recipe(json.loads(read_metadata(path)["recipe"]), path)
