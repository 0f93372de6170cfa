"""The cue-conflict stimuli: 1,280 images whose shape shows one class and whose texture shows another.

Source: Geirhos et al., ICLR 2019; stimuli in rgeirhos/texture-vs-shape (CC-BY 4.0), 16 classes × 80 images.
In 80 of them shape and texture class agree; they carry no conflict and every measure here leaves them out.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from clipkit.errors import BadInput

CLASSES = ("airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat",
           "chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck")  # fmt: skip

_ONE = f"({'|'.join(CLASSES)})"
_NAME = re.compile(rf"(?:^|[_/])(({_ONE}\d+)-({_ONE}\d+))(?:\.png)?$")


def stimulus(name: str) -> str:
    """The stimulus a file or trial name speaks of, without folder, trial prefix and suffix.

    Raises BadInput if the name does not end in `<shape><i>-<texture><j>`.

    >>> stimulus("0001_s5n_dnn_0_airplane_00_airplane1-bicycle2.png")
    'airplane1-bicycle2'
    """
    return _found(name)[1]


def parse(name: str) -> tuple[str, str]:
    """The shape class and the texture class of a stimulus.

    >>> parse("airplane1-bicycle2.png")
    ('airplane', 'bicycle')
    """
    found = _found(name)
    return found[3], found[5]


@cache
def stimuli() -> tuple[str, ...]:
    """The names of all 1,280 stimuli, sorted; they follow no rule, so the list is shipped.

    >>> len(stimuli()), stimuli()[0]
    (1280, 'airplane1-bicycle2')
    """
    return tuple(Path(__file__).with_name("cue_conflict_stimuli.txt").read_text(encoding="utf-8").split())


def check_complete(names: Iterable[str]) -> None:
    """Raise BadInput, naming them, if stimuli are lacking, unknown or there twice."""
    names = [stimulus(name) for name in names]
    given, known = set(names), set(stimuli())
    for problem, which in (
        ("lacks", known - given),
        ("has unknown", given - known),
        ("repeats", {name for name in given if names.count(name) > 1} if len(given) < len(names) else set()),
    ):
        if which:
            shown = ", ".join(sorted(which)[:5]) + (", …" if len(which) > 5 else "")
            raise BadInput(
                f"the decisions file {problem} {len(which)} cue-conflict stimuli: {shown}",
                "it must decide each of the images of clipkit.datasets.cue_conflict.stimuli() once",
            )


def _found(name: str) -> re.Match:
    found = _NAME.search(name)
    if not found:
        raise BadInput(
            f"{name!r} is not a cue-conflict stimulus", "expected a name such as airplane1-bicycle2.png"
        )
    return found
