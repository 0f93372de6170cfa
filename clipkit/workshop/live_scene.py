"""Turn an object, light it, dress it, hide it: what do the models say?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput, UnknownName
from clipkit.metrics import softmax
from clipkit.plots.markup import Html
from clipkit.pocket.world import Scene, render
from clipkit.pocket.world.palette import CLASS_NAMES, LIGHTS
from clipkit.pocket.world.sampling import Dice, make_occluder, own_surface, typical
from clipkit.registry import did_you_mean
from clipkit.workshop import data
from clipkit.workshop.explorer import Explorer
from clipkit.workshop.pictures import bars, beside, picture

OCCLUDERS = ("nothing", "person", "crate", "barrel")
GREY = {"colour": "gray", "accent": "gray", "pattern": "plain", "texture_of": ""}


class Look(NamedTuple):
    """What a model sees of a scene, uint8 (48, 48, 3), and the probability of each class by model."""

    image: np.ndarray
    answers: dict[str, dict[str, float]]

    def said(self, model: str) -> str:
        """The class that `model` finds most probable."""
        return max(self.answers[model], key=self.answers[model].get)


def start(label: str) -> Scene:
    """The class as one expects it: its own surface, its own place, nothing in the way. Raises UnknownName."""
    return typical(_known(label, "class", CLASS_NAMES), Dice(CLASS_NAMES.index(label)))


def arrange(
    label: str,
    yaw: float = -55.0,
    elevation: float = 20.0,
    light: str = "normal",
    texture: str = "its own",
    occluder: str = "nothing",
) -> Scene:
    """A scene from the explorer's controls; yaw and elevation in degrees.

    texture: "its own", "grey", or the class whose surface it wears. Raises UnknownName for a word that no control has.
    """
    _known(light, "light", LIGHTS)
    _known(texture, "texture", ("its own", "grey", *CLASS_NAMES))
    _known(occluder, "occluder", OCCLUDERS)
    scene = replace(start(label), yaw=float(yaw), elevation=float(elevation), light=light)
    if texture != "its own":
        surface = GREY if texture == "grey" else own_surface(texture)
        scene = replace(scene, **surface, repaint=True)
    hidden = None if occluder == "nothing" else make_occluder(Dice(7), occluder)
    return replace(scene, occluder=hidden)


def look(scene: Scene, models: Sequence[str] = data.MODELS[:1]) -> Look:
    """Render the scene and ask each model, with the prompt "a photo of a …". Raises BadInput without a model."""
    if not models:
        raise BadInput("no model is chosen", "choose at least one")
    image = render([scene])[0]
    answers = {}
    for name in models:
        tower = data.model(name)
        feature = tower.encode_image(tower.preprocess_pixels(image[None])).numpy()
        cosine = feature / np.linalg.norm(feature) @ data.classifier(name, data.PROMPTS)
        answers[name] = dict(zip(CLASS_NAMES, softmax(tower.logit_scale * cosine)[0].tolist(), strict=True))
    return Look(image, answers)


def page(models: Sequence[str] = data.MODELS[:1], **controls) -> Html:
    """What the explorer shows for the values of its controls."""
    scene = arrange(**controls)
    seen = look(scene, models)
    alt = f"A {scene.label}, as the models see it: 48 by 48 pixels."
    return beside(
        picture(seen.image, alt, 192), *(bars(seen.answers[m], f"{m}: {seen.said(m)}") for m in models)
    )


def explore(label: str = "giraffe", models: Sequence[str] = data.MODELS[:2]) -> Explorer:
    """Sliders and menus for a scene, from `start(label)` on, with the answers of some models beside the picture."""
    import ipywidgets as w

    first = start(label)
    controls = {
        "label": w.Dropdown(options=CLASS_NAMES, value=label, description="object"),
        "yaw": w.IntSlider(round(first.yaw), -180, 180, 1, description="turn", continuous_update=False),
        "elevation": w.IntSlider(
            round(first.elevation), 0, 80, 1, description="from above", continuous_update=False
        ),
        "light": w.Dropdown(options=list(LIGHTS), value="normal", description="light"),
        "texture": w.Dropdown(options=("its own", "grey", *CLASS_NAMES), description="texture"),
        "occluder": w.Dropdown(options=OCCLUDERS, description="in front"),
        "models": w.SelectMultiple(options=data.MODELS, value=tuple(models), description="models", rows=3),
    }
    return Explorer(controls, page)


def _known(word: str, what: str, known) -> str:
    if word not in known:
        raise UnknownName(f"unknown {what} {word!r}", did_you_mean(str(word), known))
    return word
