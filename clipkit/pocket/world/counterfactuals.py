"""The sixteen visual factors of ImageNet-X, each as an intervention: the same scene with one thing changed.

Source of the names: Idrissi et al., "ImageNet-X", ICLR 2023. There, annotators say which factor a found
image shows; here the pair of scenes differs in the fields listed in `FACTOR_FIELDS` and in nothing else.
"""

from dataclasses import replace

from clipkit.errors import UnknownName
from clipkit.pocket.world.palette import CLASSES, COLOURS, SURFACE_PATTERNS
from clipkit.pocket.world.sampling import Dice, add_companion, any_surface, make_occluder, unusual_place
from clipkit.pocket.world.scene import Scene
from clipkit.pocket.world.shapes import FAMILIES
from clipkit.registry import did_you_mean

_SURFACE = ("colour", "accent", "pattern", "scale", "texture_of")
FACTOR_FIELDS = {
    "pose": ("roll", "elevation"),
    "background": ("background",),
    "pattern": ("pattern", "scale", "texture_of"),
    "color": ("colour", "accent", "texture_of"),
    "smaller": ("size",),
    "shape": ("stretch",),
    "partial_view": ("crop",),
    "subcategory": ("subcategory",),
    "texture": _SURFACE,
    "larger": ("size",),
    "darker": ("light",),
    "object_blocking": ("occluder",),
    "person_blocking": ("occluder",),
    "style": ("style",),
    "brighter": ("light",),
    "multiple_objects": ("others", "relation"),
}
FACTORS = tuple(FACTOR_FIELDS)  # in ImageNet-X's order but for the last ones, which it lists by count


def _changes(scene: Scene, factor: str, dice: Dice) -> dict:
    own = CLASSES[scene.label].surface
    if factor == "pose":
        return {"roll": float(dice.pick((90, 180))), "elevation": dice.uniform(50, 75)}
    if factor == "background":
        return {"background": unusual_place(dice, scene.label)}
    if factor == "pattern":
        return {
            "pattern": dice.pick(SURFACE_PATTERNS, (own.pattern,)),
            "scale": dice.uniform(2.8, 5.5),
            "texture_of": "",
        }
    if factor == "color":
        colour = dice.pick(list(COLOURS), (own.colour, own.accent))
        return {
            "colour": colour,
            "accent": dice.pick(list(COLOURS), (own.colour, own.accent, colour)),
            "texture_of": "",
        }
    if factor in ("smaller", "larger"):
        return {"size": "tiny" if factor == "smaller" else "huge"}
    if factor == "shape":
        return {"stretch": tuple(dice.pick((0.5, 0.65, 1.5, 1.9)) for _ in range(3))}
    if factor == "partial_view":
        return {"crop": dice.pick((-1, 1)) * dice.uniform(0.45, 0.65)}
    if factor == "subcategory":
        return {"subcategory": FAMILIES[scene.label].subcategories[-1]}
    if factor == "texture":
        surface = any_surface(dice, plain=0.2)
        while surface["pattern"] == own.pattern or surface["colour"] == own.colour:
            surface = any_surface(dice, plain=0.2)
        return surface
    if factor in ("darker", "brighter"):
        return {"light": "dark" if factor == "darker" else "glaring"}
    if factor == "object_blocking":
        return {"occluder": make_occluder(dice, dice.pick(("crate", "barrel")))}
    if factor == "person_blocking":
        return {"occluder": make_occluder(dice, "person")}
    if factor == "style":
        return {"style": dice.pick(("sketch", "flat", "painting"))}
    crowded = add_companion(scene, dice)
    return {"others": crowded.others, "relation": crowded.relation}


def counterfactual(scene: Scene, factor: str, dice: Dice) -> Scene:
    """The scene after one intervention; `factor` is one of `FACTORS`.

    >>> from clipkit.pocket.world.sampling import typical
    >>> counterfactual(typical("mug", Dice(0)), "darker", Dice(1)).light
    'dark'
    """
    if factor not in FACTOR_FIELDS:
        raise UnknownName(f"unknown factor {factor!r}", did_you_mean(factor, FACTORS))
    return replace(scene, **_changes(scene, factor, dice))
