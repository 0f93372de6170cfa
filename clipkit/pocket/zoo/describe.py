"""What is known of one trained model: its recipe, how training went, and the checksum of its weights."""

import json
from pathlib import Path

from clipkit.errors import MissingData
from clipkit.models.weights import sha256_of
from clipkit.pocket.zoo.files import WEIGHTS, read_metadata, weights_file
from clipkit.pocket.zoo.recipe import FinetuneRecipe, read_recipe, split_name


def describe(name: str, folder: Path | None = None) -> dict:
    """Name, seed, file, bytes, sha256, data fingerprint, versions, recipe and learning curve of a model.

    The recipe is the one its weights were trained by, as the file says. `curve` has "columns" and "rows". An
    average of two models has neither file nor curve. folder: where to look first, then among the shipped ones.

    Raises BadInput for a name that neither a file nor a recipe has, and MissingData for a model that is not
    trained yet.
    """
    recipe_name, seed = split_name(name)
    try:
        path = weights_file(name, folder or WEIGHTS)
    except MissingData:
        recipe = read_recipe(recipe_name)
        if not (isinstance(recipe, FinetuneRecipe) and recipe.method == "wise"):
            raise
        return {
            "name": name,
            "seed": seed,
            "file": f"none: averaged from {recipe.parent}-s{seed} and {recipe.origin}-s{seed}",
            "recipe": json.loads(recipe.to_json()),
            "curve": {"columns": [], "rows": []},
        }
    said = read_metadata(path)
    return {
        "name": name,
        "seed": seed,
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "data_fingerprint": said["data_fingerprint"],
        "versions": json.loads(said["versions"]),
        "recipe": json.loads(said["recipe"]),
        "curve": {"columns": json.loads(said["curve_columns"]), "rows": json.loads(said["curve"])},
    }
