"""The ways through the workshop: parts with minutes, and what the computer needs for each, as measured."""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from clipkit.errors import MissingData
from clipkit.registry import Registry

COMPUTE = files("clipkit.workshop") / "compute.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a path: planned minutes, and the notebook and core exercises it is about, if any."""

    title: str
    minutes: int
    notebook: str = ""
    exercises: list[str] = field(default_factory=list)

    @property
    def core(self) -> list[str]:
        """The exercises as a plan names them.

        >>> Part(title="Look", minutes=5, exercises=["read-the-bars"]).core
        ['read the bars']
        """
        return [name.replace("-", " ") for name in self.exercises]


@dataclass(frozen=True, kw_only=True)
class Path:
    """One way through the workshop."""

    title: str
    sentence: str
    objectives: list[str]
    parts: list[Part]

    @property
    def minutes(self) -> int:
        """Planned minutes altogether."""
        return sum(part.minutes for part in self.parts)

    @property
    def notebooks(self) -> list[str]:
        """The notebooks of the path, in order."""
        return [part.notebook for part in self.parts if part.notebook]


@cache
def paths() -> Registry[Path]:
    """The paths by name.

    >>> paths()["ninety-minutes"].minutes
    90
    """
    read = tomllib.loads((files("clipkit.workshop") / "paths.toml").read_text(encoding="utf-8"))
    return Registry(
        "path",
        {
            name: Path(parts=[Part(**part) for part in values.pop("part")], **values)
            for name, values in read.items()
        },
    )


def compute() -> dict:
    """What `clipkit workshop time` wrote; see `clipkit.workshop.timing.measure`.

    Raises MissingData if nothing was measured yet.
    """
    if not COMPUTE.is_file():
        raise MissingData("no compute times were measured", "run: clipkit workshop time")
    return json.loads(COMPUTE.read_text(encoding="utf-8"))


def table(name: str) -> str:
    """The parts of a path as a Markdown table, for a page of the book; raises UnknownName for another path."""
    path, measured = paths()[name], compute()
    rows = [
        "| part | core exercises | minutes (our plan) | computing (measured) |",
        "| --- | --- | ---: | ---: |",
    ]
    for part in path.parts:
        title = f"[{part.title}]({part.notebook}.ipynb)" if part.notebook else part.title
        seconds = f"{measured['notebooks'][part.notebook]['seconds']:.0f} s" if part.notebook else ""
        rows.append(f"| {title} | {', '.join(part.core)} | {part.minutes} | {seconds} |")
    total = sum(measured["notebooks"][notebook]["seconds"] for notebook in path.notebooks)
    rows.append(f"| **all** | | **{path.minutes}** | **{total:.0f} s** |")
    return "\n".join(rows) + (
        "\n\nMinutes of teaching are our plan. Computing is processor time, much as an idle machine needs: "
        f"every cell, with its solution, in a fresh kernel, measured on {measured['when']} on {measured['on']}. "
        "`clipkit workshop time` measures it on yours."
    )
