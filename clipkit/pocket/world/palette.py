"""What the world is made of: colours, surfaces that are typical of a class, backgrounds, sizes and lights."""

from typing import NamedTuple

from clipkit.pocket.world.textures import PATTERNS

# Linear RGB.
COLOURS = {
    "red": (0.62, 0.05, 0.04), "orange": (0.85, 0.3, 0.03), "yellow": (0.85, 0.65, 0.05),
    "green": (0.06, 0.38, 0.08), "blue": (0.05, 0.13, 0.55), "purple": (0.28, 0.06, 0.42),
    "pink": (0.85, 0.32, 0.42), "brown": (0.28, 0.13, 0.05), "white": (0.8, 0.8, 0.78),
    "black": (0.05, 0.05, 0.06), "gray": (0.3, 0.3, 0.31), "teal": (0.04, 0.42, 0.42),
}  # fmt: skip

SIZES = {"tiny": 0.34, "small": 0.5, "medium": 0.82, "large": 0.97, "huge": 1.4}  # share of the frame
LIGHTS = {"dark": 0.22, "dim": 0.5, "normal": 1.0, "bright": 1.6, "glaring": 3.0}  # gain
SURFACE_PATTERNS = PATTERNS[1:]


class Surface(NamedTuple):
    """Two colours, the pattern that mixes them, and its periods per unit of object length."""

    colour: str
    accent: str
    pattern: str
    scale: float


class Background(NamedTuple):
    """Floor and wall: two linear RGB paints, a pattern and its periods per world unit, for each."""

    floor: tuple
    floor_pattern: str
    floor_scale: float
    wall: tuple
    wall_pattern: str
    wall_scale: float


_HAZE, _CLOUD = (0.25, 0.5, 0.85), (0.9, 0.9, 0.95)
BACKGROUNDS = {
    "grass": Background(((0.1, 0.3, 0.04), (0.2, 0.45, 0.1)), "grainy", 2.0, (_HAZE, _CLOUD), "cloudy", 0.8),
    "sand": Background(((0.7, 0.55, 0.3), (0.85, 0.7, 0.45)), "grainy", 3.0,
                       ((0.35, 0.6, 0.9), (0.6, 0.8, 0.95)), "cloudy", 0.3),
    "snow": Background(((0.85, 0.88, 0.92), (0.7, 0.75, 0.85)), "grainy", 1.0,
                       ((0.6, 0.68, 0.8), (0.75, 0.8, 0.88)), "cloudy", 0.5),
    "water": Background(((0.03, 0.18, 0.4), (0.1, 0.4, 0.6)), "rippled", 0.7,
                        ((0.4, 0.65, 0.9), (0.9, 0.9, 0.95)), "cloudy", 0.6),
    "road": Background(((0.13, 0.13, 0.14), (0.2, 0.2, 0.2)), "grainy", 4.0,
                       ((0.4, 0.42, 0.5), (0.55, 0.57, 0.62)), "brick", 0.9),
    "wood": Background(((0.3, 0.15, 0.06), (0.5, 0.3, 0.14)), "wooden", 0.9,
                       ((0.75, 0.7, 0.6), (0.7, 0.65, 0.55)), "plain", 1.0),
    "tiles": Background(((0.75, 0.75, 0.72), (0.25, 0.35, 0.4)), "checkered", 0.9,
                        ((0.5, 0.65, 0.65), (0.6, 0.75, 0.75)), "checkered", 1.0),
    "bricks": Background(((0.4, 0.38, 0.35), (0.3, 0.28, 0.26)), "grainy", 1.0,
                         ((0.5, 0.17, 0.1), (0.75, 0.7, 0.65)), "brick", 1.1),
    "carpet": Background(((0.4, 0.08, 0.1), (0.55, 0.3, 0.12)), "dotted", 1.6,
                         ((0.6, 0.55, 0.4), (0.65, 0.6, 0.45)), "banded", 0.5),
    "studio": Background(((0.6, 0.6, 0.6), (0.6, 0.6, 0.6)), "plain", 1.0,
                         ((0.72, 0.72, 0.72), (0.72, 0.72, 0.72)), "plain", 1.0),
}  # fmt: skip


class ClassCard(NamedTuple):
    """What is typical of a class: the surface it wears and the background it stands on."""

    surface: Surface
    background: str


CLASSES = {
    "mug": ClassCard(Surface("white", "blue", "banded", 4.5), "wood"),
    "bottle": ClassCard(Surface("green", "yellow", "striped", 5.0), "wood"),
    "teapot": ClassCard(Surface("white", "teal", "dotted", 4.5), "tiles"),
    "chair": ClassCard(Surface("orange", "brown", "wooden", 3.5), "wood"),
    "table": ClassCard(Surface("brown", "white", "diagonal", 5.0), "tiles"),
    "bed": ClassCard(Surface("blue", "white", "plaid", 4.0), "carpet"),
    "lamp": ClassCard(Surface("yellow", "red", "zigzag", 4.5), "carpet"),
    "car": ClassCard(Surface("red", "white", "triangle", 4.5), "road"),
    "truck": ClassCard(Surface("orange", "black", "diagonal", 3.0), "road"),
    "bus": ClassCard(Surface("yellow", "black", "checkered", 4.5), "road"),
    "airplane": ClassCard(Surface("white", "red", "grid", 4.5), "road"),
    "boat": ClassCard(Surface("blue", "white", "wavy", 4.5), "water"),
    "rocket": ClassCard(Surface("purple", "yellow", "ringed", 4.0), "sand"),
    "house": ClassCard(Surface("red", "white", "brick", 5.0), "grass"),
    "tree": ClassCard(Surface("green", "brown", "camouflage", 4.5), "grass"),
    "cactus": ClassCard(Surface("green", "black", "striped", 3.5), "sand"),
    "flower": ClassCard(Surface("pink", "white", "starry", 4.5), "grass"),
    "mushroom": ClassCard(Surface("red", "white", "dotted", 3.0), "grass"),
    "dog": ClassCard(Surface("brown", "black", "furry", 4.5), "grass"),
    "giraffe": ClassCard(Surface("yellow", "brown", "cracked", 4.0), "sand"),
    "duck": ClassCard(Surface("yellow", "orange", "furry", 4.0), "water"),
    "fish": ClassCard(Surface("orange", "teal", "scaly", 4.5), "water"),
    "hammer": ClassCard(Surface("gray", "black", "speckled", 3.5), "bricks"),
    "umbrella": ClassCard(Surface("pink", "purple", "ringed", 5.5), "sand"),
    "snowman": ClassCard(Surface("white", "teal", "speckled", 4.5), "snow"),
    "guitar": ClassCard(Surface("brown", "orange", "marbled", 3.5), "carpet"),
}
CLASS_NAMES = tuple(CLASSES)
NEAR_OOD_NAMES = ("stool", "train", "helicopter", "submarine", "lighthouse", "elephant", "axe", "palm tree",
                  "robot", "bicycle", "rabbit", "windmill")  # fmt: skip
