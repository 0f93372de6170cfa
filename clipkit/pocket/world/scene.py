"""A scene as plain, frozen values: everything the renderer needs and nothing it draws by chance."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from clipkit.errors import BadInput
from clipkit.pocket.world.palette import BACKGROUNDS, COLOURS, LIGHTS, SIZES
from clipkit.pocket.world.shapes import FAMILIES
from clipkit.pocket.world.textures import PATTERNS

RENDERER_VERSION = 1  # raise it whenever a scene would give other pixels
STYLES = ("photo", "sketch", "flat", "painting")
RELATIONS = ("", "next to", "in front of", "behind", "on top of", "under")


def _must_be(value, known, what):
    if value not in known:
        raise BadInput(f"{what} {value!r} of a scene is unknown", f"use one of {', '.join(map(repr, known))}")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object beside the main one: what it is, what it wears, where it stands (x right, y away, z up)."""

    kind: str
    subcategory: str
    colour: str
    accent: str
    pattern: str = "plain"
    scale: float = 4.0
    yaw: float = 0.0
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    height: float = 1.0

    def __post_init__(self):
        _must_be(self.kind, FAMILIES, "kind")
        _must_be(self.colour, COLOURS, "colour")
        _must_be(self.accent, COLOURS, "accent")
        _must_be(self.pattern, PATTERNS, "pattern")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture. Angles in degrees, lengths in world units (the main object's diagonal is about 1.8).

    label, subcategory: the main object. colour, accent, pattern, scale: its surface; `texture_of` names the
    class whose typical surface this is, "" if of none; with `repaint` the pattern covers every part, also
    those with a colour of their own (wheels, windows). yaw, roll, stretch: its pose and its proportions.
    azimuth, elevation: where the camera stands (azimuth 0 looks along +y). size: share of the frame that the
    object fills; frame: where in the free room it sits, −1 … 1 each; crop: shift by that share of its width,
    so that a part of it leaves the frame. sun: azimuth and elevation of the light. others: further objects
    in view, the first of which stands in `relation` to the main one ("" for none: `label` *relation* other);
    count: how many objects of the main kind are in view. occluder: what blocks the view, drawn in front.
    """

    label: str
    subcategory: str
    colour: str
    accent: str
    pattern: str = "plain"
    scale: float = 4.0
    texture_of: str = ""
    repaint: bool = False
    yaw: float = -55.0
    roll: float = 0.0
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    azimuth: float = 0.0
    elevation: float = 20.0
    size: str = "medium"
    frame: tuple[float, float] = (0.0, 0.0)
    crop: float = 0.0
    background: str = "studio"
    light: str = "normal"
    sun: tuple[float, float] = (30.0, 50.0)
    others: tuple[Thing, ...] = ()
    relation: str = ""
    count: int = 1
    occluder: Thing | None = None
    style: str = "photo"

    def __post_init__(self):
        _must_be(self.label, FAMILIES, "label")
        _must_be(self.colour, COLOURS, "colour")
        _must_be(self.accent, COLOURS, "accent")
        _must_be(self.pattern, PATTERNS, "pattern")
        _must_be(self.size, SIZES, "size")
        _must_be(self.background, BACKGROUNDS, "background")
        _must_be(self.light, LIGHTS, "light")
        _must_be(self.relation, RELATIONS, "relation")
        _must_be(self.style, STYLES, "style")

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces; equal scenes give equal text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """The scene that `to_json` wrote.

        >>> scene = Scene(label="mug", subcategory="short mug", colour="red", accent="white")
        >>> Scene.from_json(scene.to_json()) == scene
        True
        """
        values = json.loads(text)
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise BadInput(
                f"unknown scene fields {sorted(unknown)}", "the scene was written by another version"
            )
        for name in ("stretch", "frame", "sun"):
            values[name] = tuple(values[name])
        values["others"] = tuple(_thing(v) for v in values["others"])
        values["occluder"] = _thing(values["occluder"]) if values["occluder"] else None
        return cls(**values)


def _thing(values: dict) -> Thing:
    return Thing(**{**values, "at": tuple(values["at"])})


def fingerprint(scenes: Iterable[Scene], *more: object) -> str:
    """sha256 over the scenes' canonical JSON, the renderer's version and whatever else made the pixels.

    `more` are JSON values (image size, samples per pixel, captions …).
    """
    digest = hashlib.sha256(json.dumps([RENDERER_VERSION, *more], sort_keys=True).encode())
    for scene in scenes:
        digest.update(b"\n" + scene.to_json().encode())
    return digest.hexdigest()
