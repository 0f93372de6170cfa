"""The design of the zoo: a contrast that is called clean differs in its factor alone."""

from dataclasses import replace

import pytest

from clipkit.claims.ledger import FACTORS
from clipkit.errors import BadInput, UnknownName
from clipkit.pocket.zoo import design
from clipkit.pocket.zoo.design import confounders, contrasts, differing_keys, parse
from clipkit.pocket.zoo.recipe import (
    DataRecipe,
    FinetuneRecipe,
    OptimizerRecipe,
    Recipe,
    read_recipe,
    shipped_recipes,
)

OF_RECIPES = [c for c in contrasts().values() if c.kind == "recipes"]
CLEAN = [c for c in OF_RECIPES if c.clean]
WITH_PARENT = [c for c in CLEAN if getattr(read_recipe(c.a), "parent", None) == c.b]
OTHERS = [c for c in CLEAN if c not in WITH_PARENT]

# What two arms may differ in, down to the second level of keys, written here a second time on purpose.
ALONE = {
    "architecture": [{"model.vision_cfg"}, {"model.vision_cfg", "optimizer.lr"}],
    "training distribution": [
        {"data.distribution"},
        {"data.captions"},
        {"data.augment"},
        {"data.curation"},
        {"data.curation", "data.scorer"},
    ],
    "training-set size": [{"data.images"}],
    "contrastive loss": [{"objective", "model.init_logit_scale", "model.init_logit_bias"}],
    "fine-tuning": [{"finetune.data"}, {"finetune.origin"}, {"finetune.method", "finetune.batch_size"}],
}


def entry(**values):
    """A contrast as TOML; by default a sound one."""
    values = {"id": "x", "factor": "training-set size", "aspect": "less", "a": "resnet-wild-10", **values}
    values.setdefault("b", "resnet-wild")
    return "[[contrast]]\n" + "".join(
        f"{k} = {str(v).lower() if isinstance(v, bool) else repr(v)}\n" for k, v in values.items()
    )


@pytest.mark.parametrize("spec", OTHERS, ids=lambda c: c.id)
def test_a_clean_contrast_differs_in_its_factor_alone(spec):
    differing = differing_keys(read_recipe(spec.a), read_recipe(spec.b))
    assert {".".join(key.split(".")[:2]) for key in differing} in ALONE[spec.factor]


@pytest.mark.parametrize("spec", WITH_PARENT, ids=lambda c: c.id)
def test_a_fine_tuned_model_differs_from_its_parent_by_fine_tuning(spec):
    differing = differing_keys(read_recipe(spec.a), read_recipe(spec.b))
    assert (spec.factor, spec.paired) == ("fine-tuning", True)
    assert "finetune.method" in differing and all(key.startswith("finetune.") for key in differing)


@pytest.mark.parametrize("spec", [c for c in OF_RECIPES if not c.clean], ids=lambda c: c.id)
def test_a_contrast_that_is_not_clean_says_why(spec):
    assert confounders(spec) and len(spec.note) > 40


CHANGES = {
    Recipe: [
        {"samples_seen": 1_000},
        {"batch_size": 32},
        {"data": {"seed": 5}},
        {"data": {"labels": "intermediate"}},
        {"optimizer": {"weight_decay": 0.2}},
        {"optimizer": {"warmup": 0.2}},
    ],
    FinetuneRecipe: [
        {"samples_seen": 1_000},
        {"lr": 0.5},
        {"data": {"seed": 5}},
        {"data": {"images": 1_000}},
        {"parent": "vit-wild"},
    ],
}


@pytest.mark.parametrize("spec", OTHERS, ids=lambda c: c.id)
def test_one_more_change_and_it_is_not_clean(spec, monkeypatch):
    arm = read_recipe(spec.a)
    for change in CHANGES[type(arm)]:
        nested = {k: replace(getattr(arm, k), **v) if isinstance(v, dict) else v for k, v in change.items()}
        changed = replace(arm, **nested)
        with monkeypatch.context() as patch:
            patch.setattr(
                design,
                "read_recipe",
                lambda name, new=changed: new if name == new.name else read_recipe(name),
            )
            assert confounders(spec), change


def test_notes_concede_the_learning_rates_that_the_recipes_have():
    conceding = [c for c in CLEAN if "optimizer.lr" in differing_keys(read_recipe(c.a), read_recipe(c.b))]
    assert {c.a for c in conceding} == {"vit-wild", "convnext-wild", "edgenext-wild"}
    for spec in conceding:
        rates = [read_recipe(name).optimizer.lr for name in (spec.a, spec.b)]
        assert spec.factor == "architecture" and all(f"{rate:g}" in spec.note for rate in rates)


def test_every_model_with_language_is_in_the_design_and_every_factor():
    named = {name for c in OF_RECIPES for name in (c.a, c.b)}
    zoo = {
        r.name for r in shipped_recipes() if r.role == "zoo" and getattr(r, "objective", "") != "supervised"
    }
    assert named == zoo
    assert {c.factor for c in contrasts().values()} == set(FACTORS) - {"overall"}
    assert len({(c.a, c.b) for c in contrasts().values()}) == len(contrasts())


def test_prompt_contrasts_name_prompt_sets():
    found = {(c.a, c.b) for c in contrasts().values() if c.kind == "prompts"}
    assert found == {("1", "80"), ("5", "80"), ("30", "80")}
    assert all(c.paired for c in contrasts().values() if c.kind == "prompts")


