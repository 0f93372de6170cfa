"""A ModelCard for each shipped pocket model, read from the recipe in its weights file."""

from functools import cache
from pathlib import Path

from clipkit.models.cards import ModelCard
from clipkit.pocket.zoo.files import WEIGHTS, recipe_of
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, shipped_recipes, split_name

TOWERS = {"resnet": "CNN", "convnext": "CNN", "vit": "ViT", "edgenext": "hybrid"}
LOSSES = {"contrastive": "softmax", "sigmoid": "sigmoid", "supervised": "cross-entropy"}


@cache
def pocket_cards() -> tuple[ModelCard, ...]:
    """The zoo as shipped: from-scratch models, baselines, then fine-tuned ones, each by name.

    Averages of two models have no file; they are there if both of them are. Models that only serve others
    (role "reference") are left out.
    """
    files = {path.stem for path in WEIGHTS.glob("*.safetensors")}
    recipes = shipped_recipes()
    averages = {
        f"{r.name}-s{s}"
        for r in recipes
        if isinstance(r, FinetuneRecipe) and r.method == "wise"
        for s in r.seeds
        if {f"{r.parent}-s{s}", f"{r.origin}-s{s}"} <= files
    }
    serving = {r.name for r in recipes if r.role == "reference"}
    found = [pocket_card(name) for name in files | averages if split_name(name)[0] not in serving]
    kinds = ("zero_shot", "baseline", "finetuned")
    return tuple(sorted(found, key=lambda card: (kinds.index(card.kind), card.name)))


def pocket_card(name: str, folder: Path = WEIGHTS) -> ModelCard:
    """The card of one model; `folder` is where a model that is not shipped lies."""
    recipe, seed = recipe_of(name, folder), split_name(name)[1]
    if isinstance(recipe, FinetuneRecipe):
        return _finetuned(recipe, name, pocket_card(f"{recipe.parent}-s{seed}", folder))
    return _from_scratch(recipe, name)


def _from_scratch(recipe: Recipe, name: str) -> ModelCard:
    supervised = recipe.objective == "supervised"
    data = recipe.data
    return ModelCard(
        name=name,
        track="pocket",
        kind="baseline" if supervised else "zero_shot",
        architecture=recipe.model,
        tower_kind=TOWERS[recipe.model.split("-")[1]],
        source=data.distribution,
        training_pairs=data.images / 1e6,
        loss=LOSSES[recipe.objective],
        prompts=not supervised,
        curated={"none": ""}.get(data.curation, data.curation),
        pool=data.captions,
        run=name,
        weights=f"{name}.safetensors",
        quickgelu=None,
    )


def _finetuned(recipe: FinetuneRecipe, name: str, parent: ModelCard) -> ModelCard:
    tuned_on = "intermediate" if recipe.data.labels == "intermediate" else recipe.data.distribution
    said = f"{recipe.method} on {tuned_on}"
    if recipe.method == "wise":
        said = f"wise {recipe.alpha:g} of {recipe.origin}"
    elif recipe.origin:
        said += f" after {recipe.origin}"
    return ModelCard(
        name=name,
        track="pocket",
        kind="finetuned",
        architecture=parent.architecture,
        tower_kind=parent.tower_kind,
        source=parent.source,
        training_pairs=parent.training_pairs,
        finetuning=said,
        loss=parent.loss,
        prompts=recipe.method in ("flyp", "lora"),
        parent=parent.name,
        curated=parent.curated,
        pool=parent.pool,
        run=parent.run,
        weights=f"{name}.safetensors",
    )
