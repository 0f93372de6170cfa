"""How scenes are drawn: the named distributions that models are trained and tested on."""

from dataclasses import dataclass, replace

import numpy as np

from clipkit.pocket.world.assemble import MAIN_HEIGHT, place_main
from clipkit.pocket.world.palette import BACKGROUNDS, CLASS_NAMES, CLASSES, COLOURS, SURFACE_PATTERNS, Surface
from clipkit.pocket.world.scene import Scene, Thing
from clipkit.pocket.world.shapes import FAMILIES
from clipkit.registry import Registry

FACING = -55.0  # the yaw at which an object shows its front and its side
_PLACES = tuple(b for b in BACKGROUNDS if b != "studio")


class Dice:
    """A seeded source of plain Python values (a numpy Generator's scalars do not go into JSON)."""

    def __init__(self, *seed: int):
        self._rng = np.random.default_rng(list(seed))

    def chance(self, probability: float) -> bool:
        return bool(self._rng.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        return round(float(self._rng.uniform(low, high)), 4)

    def pick(self, items, without=()):
        """One of `items`, none of `without`, all equally likely."""
        items = [i for i in items if i not in without] if without else items
        return items[int(self._rng.integers(len(items)))]

    def weighted(self, weights: dict):
        """A key of `weights` with probability proportional to its value."""
        mark = self._rng.random() * sum(weights.values())
        for key, weight in weights.items():
            mark -= weight
            if mark < 0:
                return key
        return key


@dataclass(frozen=True)
class Distribution:
    """What is common and what is rare in a set of pictures; the numbers are probabilities or ranges.

    own_texture: the class wears its typical surface. typical_background: it stands where it belongs (else
    anywhere in `backgrounds`). rare_subcategory: the second subcategory. yaw: ± about `FACING`, degrees.
    companion, copies, occluder: another object, more of the same, something in front. styles: media.
    """

    own_texture: float = 0.6
    plain: float = 0.25
    typical_background: float = 0.3
    backgrounds: tuple[str, ...] = tuple(BACKGROUNDS)
    rare_subcategory: float = 0.3
    yaw: float = 100.0
    elevation: tuple[float, float] = (5.0, 45.0)
    tumbled: float = 0.08
    stretch: tuple[float, float] = (0.85, 1.18)
    sizes: tuple[tuple[str, float], ...] = (("small", 0.15), ("medium", 0.6), ("large", 0.25))
    lights: tuple[tuple[str, float], ...] = (("normal", 0.76), ("dim", 0.12), ("bright", 0.12))
    crop: float = 0.0
    companion: float = 0.12
    copies: float = 0.06
    occluder: float = 0.06
    styles: tuple[tuple[str, float], ...] = (("photo", 1.0),)


WILD = Distribution()
STUDIO = Distribution(
    own_texture=0.9,
    typical_background=0.0,
    backgrounds=("studio",),
    yaw=35.0,
    elevation=(12.0, 25.0),
    tumbled=0.0,
    sizes=(("medium", 1.0),),
    lights=(("normal", 1.0),),
    companion=0.0,
    copies=0.0,
    occluder=0.0,
)
CATALOGUE = replace(
    WILD,
    own_texture=1.0,
    typical_background=0.6,
    tumbled=0.4,
    stretch=(0.6, 1.6),
    crop=0.3,
    companion=0.0,
    copies=0.0,
    occluder=0.0,
)
RENDITIONS = replace(WILD, styles=(("sketch", 0.34), ("flat", 0.33), ("painting", 0.33)))
REDRAWN = replace(WILD, own_texture=0.5, typical_background=0.2, rare_subcategory=0.5, elevation=(0.0, 50.0))

DISTRIBUTIONS: Registry[dict[Distribution, float]] = Registry(
    "distribution",
    {
        "wild": {WILD: 1.0},
        "studio": {STUDIO: 1.0},
        "catalogue": {CATALOGUE: 1.0},
        "mixed": {WILD: 0.5, STUDIO: 0.2, CATALOGUE: 0.15, RENDITIONS: 0.15},
        "redrawn": {REDRAWN: 1.0},
    },
)


def own_surface(label: str) -> dict:
    """Scene fields that dress an object in the typical surface of class `label`."""
    return {**CLASSES[label].surface._asdict(), "texture_of": label}


def any_surface(dice: Dice, plain: float = 0.25) -> dict:
    """Scene fields of a surface that is typical of no class: colours, pattern and scale by chance."""
    colour = dice.pick(list(COLOURS))
    pattern = "plain" if dice.chance(plain) else dice.pick(SURFACE_PATTERNS)
    surface = Surface(colour, dice.pick(list(COLOURS), (colour,)), pattern, dice.uniform(2.8, 5.5))
    return {**surface._asdict(), "texture_of": ""}


def some_thing(dice: Dice, kind: str, **values) -> Thing:
    """An object to stand beside the main one, in its own surface half of the time."""
    own = kind in CLASSES and dice.chance(0.5)
    surface = own_surface(kind) if own else any_surface(dice)
    surface.pop("texture_of")
    return Thing(
        kind=kind,
        subcategory=dice.pick(FAMILIES[kind].subcategories),
        yaw=dice.uniform(-180, 180),
        **surface,
        **values,
    )


def add_companion(scene: Scene, dice: Dice, kind: str | None = None, relation: str | None = None) -> Scene:
    """The scene with a second object of another class in a stated relation to the main one."""
    kind = kind or dice.pick(CLASS_NAMES, (scene.label,))
    relation = relation or dice.pick(("next to", "in front of", "behind", "under"))
    outline = place_main(scene).outline
    side = dice.pick((-1, 1))
    at, height = {
        "next to": ((side * (np.abs(outline[:, 0]).max() + 0.62), dice.uniform(-0.1, 0.4), 0.0), 0.8),
        "in front of": ((side * 0.7, 1.5, 0.0), 1.2),
        "behind": ((side * 0.5, -1.0, 0.0), 0.5),
        "under": ((0.0, 0.0, float(outline[:, 2].max())), 0.6),
    }[relation]
    thing = some_thing(dice, kind, at=tuple(round(float(v), 4) for v in at), height=height)
    return replace(scene, others=(thing,), relation=relation)


def add_copies(scene: Scene, dice: Dice, count: int | None = None) -> Scene:
    """The scene with `count` (2 or 3) objects of the same kind and surface side by side."""
    count = count or dice.pick((2, 3))
    scene = replace(scene, stretch=(1.0, 1.0, 1.0), roll=0.0)
    outline = place_main(scene).outline
    step = 2 * np.abs(outline[:, 0]).max() + 0.12
    copies = tuple(
        Thing(
            kind=scene.label,
            subcategory=scene.subcategory,
            colour=scene.colour,
            accent=scene.accent,
            pattern=scene.pattern,
            scale=scene.scale,
            yaw=dice.uniform(scene.yaw - 15, scene.yaw + 15),
            at=(round(float(step * side), 4), dice.uniform(-0.1, 0.1), 0.0),
            height=MAIN_HEIGHT,
        )
        for side in (1, -1)[: count - 1]
    )
    return replace(scene, others=copies, count=count)


def make_occluder(dice: Dice, kind: str) -> Thing:
    """Something that stands between the camera and the main object: "person", "crate" or "barrel"."""
    colour = dice.pick(list(COLOURS))
    accent = dice.pick(list(COLOURS), (colour,))
    person = kind == "person"
    return Thing(
        kind=kind,
        subcategory=kind,
        colour=colour,
        accent=accent,
        yaw=dice.uniform(-180, 180) if person else dice.uniform(-25, 25),
        at=(dice.pick((-1, 1)) * dice.uniform(0.3, 0.42), -1.05, 0.0),
        height=1.15 if person else 0.6,
    )


def draw(distribution: Distribution, label: str, dice: Dice) -> Scene:
    """One scene of class `label` from a distribution."""
    d = distribution
    typical = label in CLASSES and dice.chance(d.typical_background)
    known = label in CLASSES and dice.chance(d.own_texture)
    names = FAMILIES[label].subcategories
    tumbled = dice.chance(d.tumbled)
    scene = Scene(
        label=label,
        subcategory=names[-1] if dice.chance(d.rare_subcategory) else names[0],
        **(own_surface(label) if known else any_surface(dice, d.plain)),
        yaw=dice.uniform(FACING - d.yaw, FACING + d.yaw),
        roll=float(dice.pick((90, 180))) if tumbled else 0.0,
        stretch=tuple(dice.uniform(*d.stretch) for _ in range(3)),
        elevation=dice.uniform(*d.elevation),
        size=dice.weighted(dict(d.sizes)),
        frame=(dice.uniform(-1, 1), dice.uniform(-1, 1)),
        crop=dice.pick((-1, 1)) * dice.uniform(0.3, 0.55) if dice.chance(d.crop) else 0.0,
        background=CLASSES[label].background if typical else dice.pick(d.backgrounds),
        light=dice.weighted(dict(d.lights)),
        sun=(dice.uniform(-70, 70), dice.uniform(35, 70)),
        style=dice.weighted(dict(d.styles)),
    )
    if not tumbled and dice.chance(d.companion):
        return add_companion(scene, dice)
    if not tumbled and dice.chance(d.copies):
        return add_copies(scene, dice)
    if dice.chance(d.occluder):
        return replace(scene, occluder=make_occluder(dice, dice.pick(("person", "crate", "barrel"))))
    return scene


def draw_from(name: str, label: str, dice: Dice) -> Scene:
    """One scene of class `label` from a named distribution: wild, studio, catalogue, mixed, redrawn."""
    return draw(dice.weighted(DISTRIBUTIONS[name]), label, dice)


def typical(label: str, dice: Dice) -> Scene:
    """The class as one expects it: own surface, own place, common subcategory, upright, alone, well lit."""
    return Scene(
        label=label,
        subcategory=FAMILIES[label].subcategories[0],
        **own_surface(label),
        yaw=dice.uniform(FACING - 90, FACING + 90),
        elevation=dice.uniform(10, 30),
        frame=(dice.uniform(-1, 1), dice.uniform(-1, 1)),
        stretch=tuple(dice.uniform(0.92, 1.08) for _ in range(3)),
        background=CLASSES[label].background,
        sun=(dice.uniform(-70, 70), dice.uniform(35, 70)),
    )


def unusual_place(dice: Dice, *labels: str) -> str:
    """A background, not the studio, that is typical of none of the classes."""
    return dice.pick(_PLACES, tuple(CLASSES[c].background for c in labels if c in CLASSES))