def test_keys_without_effect_do_not_differ():
    adam = Recipe(name="a", model="pocket-vit")
    assert not differing_keys(adam, replace(adam, name="b", seeds=[7], minutes=9.0, role="reference"))
    assert not differing_keys(adam, replace(adam, optimizer=OptimizerRecipe(muon_lr=1.0)))
    wise = read_recipe("wise-studio")
    assert not differing_keys(wise, replace(wise, rank=9, lr=1.0, data=DataRecipe(distribution="mixed")))
    assert differing_keys(wise, replace(wise, alpha=0.1)) == {"finetune.alpha"}
    assert differing_keys(adam, replace(adam, optimizer=OptimizerRecipe(name="muon"))) == {
        "optimizer.name",
        "optimizer.muon_lr",
    }


def test_samples_of_a_detour_count_from_the_parent():
    detour, long, short = map(
        read_recipe, ("cross-entropy-wild-detour", "cross-entropy-wild-long", "cross-entropy-wild")
    )
    assert differing_keys(detour, long) == {"finetune.origin"}
    assert differing_keys(detour, short) == {"finetune.origin", "finetune.samples_seen"}


def test_a_sound_entry_is_read():
    spec = parse(entry(note="half"))["x"]
    assert (spec.a, spec.b, spec.kind, spec.clean, spec.paired, spec.note) == (
        "resnet-wild-10",
        "resnet-wild",
        "recipes",
        True,
        False,
        "half",
    )


RATE = {"factor": "architecture", "a": "vit-wild"}
TUNED = {"factor": "fine-tuning", "a": "flyp-wild", "paired": True}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"a": "resnet-wlid"}, "contrast x: recipe 'resnet-wlid' is unknown.*\n.*Did you mean resnet-wild"),
        ({"factor": "architectur"}, "factor 'architectur' is unknown.*\n.*Did you mean architecture"),
        ({"factor": "overall"}, "factor 'overall' is unknown"),
        ({"colour": "red"}, "contrast x: unknown key 'colour'"),
        ({"kind": "prompts", "a": "1", "b": "80"}, "kind 'prompts' with factor 'training-set size'"),
        ({"factor": "test-time prompts"}, "kind 'recipes' with factor 'test-time prompts'"),
        ({"b": "resnet-wild-10"}, "set paired = true"),
        ({"a": "resnet-wild-10-epochs"}, "clean, but .* also differ in samples_seen"),
        ({"a": "resnet-studio"}, "clean, but .* also differ in data.distribution"),
        ({"a": "vit-wild", "b": "resnet-wild-10"}, "also differ in .*optimizer.lr"),
        ({"clean": False, "note": "?"}, "not clean, but the arms differ in training-set size alone"),
        ({"a": "resnet-wild-10-epochs", "clean": False}, "not clean, and no note says why"),
        (RATE, "also differ in optimizer.lr"),
        (
            {**RATE, "a": "vit-wild-muon", "note": "learning rate"},
            "also differ in optimizer.muon_lr, optimizer.name",
        ),
        ({"factor": "architecture", "note": "learning rate"}, "also differ in data.images"),
        (
            {"factor": "training distribution", "a": "resnet-curated", "b": "resnet-uncurated"},
            "also differ in data.curation",
        ),
        (
            {"factor": "training distribution", "a": "resnet-curated", "note": "fewer images"},
            "also differ in data.curation",
        ),
        ({"factor": "contrastive loss", "a": "supervised-resnet-wild"}, "also differ in samples_seen"),
        ({**TUNED, "paired": False}, "go back to the same models.*\n.*paired = true"),
        ({"paired": True}, "share no parent"),
        ({**TUNED, "b": "vit-wild"}, "share no parent"),
        ({**TUNED, "b": "cross-entropy-wild"}, "also differ in finetune.batch_size"),
        (
            {**TUNED, "b": "cross-entropy-studio", "note": "batches"},
            "also differ in finetune.data.distribution",
        ),
        (
            {**TUNED, "a": "resnet-wild", "b": "flyp-wild"},
            "also differ in finetune.batch_size, finetune.data",
        ),
        (
            {"factor": "training-set size", **{k: v for k, v in TUNED.items() if k != "factor"}},
            "also differ in finetune",
        ),
    ],
)
def test_a_wrong_entry_is_refused_by_name(values, text):
    with pytest.raises(BadInput, match=text):
        parse(entry(**values))


def test_prompt_sets_and_arms_that_do_not_differ_are_refused():
    prompts = {"factor": "test-time prompts", "kind": "prompts", "paired": True, "a": "1"}
    with pytest.raises(BadInput, match="prompt set '81' is unknown"):
        parse(entry(**prompts, b="81"))
    with pytest.raises(BadInput, match="1 and 1 do not differ"):
        parse(entry(**prompts, b="1"))
    with pytest.raises(BadInput, match="resnet-wild and resnet-wild do not differ"):
        parse(entry(a="resnet-wild", paired=True))
    with pytest.raises(BadInput, match="contrast 'x' is already registered"):
        parse(entry() + entry())
    with pytest.raises(BadInput, match="missing 1 required keyword-only argument: 'b'"):
        parse('[[contrast]]\nid = "x"\nfactor = "architecture"\naspect = ""\na = "vit-wild"')


def test_an_unknown_contrast_is_named():
    with pytest.raises(UnknownName, match="Did you mean"):
        contrasts()["architecture-vti"]
