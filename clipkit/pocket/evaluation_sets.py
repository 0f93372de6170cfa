"""The draws of the evaluation suite: each function gives the scenes and the table columns of one set."""

from dataclasses import replace

import numpy as np

from clipkit.pocket import far
from clipkit.pocket.captions import retrieval_captions, retrieval_key
from clipkit.pocket.dataset import Draw
from clipkit.pocket.hard_negatives import KINDS, caption_pair, hard_negative_scene
from clipkit.pocket.world.counterfactuals import FACTORS, counterfactual
from clipkit.pocket.world.palette import CLASS_NAMES, CLASSES
from clipkit.pocket.world.sampling import (
    Dice,
    any_surface,
    draw_from,
    own_surface,
    some_thing,
    typical,
    unusual_place,
)
from clipkit.pocket.world.scene import Scene
from clipkit.pocket.world.shapes import FAMILIES

_MATERIALS = ("wooden", "marbled", "brick", "furry", "cracked", "scaly")


def _in_turn(n: int, names=CLASS_NAMES):
    return ((i, names[i % len(names)]) for i in range(n))


def from_distribution(distribution: str, names, seed: int, n: int, size: int) -> Draw:
    """n scenes of the named classes in turn."""
    return Draw([draw_from(distribution, label, Dice(seed, i)) for i, label in _in_turn(n, names)])


def factors(seed: int, n: int, size: int) -> Draw:
    """n typical scenes, then for each of the sixteen factors their n twins, linked by `pair`."""
    base = [typical(label, Dice(seed, i)) for i, label in _in_turn(n)]
    scenes, columns = list(base), {"factor": ["base"] * n, "pair": list(range(n))}
    for k, factor in enumerate(FACTORS):
        scenes += [counterfactual(s, factor, Dice(seed, i, 1 + k)) for i, s in enumerate(base)]
        columns["factor"] += [factor] * n
        columns["pair"] += range(n)
    return Draw(scenes, columns)


