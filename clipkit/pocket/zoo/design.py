"""The design of the pocket zoo: which two recipes differ in which factor, and the check that nothing else does."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from clipkit.errors import BadInput
from clipkit.pocket.prompts import PROMPT_SET_SIZES
from clipkit.pocket.zoo.recipe import (
    RECIPES,
    FinetuneRecipe,
    Recipe,
    check_choice,
    read_recipe,
    shipped_recipes,
)
from clipkit.registry import Registry, did_you_mean
from clipkit.results import SIX_FACTORS

FILE = Path(__file__).parent / "contrasts.toml"
KINDS = ("recipes", "prompts")
PROMPTS = tuple(map(str, PROMPT_SET_SIZES))
_CONFIGS = Path(__file__).parents[1] / "configs"
_PROMPT_FACTOR = "test-time prompts"

# What a clean contrast of a factor may change, one aspect a line: its first key must differ, the others may, and
# nothing else (a dot at the end stands for all keys below). The second part, if any, is what the note must name.
_MAY_CHANGE = {
    "architecture": [
        (("model.vision_cfg.",), ""),
        (("model.vision_cfg.", "optimizer.lr"), "learning rate"),
    ],
    "training distribution": [
        (("data.distribution",), ""),
        (("data.captions",), ""),
        (("data.augment",), ""),
        (("data.curation", "data.scorer"), "fewer images"),
    ],
    "training-set size": [(("data.images",), "")],
    "contrastive loss": [(("objective", "model.init_logit_scale", "model.init_logit_bias"), "")],
    "fine-tuning": [
        (("finetune.data.distribution",), ""),
        (("finetune.origin",), ""),
        (("finetune.method",), ""),
        (("finetune.method", "finetune.batch_size"), "batches"),
    ],
}
# Keys of a fine-tuning recipe that its method does not use.
_UNUSED = {
    "linear-probe": {"rank", "alpha"},
    "lora": {"alpha"},
    "flyp": {"rank", "alpha"},
    "cross-entropy": {"rank", "alpha"},
    "wise": {"rank", "samples_seen", "batch_size", "lr", "data"},
}


@dataclass(frozen=True, kw_only=True)
class ContrastSpec:
    """One contrast of the design: what arm `a` does more than arm `b`.

    factor: one of the ledger's six; aspect: which side of it, in words, such as "wild → studio". kind:
    "recipes", where a and b name recipes, or "prompts", where they name prompt sets for the same models.
    paired: seed s of both arms goes back to the same weights (a fine-tuned model and its parent, or two
    children of one parent; the same model under two prompt sets). clean: the arms differ in that factor
    alone; `note` says what else differs where they do not, and what the reader should know.
    """

    id: str
    factor: str
    aspect: str
    a: str
    b: str
    kind: str = "recipes"
    paired: bool = False
    clean: bool = True
    note: str = ""


def differing_keys(a: Recipe | FinetuneRecipe, b: Recipe | FinetuneRecipe) -> set[str]:
    """Keys in which what decides the weights of two recipes differs, such as {"data.distribution"}.

    A model counts as its configuration ("model.vision_cfg.layers"). A fine-tuning recipe has all keys of its
    parent, and its own after "finetune."; its samples are those since the parent. Keys without effect (Muon's
    rate under AdamW, the rank without LoRA), the name, the seeds and the expected minutes do not count.

    >>> sorted(differing_keys(read_recipe("resnet-wild-10-epochs"), read_recipe("resnet-wild")))
    ['data.images', 'samples_seen']
    """
    a, b = _effective(a), _effective(b)
    absent = object()
    return {key for key in a.keys() | b.keys() if a.get(key, absent) != b.get(key, absent)}


def confounders(spec: ContrastSpec) -> set[str]:
    """Keys in which the arms differ beyond the contrast's factor and what its note concedes; empty if clean.

    A fine-tuned model against its own parent is clean: all that differs is the fine-tuning. Raises BadInput
    where the arms do not differ at all.
    """
    if spec.kind == "prompts":
        differing = {"prompts"} if spec.a != spec.b else set()
        beyond = set()
    else:
        a, b = read_recipe(spec.a), read_recipe(spec.b)
        differing = differing_keys(a, b)
        if spec.factor == "fine-tuning" and getattr(a, "parent", None) == spec.b:
            beyond = {key for key in differing if not key.startswith("finetune.")}
        else:
            remains = [
                {key for key in differing if not key.startswith(keys)}
                for keys, concession in _MAY_CHANGE.get(spec.factor, [])
                if concession in spec.note and any(key.startswith(keys[0]) for key in differing)
            ]
            beyond = min(remains, key=len, default=differing)
    if not differing:
        raise BadInput(f"contrast {spec.id}: {spec.a} and {spec.b} do not differ", "name two arms that do")
    return beyond


def matched_pairs() -> list[tuple[str, str]]:
    """Recipes (CLIP, classifier) that are alike in architecture, images and optimiser, and most alike in samples seen.

    >>> matched_pairs()[0]
    ('edgenext-wild', 'supervised-edgenext-wild')
    """
    scratch = [r for r in shipped_recipes() if not isinstance(r, FinetuneRecipe)]
    pairs = []
    for other in (r for r in scratch if r.objective == "supervised"):
        alike = [
            r
            for r in scratch
            if r.objective == "contrastive"
            and (r.model, r.data, r.optimizer) == (other.model, other.data, other.optimizer)
        ]
        if alike:
            clip = min(alike, key=lambda r: abs(r.samples_seen - other.samples_seen))
            pairs.append((clip.name, other.name))
    return pairs


def parse(text: str, name: str = FILE.name) -> Registry[ContrastSpec]:
    """Contrasts from TOML text, checked against the recipes; BadInput names the entry and what is wrong."""
    known = {f.name for f in fields(ContrastSpec)}
    specs: Registry[ContrastSpec] = Registry("contrast")
    for entry in tomllib.loads(text).get("contrast", []):
        where = f"{name}, contrast {entry.get('id', '(no id)')}"
        for key in entry.keys() - known:
            raise BadInput(f"{where}: unknown key {key!r}", did_you_mean(key, known))
        try:
            spec = ContrastSpec(**entry)
        except TypeError as error:
            raise BadInput(f"{where}: {error}") from None
        _check(spec, where)
        specs.add(spec.id, spec)
    return specs


@cache
def contrasts() -> Registry[ContrastSpec]:
    """The contrasts of the shipped zoo, in the file's order."""
    return parse(FILE.read_text(encoding="utf-8"))


