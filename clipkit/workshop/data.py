"""The few pictures and models that the workshop needs: small beginnings of the test sets, looked at on the spot."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.dataset import PocketData, SetSpec, load
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.sets import set_spec
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.registry import Registry

MODELS = ("resnet-wild-s0", "vit-wild-s0", "resnet-studio-s0")
SETS: Registry[int] = Registry(
    "set of the workshop",
    {
        "wild": 520,
        "wild/validation": 520,
        "studio": 260,
        "near-ood": 240,
        "far-textures": 240,
        "cue-conflict-neutral": 260,
        "cue-conflict-other": 260,
    },
)
"""Each set with its number of pictures: the first ones of the set of that name, the classes in turn."""
PROMPTS = prompt_set(1)


def spec(name: str) -> SetSpec:
    """What is rendered for a set of the workshop; raises UnknownName for another name."""
    n = SETS[name]
    base, _, split = name.partition("/")
    return replace(set_spec(base, split or "test"), n=n, geometry=False)


@cache
def pictures(name: str) -> PocketData:
    """A set of the workshop, rendered on first use (seconds) and then read from the cache."""
    return load(spec(name))


@cache
def model(name: str):
    """A shipped pocket model (`clipkit.models.model.Model`), loaded once."""
    from clipkit.models import load as load_model

    return load_model(name)


@cache
def features(model_name: str, set_name: str) -> np.ndarray:
    """Image features (n, d) of a set, float32, not normalised."""
    tower = model(model_name)
    images = np.array(pictures(set_name).images)
    return tower.encode_image(tower.preprocess_pixels(images)).numpy()


def warm(names: Sequence[str], models: Sequence[str] = MODELS) -> None:
    """Send sets through towers before somebody moves a slider: seconds now, none later."""
    for model_name in models:
        for name in names:
            features(model_name, name)


def cosines(model_name: str, set_name: str, templates: Sequence[str] = PROMPTS) -> np.ndarray:
    """Cosines (n, 26) between pictures and class prompts, in [-1, 1]."""
    from clipkit.zeroshot import classify

    return classify(features(model_name, set_name), classifier(model_name, tuple(templates)), 1.0)


def logits(model_name: str, set_name: str, templates: Sequence[str] = PROMPTS) -> np.ndarray:
    """Cosines times the model's own logit scale: what the softmax turns into probabilities, (n, 26)."""
    return model(model_name).logit_scale * cosines(model_name, set_name, templates)


def labels(name: str) -> np.ndarray:
    """The true class of each picture as an index into the class names, -1 for what is none of them; (n,)."""
    return pictures(name).labels


@cache
def classifier(model_name: str, templates: tuple[str, ...]) -> np.ndarray:
    """Weights (d, 26) made of prompts; raises BadInput for a list without templates."""
    from clipkit.zeroshot import text_classifier

    if not templates:
        raise BadInput("a classifier needs at least one template", 'write one, such as "a photo of a {}"')
    return text_classifier(model(model_name), CLASS_NAMES, templates)
