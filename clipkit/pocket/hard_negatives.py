"""Captions that are almost true: one attribute, relation, order or count is swapped, and nothing else."""

from typing import NamedTuple

from clipkit.errors import BadInput
from clipkit.pocket.vocabulary import COUNT_WORDS, INVERSE, article, plural
from clipkit.pocket.world.sampling import Dice, add_companion, add_copies, draw_from
from clipkit.pocket.world.scene import Scene

KINDS = ("attribute", "relation", "order", "count")
_DIRECTED = ("in front of", "behind", "under")


class CaptionPair(NamedTuple):
    """A true caption and its false twin, of the same words or with one word changed."""

    true: str
    false: str


def hard_negative_scene(kind: str, label: str, dice: Dice) -> Scene:
    """A plain wild scene on which a caption of this kind can be swapped."""
    scene = draw_from("wild", label, dice)
    while scene.others or scene.occluder or scene.roll or scene.size == "small":
        scene = draw_from("wild", label, dice)
    if kind == "count":
        return add_copies(scene, dice)
    relation = dice.pick(("next to", *_DIRECTED)) if kind == "attribute" else dice.pick(_DIRECTED)
    paired = add_companion(scene, dice, relation=relation)
    while paired.others[0].colour == scene.colour:
        paired = add_companion(scene, dice, relation=relation)
    return paired


def caption_pair(scene: Scene, kind: str) -> CaptionPair:
    """The caption and its swapped twin.

    attribute: the two colours change places; relation: it is turned round; order: the two nouns change places
    (both relations are directed, so this is false too); count: two for three and three for two.
    """
    if kind == "count":
        words = [COUNT_WORDS[scene.count], COUNT_WORDS[5 - scene.count]]
        return CaptionPair(*(f"{w} {scene.colour} {plural(scene.label)}" for w in words))
    other = scene.others[0]
    first, second, relation = f"{scene.colour} {scene.label}", f"{other.colour} {other.kind}", scene.relation
    if kind == "attribute":
        true = f"a {first} {relation} a {second}"
        false = f"a {other.colour} {scene.label} {relation} a {scene.colour} {other.kind}"
    elif kind == "relation":
        true, false = (f"a {scene.label} {r} a {other.kind}" for r in (relation, INVERSE[relation]))
    elif kind == "order":
        true, false = (
            f"a {scene.label} {relation} a {other.kind}",
            f"a {other.kind} {relation} a {scene.label}",
        )
    else:
        raise BadInput(f"unknown kind of hard negative {kind!r}", f"use one of {', '.join(KINDS)}")
    return CaptionPair(article(true), article(false))
