"""Captions: short and attribute-rich sentences about a scene, all of them true."""

from clipkit.pocket.prompts import STYLE_TEMPLATES, TRAIN_TEMPLATES
from clipkit.pocket.vocabulary import (
    CLASS_SYNONYMS,
    COUNT_WORDS,
    INVERSE,
    LIGHT_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
    RELATION_WORDS,
    ROLL_WORDS,
    SIZE_WORDS,
    article,
    plural,
)
from clipkit.pocket.world.sampling import Dice
from clipkit.pocket.world.scene import Scene, Thing

_FRAMES = (
    "{}",
    "a {}",
    "the {}",
    "there is a {}",
    "photo showing a {}",
    "here we see a {}",
    "image with a {}",
    "a scene with a {}",
)


def _join(*words: str) -> str:
    return " ".join(w for w in words if w)


def noun(scene: Scene, dice: Dice, rare: float = 0.2) -> str:
    """The class name; with probability `rare` a synonym or the subcategory's name instead."""
    others = (*CLASS_SYNONYMS.get(scene.label, ()), scene.subcategory, scene.subcategory)
    return dice.pick(others) if dice.chance(rare) else scene.label


def look(thing: Scene | Thing, dice: Dice, accent: float = 0.4) -> str:
    """Colour and pattern, as in "red and white striped"; a plain thing has one colour, a sketch none."""
    style = getattr(thing, "style", "photo")
    if style == "sketch":
        return ""
    if style == "flat":
        return thing.colour
    if thing.pattern == "plain":
        return dice.pick((thing.colour, f"plain {thing.colour}"))
    colour = f"{thing.colour} and {thing.accent}" if dice.chance(accent) else thing.colour
    return f"{colour} {dice.pick(PATTERN_WORDS[thing.pattern])}"


def _frame(scene: Scene, phrase: str, templates, dice: Dice) -> str:
    templates = (
        STYLE_TEMPLATES.get(scene.style, templates)
        if scene.style != "photo" and dice.chance(0.7)
        else templates
    )
    return article(dice.pick(templates).format(phrase))


def _counted(scene: Scene, name: str, *adjectives: str) -> str:
    if scene.count == 1:
        return _join(*adjectives, name)
    return _join(COUNT_WORDS[scene.count], *adjectives, plural(name))


def short_caption(scene: Scene, dice: Dice) -> str:
    """The object, sometimes with its colour, a companion or a place: "a view of the red mug"."""
    phrase = _counted(
        scene, noun(scene, dice), scene.colour if dice.chance(0.2) and scene.style != "sketch" else ""
    )
    if scene.count > 1:
        return article(_join(phrase, _place(scene, dice, 0.3)))
    if scene.relation and dice.chance(0.4):
        phrase = f"{phrase} {dice.pick(('and', 'with'))} a {scene.others[0].kind}"
    text = _frame(scene, phrase, TRAIN_TEMPLATES, dice)
    return _join(text, _place(scene, dice, 0.15))


def _place(scene: Scene, dice: Dice, probability: float) -> str:
    """Where it is, if that is said and can be seen: a sketch has no background."""
    return (
        dice.pick(PLACE_WORDS[scene.background])
        if dice.chance(probability) and scene.style != "sketch"
        else ""
    )


def _related(scene: Scene, main: str, dice: Dice, detail: float) -> str:
    """Two phrases and the relation between them, from either side."""
    thing = scene.others[0]
    other = _join(thing.colour if dice.chance(detail) else "", thing.kind)
    if dice.chance(0.65):
        return f"{main} {dice.pick(RELATION_WORDS[scene.relation])} a {other}"
    return f"{other} {dice.pick(RELATION_WORDS[INVERSE[scene.relation]])} a {main}"


def rich_caption(scene: Scene, dice: Dice, detail: float = 0.7) -> str:
    """Size, look, companion, occluder, place, light and pose; each said with probability `detail`."""
    said = [dice.chance(detail) for _ in range(5)]
    size = dice.pick(SIZE_WORDS[scene.size]) if said[0] and not scene.others else ""
    look_words = look(scene, dice) if said[1] else ""
    phrase = _counted(scene, noun(scene, dice), size, look_words)
    if scene.relation and scene.count == 1:
        phrase = _related(scene, phrase, dice, 0.0 if scene.style == "sketch" else 0.6)
    if scene.occluder is not None and said[2]:
        phrase += f" behind a {scene.occluder.kind}"
    tail = _join(
        dice.pick(PLACE_WORDS[scene.background]) if said[3] and scene.style != "sketch" else "",
        dice.pick(LIGHT_WORDS[scene.light]) if said[4] and scene.style == "photo" else "",
        dice.pick(ROLL_WORDS[scene.roll]) if scene.roll and dice.chance(detail) else "",
    )
    frames = ("{}",) if scene.count > 1 else _FRAMES
    return _join(_frame(scene, phrase, frames, dice) if scene.count == 1 else article(phrase), tail)


def training_captions(scene: Scene, dice: Dice) -> list[str]:
    """Four captions: two short, two rich."""
    return [
        short_caption(scene, dice),
        short_caption(scene, dice),
        rich_caption(scene, dice),
        rich_caption(scene, dice),
    ]


def retrieval_key(scene: Scene) -> tuple[str, ...]:
    """The attributes that every retrieval caption of a scene states."""
    return (
        scene.label,
        scene.colour,
        "" if scene.pattern == "plain" else scene.accent,
        scene.pattern,
        scene.background,
    )


def retrieval_captions(scene: Scene, dice: Dice, n: int = 5) -> list[str]:
    """`n` different sentences, each of which states every attribute of `retrieval_key`.

    With keys that are unique in a set, each caption is true of one image of it alone.
    """
    found: dict[str, None] = {}
    while len(found) < n:
        words = look(scene, dice, accent=1.0)
        if scene.pattern == "plain" and not words.startswith("plain"):
            words = f"plain {words}"
        phrase = _frame(scene, _join(words, scene.label), _FRAMES, dice)
        size = dice.pick(LIGHT_WORDS[scene.light]) if dice.chance(0.5) else ""
        found[_join(phrase, dice.pick(PLACE_WORDS[scene.background]), size)] = None
    return list(found)
