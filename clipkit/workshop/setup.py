"""Check your set-up: is everything here that the workshop needs, and what to do if not."""

import os
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import clipkit
from clipkit.errors import ClipkitError

PACKAGES = ("torch", "open_clip_torch", "numba", "ipywidgets", "scikit-learn", "statsmodels")
LEAST_DISK = 500  # MB, for rendered pictures and a trained model
BESIDE = Path(clipkit.__file__).parent.parent / "cache"
"""Where the workshop's folder carries its rendered pictures; a clone of the project has no such folder.

:meta hide-value:
"""


class Item(NamedTuple):
    """One thing that was looked at: whether it is fine, and what was found or is to be done."""

    what: str
    fine: bool
    found: str


class Setup(tuple):
    """Items; a notebook shows them as a table."""

    @property
    def ready(self) -> bool:
        """Whether everything is fine."""
        return all(item.fine for item in self)

    def __str__(self) -> str:
        lines = [f"{'✓' if item.fine else '✗'} {item.what}: {item.found}" for item in self]
        return "\n".join([*lines, "Ready." if self.ready else "Not ready: see the lines with ✗."])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def check_setup(models: Sequence[str] | None = None, sets: Sequence[str] | None = None) -> Setup:
    """Look at Python, packages, disk, models and pictures; pictures that are missing are rendered now, in seconds each.

    models, sets: those of the workshop if not given. Nothing here needs a network. Never raises: what is wrong is said
    in the table, with the remedy.
    """
    if BESIDE.is_dir():
        os.environ.setdefault("CLIPKIT_CACHE", str(BESIDE))
    items = [_python(), *map(_package, PACKAGES), _disk()]
    if all(item.fine for item in items):
        try:
            from clipkit.workshop import data
        except Exception as error:  # a file of the package is missing or cut
            return Setup([*items, _broken("the package clipkit", error)])
        items += [
            _try(f"model {name}", data.model, name) for name in (data.MODELS if models is None else models)
        ]
        items += [
            _try(f"pictures {name}", data.pictures, name) for name in (data.SETS if sets is None else sets)
        ]
    return Setup(items)


def _python() -> Item:
    found = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info < (3, 13)
    return Item(
        "Python", fine, found if fine else f"{found}; install 3.11 or 3.12, and start Jupyter with it"
    )


def _package(name: str) -> Item:
    try:
        return Item(name, True, version(name))
    except PackageNotFoundError:
        return Item(name, False, "not installed; see START-HERE, or: pip install 'clipkit[models,workshop]'")


def _disk() -> Item:
    free = shutil.disk_usage(".").free // 10**6
    fine = free >= LEAST_DISK
    return Item("disk", fine, f"{free:,} MB free" + ("" if fine else f"; make room for {LEAST_DISK} MB"))


def _try(what: str, load, name: str) -> Item:
    try:
        load(name)
    except Exception as error:  # whatever is wrong with a file, the class is to read what to do
        return _broken(what, error)
    return Item(what, True, "here")


def _broken(what: str, error: Exception) -> Item:
    found, remedy = f"{type(error).__name__}: {error}".splitlines()[0], "report this at the project's address"
    if isinstance(error, ClipkitError):
        found, remedy = error.problem, error.remedy
    if BESIDE.is_dir():
        remedy = "unpack the zip again, into a new folder"
    return Item(what, False, f"{found}; {remedy}")
