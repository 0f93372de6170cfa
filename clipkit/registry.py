"""Typed look-up by name, with a "did you mean" for near misses."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Generic, TypeVar

from clipkit.errors import BadInput, UnknownName

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known names, or the first few when none is near.

    >>> did_you_mean("retreival", ["retrieval", "calibration"])
    'Did you mean retrieval?'
    """
    known = sorted(known)
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    return f"Known: {shown}"


class Registry(Mapping[str, T], Generic[T]):
    """A read-mostly mapping from name to `T` that refuses duplicates and explains unknown names."""

    def __init__(self, kind: str, items: Mapping[str, T] | None = None):
        self.kind = kind
        self._items: dict[str, T] = {}
        for name, item in (items or {}).items():
            self.add(name, item)

    def add(self, name: str, item: T) -> T:
        """Register `item`; raises BadInput if the name is taken."""
        if name in self._items:
            raise BadInput(f"{self.kind} {name!r} is already registered", "choose another name")
        self._items[name] = item
        return item

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(f"unknown {self.kind} {name!r}", did_you_mean(name, self._items)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