def _check(spec: ContrastSpec, where: str) -> None:
    check_choice(where, "factor", spec.factor, SIX_FACTORS)
    check_choice(where, "kind", spec.kind, KINDS)
    if (spec.kind == "prompts") != (spec.factor == _PROMPT_FACTOR):
        raise BadInput(
            f"{where}: kind {spec.kind!r} with factor {spec.factor!r}",
            f'factor {_PROMPT_FACTOR!r} goes with kind = "prompts", the others with "recipes"',
        )
    arms = PROMPTS if spec.kind == "prompts" else tuple(p.stem for p in RECIPES.glob("*.toml"))
    for arm in (spec.a, spec.b):
        check_choice(where, "prompt set" if spec.kind == "prompts" else "recipe", arm, arms)
    paired = spec.kind == "prompts" or _root(spec.a) == _root(spec.b)
    if paired != spec.paired:
        found = "go back to the same models" if paired else "share no parent"
        raise BadInput(f"{where}: {spec.a} and {spec.b} {found}", f"set paired = {str(paired).lower()}")
    beyond = confounders(spec)
    if spec.clean and beyond:
        raise BadInput(
            f"{where}: clean, but {spec.a} and {spec.b} also differ in {', '.join(sorted(beyond))}",
            "set clean = false and say so in a note",
        )
    if not spec.clean and not beyond:
        raise BadInput(f"{where}: not clean, but the arms differ in {spec.factor} alone", "set clean = true")
    if not spec.clean and not spec.note:
        raise BadInput(f"{where}: not clean, and no note says why", "say what else differs")


def _root(name: str) -> str:
    """The recipe trained from scratch that a recipe goes back to."""
    recipe = read_recipe(name)
    return _root(recipe.parent) if isinstance(recipe, FinetuneRecipe) else name


def _effective(recipe: Recipe | FinetuneRecipe) -> dict:
    """Dotted keys and values of what has an effect on the weights."""
    values = {k: v for k, v in asdict(recipe).items() if k not in ("name", "seeds", "role", "minutes")}
    if isinstance(recipe, FinetuneRecipe):
        own = {k: v for k, v in values.items() if k != "parent" and k not in _UNUSED[recipe.method]}
        if "samples_seen" in own:
            own["samples_seen"] = _samples_since_parent(recipe)
        if recipe.method == "flyp":
            own["batch_size"] = "one image of each class"
        return {**_effective(read_recipe(recipe.parent)), **_flat({"finetune": own})}
    check_choice(
        f"recipe {recipe.name}", "model", recipe.model, tuple(p.stem for p in _CONFIGS.glob("*.json"))
    )
    values["model"] = json.loads((_CONFIGS / f"{recipe.model}.json").read_text())
    if recipe.optimizer.name != "muon":
        del values["optimizer"]["muon_lr"]
    return _flat(values)


def _samples_since_parent(recipe: FinetuneRecipe) -> int:
    before = _samples_since_parent(read_recipe(recipe.origin)) if recipe.origin else 0
    return before + recipe.samples_seen


def _flat(values: dict, prefix: str = "") -> dict:
    flat = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
