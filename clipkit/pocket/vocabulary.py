"""The words of the pocket world: what a thing may be called, and how its look and its place are said."""

CLASS_SYNONYMS = {
    "mug": ("cup",),
    "bottle": ("flask",),
    "teapot": ("tea pot",),
    "chair": ("seat",),
    "table": ("desk",),
    "bed": ("bunk",),
    "lamp": ("lantern",),
    "car": ("automobile",),
    "truck": ("lorry",),
    "bus": ("coach",),
    "airplane": ("plane", "aircraft"),
    "boat": ("ship",),
    "rocket": ("spaceship",),
    "house": ("home",),
    "tree": (),
    "cactus": (),
    "flower": ("blossom",),
    "mushroom": ("fungus",),
    "dog": ("hound",),
    "giraffe": (),
    "duck": ("bird",),
    "fish": (),
    "hammer": ("tool",),
    "umbrella": ("parasol",),
    "snowman": (),
    "guitar": ("instrument",),
}
PLURALS = {
    "bus": "buses",
    "cactus": "cacti",
    "fish": "fish",
    "snowman": "snowmen",
    "aircraft": "aircraft",
    "lorry": "lorries",
}
PATTERN_WORDS = {
    "plain": ("plain",),
    "banded": ("banded",),
    "striped": ("striped",),
    "diagonal": ("diagonal",),
    "dotted": ("dotted", "spotted"),
    "checkered": ("checkered",),
    "marbled": ("marbled",),
    "wooden": ("wooden",),
    "brick": ("brick",),
    "scaly": ("scaly",),
    "cracked": ("cracked",),
    "plaid": ("plaid",),
    "camouflage": ("camouflage",),
    "zigzag": ("zigzag",),
    "grid": ("grid",),
    "furry": ("furry", "fluffy"),
    "ringed": ("ringed",),
    "starry": ("starry",),
    "wavy": ("wavy",),
    "speckled": ("speckled",),
    "triangle": ("triangle",),
}
SIZE_WORDS = {
    "tiny": ("tiny",),
    "small": ("small", "little"),
    "medium": ("",),
    "large": ("large", "big"),
    "huge": ("huge",),
}
PLACE_WORDS = {
    "grass": ("on the grass", "on a lawn"),
    "sand": ("on the sand", "in the desert"),
    "snow": ("in the snow", "on white snow"),
    "water": ("on the water", "in the sea"),
    "road": ("on the road", "on a street"),
    "wood": ("on a wooden floor", "on the floor indoors"),
    "tiles": ("on tiles", "on a tiled floor"),
    "bricks": ("in front of a brick wall", "by a brick wall"),
    "carpet": ("on a carpet", "on a rug"),
    "studio": ("in a studio", "on a plain background"),
}
LIGHT_WORDS = {
    "dark": ("in the dark", "at night"),
    "dim": ("in dim light", "in the shade"),
    "normal": ("",),
    "bright": ("in bright light", "in the sun"),
    "glaring": ("in bright light", "in the sun"),
}
RELATION_WORDS = {
    "next to": ("next to", "beside"),
    "in front of": ("in front of",),
    "behind": ("behind",),
    "under": ("under", "below"),
    "on top of": ("on top of", "on"),
}
INVERSE = {
    "next to": "next to",
    "in front of": "behind",
    "behind": "in front of",
    "under": "on top of",
    "on top of": "under",
}
ROLL_WORDS = {90.0: ("lying on its side", "tipped over"), 180.0: ("upside down",)}
STYLE_WORDS = {"photo": "photo", "sketch": "sketch", "flat": "cartoon", "painting": "painting"}
COUNT_WORDS = {2: "two", 3: "three"}


def article(text: str) -> str:
    """The text with "a" turned into "an" before a vowel.

    >>> article("a photo of a orange umbrella next to a airplane")
    'a photo of an orange umbrella next to an airplane'
    """
    words = text.split(" ")
    for i in range(len(words) - 1):
        if words[i] == "a" and words[i + 1][:1] in "aeiou" and words[i + 1] not in ("one", "unicorn"):
            words[i] = "an"
    return " ".join(words)


def plural(noun: str) -> str:
    """The plural of a class or subcategory name.

    >>> plural("bus"), plural("wine bottle"), plural("snowman with a hat"), plural("house")
    ('buses', 'wine bottles', 'snowmen with a hat', 'houses')
    """
    head, *rest = noun.split(" with ")
    *before, last = head.split(" ")
    last = PLURALS.get(last, last + ("es" if last.endswith(("sh", "x")) else "s"))
    return " with ".join([" ".join([*before, last]), *rest])
