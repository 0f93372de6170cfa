"""The shipped pocket models, whole or computed from a parent and a difference."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.models.weights import read_weights
from clipkit.pocket import models
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.vocabulary import article
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.delta import restore
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, parse_recipe, read_recipe
from clipkit.pocket.zoo.towers import Classifier, merge_low_rank

WEIGHTS = Path(__file__).parent / "weights"


def split_name(name: str) -> tuple[str, int]:
    """Recipe and seed of a model's name.

    >>> split_name("resnet-wild-10-s2")
    ('resnet-wild-10', 2)
    """
    recipe, _, seed = name.rpartition("-s")
    if not recipe or not seed.isdecimal():
        raise BadInput(f"{name!r} is no name of a pocket model", "write RECIPE-sSEED, such as resnet-wild-s0")
    return recipe, int(seed)


def weights_file(name: str, folder: Path = WEIGHTS) -> Path:
    """The file of a model in `folder`, or among the shipped ones; raises MissingData."""
    for place in (folder, WEIGHTS):
        if (place / f"{name}.safetensors").is_file():
            return place / f"{name}.safetensors"
    recipe, seed = split_name(name)
    raise MissingData(
        f"no weights of {name} in {folder}", f"train it: clipkit pocket train {recipe} --seed {seed} --out {folder}"
    )


def read_metadata(path: Path) -> dict[str, str]:
    """What the trainer wrote into a weights file: recipe, seed, data fingerprint, versions, curve."""
    try:
        with safe_open(path, "pt") as handle:
            return handle.metadata()
    except (OSError, SafetensorError) as error:
        raise CorruptData(f"{path} is no readable safetensors file: {error}", "fetch or train it again") from None


def recipe_of(name: str, folder: Path = WEIGHTS) -> Recipe | FinetuneRecipe:
    """The recipe in a model's own file; of an average of two others, which has no file, the shipped one."""
    shipped = read_recipe(split_name(name)[0]) if not (folder / f"{name}.safetensors").is_file() else None
    if isinstance(shipped, FinetuneRecipe) and shipped.method == "wise":
        return shipped
    path = weights_file(name, folder)
    return parse_recipe(json.loads(read_metadata(path)["recipe"]), path)


def load_net(name: str, folder: Path = WEIGHTS) -> torch.nn.Module:
    """The model called `name` in evaluation mode: an open_clip CLIP, or a `Classifier`.

    folder: where to look first; parents are looked for there too. Raises MissingData or CorruptData.
    """
    recipe = recipe_of(name, folder)
    seed = split_name(name)[1]
    if isinstance(recipe, FinetuneRecipe):
        net = _finetuned(recipe, name, seed, folder)
    elif recipe.objective == "supervised":
        net = Classifier(models.create(recipe.model).visual, len(CLASS_NAMES), normalise=False)
        net.load_state_dict(read_weights(weights_file(name, folder)))
    else:
        net = models.create(recipe.model, weights_file(name, folder))
    return net.eval().requires_grad_(False)


def _finetuned(recipe: FinetuneRecipe, name: str, seed: int, folder: Path) -> torch.nn.Module:
    parent = load_net(f"{recipe.parent}-s{seed}", folder)
    if recipe.method == "wise":
        return _average(parent, load_net(f"{recipe.origin}-s{seed}", folder), recipe.alpha)
    stored = read_weights(weights_file(name, folder))
    if recipe.method == "lora":
        merge_low_rank(parent.visual, stored)
        return parent
    if recipe.method == "flyp":
        parent.load_state_dict(restore(parent.state_dict(), stored))
        return parent
    head = {key: stored.pop(key).float() for key in ("head.weight", "head.bias")}
    net = Classifier(parent.visual, len(head["head.bias"]), normalise=True)
    if recipe.method == "cross-entropy":
        net.visual.load_state_dict(restore(parent.visual.state_dict(), stored))
    net.head.load_state_dict({key.removeprefix("head."): value for key, value in head.items()})
    return net


def _average(parent: torch.nn.Module, tuned: Classifier, alpha: float) -> Classifier:
    """Weights (1 − alpha) · parent + alpha · tuned, the parent's head made of class prompts."""
    start = zero_shot_classifier(parent).state_dict()
    own = tuned.state_dict()
    tuned.load_state_dict(
        {k: torch.lerp(start[k].float(), v.float(), alpha).to(v.dtype) for k, v in own.items()}
    )
    return tuned


@torch.no_grad()
def zero_shot_classifier(net: torch.nn.Module, class_names=CLASS_NAMES) -> Classifier:
    """A CLIP as a classifier: its image tower, and a head of eighty prompts a class times the logit scale.

    Its logits are those of zero-shot classification with these prompts.
    """
    tokenize, templates = models.tokenizer(), prompt_set(80)
    rows = []
    for name in class_names:
        prompts = tokenize([article(t.format(spoken(name))) for t in templates])
        rows.append(torch.nn.functional.normalize(net.encode_text(prompts, normalize=True).mean(0), dim=0))
    found = Classifier(net.visual, len(class_names), normalise=True)
    found.head.weight.copy_(torch.stack(rows) * net.logit_scale.exp())
    found.head.bias.zero_()
    return found


def spoken(class_name: str) -> str:
    """A class as prompts call it: of "mug: espresso cup" the finer name."""
    return class_name.rpartition(": ")[2]
