"""The shipped pocket models, whole or computed from a parent and a difference."""

from pathlib import Path

import torch

from clipkit.models.weights import read_weights
from clipkit.pocket import models
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.vocabulary import article
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.delta import restore
from clipkit.pocket.zoo.files import WEIGHTS, recipe_of, weights_file
from clipkit.pocket.zoo.recipe import FinetuneRecipe, split_name
from clipkit.pocket.zoo.towers import Classifier, merge_low_rank


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
