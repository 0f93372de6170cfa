"""Prompt templates and class names, with the short hashes by which a result records them.

The sets of 7 and 80 templates and the 1,000 class names are open_clip's. Which 5 and 30 templates the paper
used is not known to us; ours were fixed before any model was run, by this rule: take "a photo of a {}."
first, order the other 79 by the sha256 of their text, and cut after 1, 5, 30 or 80. So the sets are nested,
and no set was chosen for its result.
"""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from clipkit.errors import BadInput, MissingData, MissingPackage
from clipkit.registry import Registry

SINGLE_TEMPLATE = "a photo of a {}."
CUE_CONFLICT_CLASSNAMES = (
    "airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat",
    "chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck",
)  # fmt: skip


def templates(name: str | Path) -> tuple[str, ...]:
    """The template set called `name` ("1", "5", "7", "30", "80"), or read from a file.

    A file holds one template a line, or a JSON list; each has exactly one "{}" for the class name.
    Raises UnknownName, MissingData or BadInput.

    >>> templates("1")
    ('a photo of a {}.',)
    >>> [len(templates(name)) for name in ("5", "7", "30", "80")]
    [5, 7, 30, 80]
    """
    if not _is_file_name(name):
        return _template_sets()[str(name)]
    found = _read_list(Path(name), "templates")
    for template in found:
        if template.count("{}") != 1:
            raise BadInput(
                f"template {template!r} in {name} needs exactly one {{}}", "write e.g. 'a photo of a {}.'"
            )
    return found


def classnames(name: str | Path) -> tuple[str, ...]:
    """The class names called `name` ("imagenet", "cue-conflict"), or read from a file (text or JSON list).

    Raises UnknownName, MissingData or BadInput.

    >>> len(classnames("imagenet")), classnames("cue-conflict")[:2]
    (1000, ('airplane', 'bear'))
    """
    if not _is_file_name(name):
        return _classname_sets()[str(name)]
    return _read_list(Path(name), "class names")


def short_hash(texts: Sequence[str]) -> str:
    """Twelve hex digits that change with any text, their order or their number.

    >>> short_hash(["a photo of a {}."])
    '3849a0dee9e5'
    >>> short_hash(["a", "b"]) == short_hash(["ab"])
    False
    """
    return hashlib.sha256(json.dumps(list(texts), ensure_ascii=False).encode()).hexdigest()[:12]


templates_hash = classnames_hash = short_hash


@cache
def _template_sets() -> Registry[tuple[str, ...]]:
    metadata = _open_clip_metadata()
    everything = tuple(template("{}") for template in metadata.OPENAI_IMAGENET_TEMPLATES)
    others = sorted(
        (t for t in everything if t != SINGLE_TEMPLATE), key=lambda t: hashlib.sha256(t.encode()).digest()
    )
    nested = (SINGLE_TEMPLATE, *others)
    return Registry("template set", {
        "1": nested[:1],
        "5": nested[:5],
        "7": tuple(template("{}") for template in metadata.SIMPLE_IMAGENET_TEMPLATES),
        "30": nested[:30],
        "80": everything,
    })  # fmt: skip


@cache
def _classname_sets() -> Registry[tuple[str, ...]]:
    return Registry("set of class names", {
        "imagenet": tuple(_open_clip_metadata().IMAGENET_CLASSNAMES),
        "cue-conflict": CUE_CONFLICT_CLASSNAMES,
    })  # fmt: skip


@cache
def _open_clip_metadata():
    """open_clip's module of templates and names, loaded by itself: importing the package imports torch."""
    package = importlib.util.find_spec("open_clip")
    if package is None:
        raise MissingPackage("open_clip holds the templates and class names", 'pip install "clipkit[models]"')
    path = Path(package.submodule_search_locations[0]) / "zero_shot_metadata.py"
    spec = importlib.util.spec_from_file_location("open_clip_zero_shot_metadata", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_file_name(name: str | Path) -> bool:
    return isinstance(name, Path) or "/" in name or Path(name).suffix in (".txt", ".json")


def _read_list(path: Path, what: str) -> tuple[str, ...]:
    if not path.is_file():
        raise MissingData(f"no file {path} of {what}", "give a text file, one a line, or a JSON list")
    text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text) if path.suffix == ".json" else [line.strip() for line in text.splitlines()]
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path} is not valid JSON: {error}", f"write the {what} as a JSON list of texts"
        ) from None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise BadInput(f"{path} is not a list of texts", f"write the {what} as a JSON list of texts")
    found = tuple(item for item in found if item)
    if not found or len(set(found)) < len(found):
        problem = "is empty" if not found else "names something twice"
        raise BadInput(f"{path} {problem}", f"list each of the {what} once")
    return found
