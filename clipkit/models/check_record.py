"""Checks kept in a file, one JSON line a model: a long run goes on where it stopped, and a table is made of it."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from clipkit.models.check import Checked

PACKAGES = ("open_clip_torch", "timm", "transformers", "torch")


class Record:
    """The file, and what it has by model; of several lines of one model the last stands."""

    def __init__(self, path: Path):
        self.path = path
        self._kept: dict[str, tuple[dict, Checked]] = {}
        text = path.read_text() if path.exists() else ""
        self._begin = "" if text.endswith("\n") or not text else "\n"  # a line that was cut off is ended
        for line in text.splitlines():
            try:
                kept = json.loads(line)
            except ValueError:
                continue
            kept["checked"]["stand_ins"] = tuple(kept["checked"]["stand_ins"])
            self._kept[kept["checked"]["model"]] = kept["asked"], Checked(**kept["checked"])

    def passed(self, model: str, largest: float, hub: bool) -> Checked | None:
        """What was found with the installed versions, if nothing was wrong, and if it ran or no more is asked now."""
        asked, found = self._kept.get(model, ({}, None))
        if not found or found.failed or asked != _asked(asked["largest"], hub):
            return None
        return found if found.device == "cpu" or asked["largest"] >= largest else None

    def add(self, checked: Checked, largest: float, hub: bool) -> None:
        """Write a line, and keep it."""
        asked = _asked(largest, hub)
        self._kept[checked.model] = asked, checked
        with self.path.open("a") as file:
            file.write(self._begin + json.dumps({"asked": asked, "checked": asdict(checked)}) + "\n")
        self._begin = ""


def _asked(largest: float, hub: bool) -> dict:
    return {"largest": largest, "hub": hub, **{package: version(package) for package in PACKAGES}}


def table(done: Iterable[Checked]) -> str:
    """Markdown: with which versions, and of each family how many models were built, ran, and had something stand in."""
    groups: dict[str, list[Checked]] = {}
    for c in sorted(done, key=lambda c: (c.library, c.family.lower())):
        groups.setdefault(f"{c.library}: {c.family}", []).append(c)
    rows = [_row(name, group) for name, group in groups.items()]
    rows.append(_row("all", [c for group in groups.values() for c in group]))
    head = (
        "family",
        "models",
        "failed",
        "embedded pictures",
        "shapes alone",
        "with a stand-in",
        "without a map",
    )
    said = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"Checked with {said}.\n\n" + "".join(
        f"| {' | '.join(map(str, row))} |\n" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)
    )


def _row(name: str, group: list[Checked]) -> tuple:
    ran = sum(c.device == "cpu" for c in group)
    return (
        name,
        len(group),
        sum(bool(c.failed) for c in group),
        ran,
        len(group) - ran,
        sum(bool(c.stand_ins) for c in group),
        sum(c.said.get("map", "").startswith("none") for c in group),
    )