def styled(style: str | None, seed: int, n: int, size: int) -> Draw:
    """Wild scenes in one style, or in "flat" and "painting" by turns."""
    scenes = [draw_from("wild", label, Dice(seed, i)) for i, label in _in_turn(n)]
    styles = [style or ("flat", "painting")[i // len(CLASS_NAMES) % 2] for i in range(n)]
    return Draw([replace(s, style=t) for s, t in zip(scenes, styles, strict=True)], {"style": styles})


def unusual(seed: int, n: int, size: int) -> Draw:
    """Wild scenes, tipped over, upside down or seen from above, where nobody expects them."""
    scenes = []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        s = replace(
            draw_from("wild", label, dice),
            others=(),
            relation="",
            count=1,
            background=unusual_place(dice, label),
        )
        turn = (
            {"roll": float(dice.pick((90, 180)))}
            if dice.chance(0.6)
            else {"roll": 0.0, "elevation": dice.uniform(55, 80)}
        )
        scenes.append(replace(s, **turn))
    return Draw(scenes)


def _conflict_background(dice: Dice, background: str, *labels: str) -> str:
    return "studio" if background == "neutral" else unusual_place(dice, *labels)


def cue_conflict(background: str, seed: int, n: int, size: int) -> Draw:
    """The shape of one class in the surface of another, over every part; all pairs of classes by turns."""
    scenes, textures = [], []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        step = 1 + i // len(CLASS_NAMES) % (len(CLASS_NAMES) - 1)
        texture = CLASS_NAMES[(CLASS_NAMES.index(label) + step) % len(CLASS_NAMES)]
        place = _conflict_background(dice, background, label, texture)
        scenes.append(replace(typical(label, dice), **own_surface(texture), repaint=True, background=place))
        textures.append(texture)
    return Draw(scenes, {"shape": [s.label for s in scenes], "texture": textures})


def shape_only(background: str, seed: int, n: int, size: int) -> Draw:
    """The cue-conflict shapes in plain grey."""
    grey = {"colour": "gray", "accent": "gray", "pattern": "plain", "texture_of": "", "repaint": True}
    scenes = []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        scenes.append(
            replace(typical(label, dice), **grey, background=_conflict_background(dice, background, label))
        )
    return Draw(scenes)


def texture_only(background: str, seed: int, n: int, size: int) -> Draw:
    """Balls, cubes and tubes in the surface of each class; `label` is that class."""
    scenes, labels = [], []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        solid = ("ball", "cube", "tube")[i // len(CLASS_NAMES) % 3]
        scenes.append(
            Scene(
                label=solid,
                subcategory=solid,
                **own_surface(label),
                yaw=dice.uniform(-180, 180),
                elevation=dice.uniform(10, 30),
                background=_conflict_background(dice, background, label),
            )
        )
        labels.append(label)
    return Draw(scenes, {"label": labels})


def empty(seed: int, n: int, size: int) -> Draw:
    """Places without any object."""
    scenes = [
        replace(draw_from("wild", "nothing", Dice(seed, i)), others=(), relation="", count=1, occluder=None)
        for i in range(n)
    ]
    return Draw(scenes, {"label": [""] * n})


def painted(kind: str, seed: int, n: int, size: int) -> Draw:
    """Pictures without a scene: "texture", "noise" or "drawing"."""
    make = getattr(far, kind)
    return Draw(images=np.stack([make(Dice(seed, i), size) for i in range(n)]))


def hard_category(kind: str, seed: int, n: int, size: int) -> Draw:
    """Alone, upright and whole, but in the wrong place, in another class's surface, or of an odd material."""
    scenes, nuisance = [], []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        scene = typical(label, dice)
        if kind == "background":
            changes = {"background": unusual_place(dice, label)}
            nuisance.append(changes["background"])
        elif kind == "texture":
            other = dice.pick(CLASS_NAMES, (label,))
            changes = own_surface(other)
            nuisance.append(other)
        else:
            material = dice.pick(_MATERIALS, (CLASSES[label].surface.pattern,))
            changes = {**any_surface(dice, plain=0.0), "pattern": material, "repaint": True}
            nuisance.append(material)
        scenes.append(replace(scene, **changes))
    return Draw(scenes, {"nuisance": nuisance})


def retrieval(seed: int, n: int, size: int) -> Draw:
    """n wild scenes, no two alike in class, colours, pattern and place, and five captions that state them."""
    seen, scenes, i = set(), [], 0
    while len(scenes) < n:
        label = CLASS_NAMES[len(scenes) % len(CLASS_NAMES)]
        scene = draw_from("wild", label, Dice(seed, i))
        i += 1
        if scene.others or scene.occluder or retrieval_key(scene) in seen:
            continue
        seen.add(retrieval_key(scene))
        scenes.append(scene)
    return Draw(scenes, {"captions": [retrieval_captions(s, Dice(seed, k, 1)) for k, s in enumerate(scenes)]})


def hard_negatives(seed: int, n: int, size: int) -> Draw:
    """n scenes of each kind of swap, with the true caption and its false twin."""
    scenes, kinds, pairs = [], [], []
    for k, kind in enumerate(KINDS):
        for i, label in _in_turn(n):
            scene = hard_negative_scene(kind, label, Dice(seed, i, k))
            scenes.append(scene)
            kinds.append(kind)
            pairs.append(caption_pair(scene, kind))
    return Draw(
        scenes, {"kind": kinds, "caption": [p.true for p in pairs], "negative": [p.false for p in pairs]}
    )


def view_pairs(seed: int, n: int, size: int) -> Draw:
    """The same object from two places 0–120° apart: images 2k and 2k + 1, `angle` between them in degrees."""
    scenes, angles = [], []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        first = replace(
            typical(label, dice),
            background=unusual_place(dice),
            subcategory=dice.pick(FAMILIES[label].subcategories),
        )
        angle = 120.0 * (i + 0.5) / n  # spread evenly; the classes come in turn, so both are balanced
        second = replace(first, azimuth=dice.pick((-1, 1)) * angle, elevation=dice.uniform(10, 30))
        scenes += [first, second]
        angles += [angle, angle]
    return Draw(scenes, {"pair": [k // 2 for k in range(2 * n)], "angle": angles})


def scene_pairs(seed: int, n: int, size: int) -> Draw:
    """Three objects in a place, from two cameras 5–60° apart: images 2k and 2k + 1."""
    scenes, angles = [], []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        others = tuple(
            some_thing(
                dice,
                dice.pick(CLASS_NAMES, (label,)),
                at=(side * dice.uniform(1.0, 1.3), dice.uniform(-0.6, 0.9), 0.0),
                height=0.85,
            )
            for side in (-1, 1)
        )
        first = replace(typical(label, dice), background=unusual_place(dice), others=others)
        angle = 5.0 + 55.0 * (i + 0.5) / n
        second = replace(
            first,
            azimuth=dice.pick((-1, 1)) * angle,
            elevation=dice.uniform(10, 30),
            frame=(dice.uniform(-1, 1), 0.0),
        )
        scenes += [first, second]
        angles += [angle, angle]
    return Draw(scenes, {"pair": [k // 2 for k in range(2 * n)], "angle": angles})


def part_pairs(seed: int, n: int, size: int) -> Draw:
    """Two objects of one class and subcategory in other surfaces, places and views: images 2k and 2k + 1."""
    scenes = []
    for i, label in _in_turn(n):
        dice = Dice(seed, i)
        subcategory = dice.pick(FAMILIES[label].subcategories)
        for _ in range(2):
            scenes.append(
                replace(
                    typical(label, dice),
                    **any_surface(dice),
                    subcategory=subcategory,
                    background=unusual_place(dice),
                    stretch=tuple(dice.uniform(0.8, 1.25) for _ in range(3)),
                )
            )
    return Draw(scenes, {"pair": [k // 2 for k in range(2 * n)]})
