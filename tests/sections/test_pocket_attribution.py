"""Attribution of the zoo against its clean contrasts, on numbers that were made up."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from clipkit.errors import MissingData
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket.attribution import (
    METRICS,
    against_contrasts,
    agreement,
    pocket_table,
    recipe_factors,
)

RECIPES = ("resnet-wild", "resnet-studio", "resnet-mixed", "resnet-wild-10", "resnet-wild-sigmoid", "vit-wild",
           "resnet-wild-plain", "resnet-uncurated", "lora-wild", "lora-studio", "flyp-wild", "flyp-studio",
           "supervised-resnet-wild")  # fmt: skip
EFFECTS = {
    "vit": -0.3,
    "studio": -1.2,
    "mixed": 0.4,
    "uncurated": -0.8,
    "sigmoid": 0.1,
    "lora": -0.2,
    "flyp": -0.5,
}


def logit_of(recipe: str, interaction: float = 0.0) -> float:
    said = recipe_factors(recipe)
    total = sum(EFFECTS.get(level, 0.0) for name, level in said.items() if name != "fine-tuning data")
    total += 0.6 * (said["training-set size, ×10"] - 4) - 0.3 * (said["fine-tuning data"] == "studio")
    return total + interaction * (recipe == "flyp-studio")


def zoo(interaction: float = 0.0) -> MeasuredTable:
    rng = np.random.default_rng(0)
    rows, draws = [], []
    luck = {seed: 0.02 * rng.normal() for seed in range(3)}
    for recipe in RECIPES:
        for seed in range(3):
            own = 0.02 * rng.normal()
            for prompts in ("80", "1") if not recipe.startswith("supervised") else ("",):
                for name, key in METRICS["accuracy"].items():
                    hard = 0.2 * list(METRICS["accuracy"]).index(name)
                    mean = 0.0 if recipe.startswith("supervised") else logit_of(recipe, interaction)
                    mean += luck[seed] + own - hard - 0.05 * (prompts == "1")
                    rows.append((f"{recipe}-s{seed}", *key, prompts, expit(mean)))
                    draws.append(expit(mean + 0.02 * rng.normal(size=DRAWS)))
    frame = pd.DataFrame(
        rows, columns=["model", "section", "dataset", "subset", "metric", "prompts", "value"]
    )
    return MeasuredTable(frame, np.array(draws), {})


def test_additive_effects_are_attributed_as_the_contrasts_find_them():
    frame = against_contrasts("accuracy", zoo())
    known = frame.set_index("id")
    for name, effect in {"distribution-studio": -1.2, "architecture-vit": -0.3, "size-10": -0.6, "loss-sigmoid": 0.1,
                         "flyp-studio": -0.8, "flyp-data-studio": -0.3, "prompts-1": -0.05}.items():  # fmt: skip
        assert known.attributed[name] == pytest.approx(effect, abs=0.06), name
        assert known.effect[name] == pytest.approx(effect, abs=0.06), name
    # No card tells of augmentation.
    assert known.index[~known.seen].tolist() == ["augmentation-off"]
    found = agreement([frame]).iloc[0]
    assert found.seen == found.contrasts - 1 and found.held >= 0.9 * found.seen
    assert found.same_sign == found.clear > 5
    assert found.error < 0.05 < found.naive_error


def test_effects_that_do_not_add_up_are_missed():
    frame = against_contrasts("accuracy", zoo(interaction=-1.0)).set_index("id")
    assert frame.effect["flyp-studio"] == pytest.approx(-1.8, abs=0.06)
    assert frame.effect["flyp-studio"] < frame.attributed_low["flyp-studio"]


def test_the_table_holds_clip_models_asked_in_full_with_the_run_they_go_back_to():
    table = pocket_table("accuracy", zoo())
    assert {split_name(m)[0] for m in table.values.index} == {*RECIPES} - {"supervised-resnet-wild"}
    assert table.runs["lora-studio-s1"] == "resnet-wild-s1" and table.families["lora-studio-s1"] == "lora"
    assert not table.factors.isna().any(axis=None)
    assert table.factors["architecture"].cat.categories.tolist() == ["resnet", "vit"]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("resnet-curated", {"captions": "filtered by text", "fine-tuning": "none"}),
        ("wise-catalogue-25", {"fine-tuning": "wise", "fine-tuning data": "catalogue"}),
        ("vit-studio", {"architecture": "vit", "training distribution": "studio"}),
    ],
)
def test_a_card_says_of_a_recipe(recipe, said):
    assert said.items() <= recipe_factors(recipe).items()


def test_a_metric_that_nobody_has_is_missing():
    with pytest.raises(MissingData, match="no CLIP model of the zoo has retrieval"):
        pocket_table("retrieval", zoo())
