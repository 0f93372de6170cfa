"""Uncurated captions, as a crawl would find them, and filters that curate without knowing the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.vocabulary import CLASS_SYNONYMS, plural
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice
from clipkit.pocket.world.shapes import FAMILIES

_GENERIC = (
    "a nice photo",
    "my picture",
    "here we see this",
    "a good shot",
    "look at this",
    "a scene",
    "the image here",
)
_FILE_NAMES = ("img {}", "photo {}", "image {} {}")


@dataclass(frozen=True)
class CaptionNoise:
    """Chances that an image's captions are wrong (another image's), missing (a file name) or generic."""

    wrong: float = 0.2
    missing: float = 0.15
    generic: float = 0.2

    def __post_init__(self):
        if min(self.wrong, self.missing, self.generic) < 0 or self.wrong + self.missing + self.generic > 1:
            raise BadInput(f"{self} is no set of probabilities", "give numbers ≥ 0 that sum to at most 1")


def uncurated(
    captions: Sequence[Sequence[str]], noise: CaptionNoise, seed: int
) -> tuple[list[list[str]], np.ndarray]:
    """Captions of n images after noise, and what befell each: (n,) "clean", "wrong", "missing", "generic".

    The second value is the truth; filters must not see it.
    """
    fates = {"wrong": noise.wrong, "missing": noise.missing, "generic": noise.generic}
    fates["clean"] = 1.0 - sum(fates.values())
    out, befell = [], []
    for i, own in enumerate(captions):
        dice = Dice(seed, i)
        fate = dice.weighted(fates)
        if fate == "wrong":
            other = (i + 1 + dice.pick(range(len(captions) - 1))) % len(captions)
            text = list(captions[other])
        elif fate == "missing":
            text = [dice.pick(_FILE_NAMES).format(dice.pick(range(10)), dice.pick(range(10))) for _ in own]
        elif fate == "generic":
            text = [dice.pick(_GENERIC) for _ in own]
        else:
            text = list(own)
        out.append(text)
        befell.append(fate)
    return out, np.array(befell)


class CaptionFilter(Protocol):
    """Decides from images and captions alone which pairs to keep."""

    def keep(self, images: np.ndarray, captions: Sequence[Sequence[str]]) -> np.ndarray:
        """Boolean (n,): True for pairs to train on."""


@dataclass(frozen=True)
class TextFilter:
    """Keeps images one of whose captions names a thing, in enough words and no digits; reads text alone."""

    least_words: int = 2

    def keep(self, images: np.ndarray, captions: Sequence[Sequence[str]]) -> np.ndarray:
        names = _names()
        return np.array([any(self._good(c, names) for c in texts) for texts in captions], bool)

    def _good(self, caption: str, names: frozenset[str]) -> bool:
        words = caption.split()
        return (
            len(words) >= self.least_words
            and not any(w.isdigit() for w in words)
            and bool(names & set(words))
        )


@dataclass(frozen=True)
class ScoreFilter:
    """Keeps the share of images with the highest image–text score, e.g. a small CLIP's cosine.

    score(images, captions) → (n,); higher = better match.
    """

    score: Callable[[np.ndarray, Sequence[Sequence[str]]], np.ndarray]
    share: float = 0.5

    def keep(self, images: np.ndarray, captions: Sequence[Sequence[str]]) -> np.ndarray:
        scores = np.asarray(self.score(images, captions))
        kept = np.zeros(len(scores), bool)
        kept[np.argsort(-scores, kind="stable")[: round(self.share * len(scores))]] = True
        return kept


def _names() -> frozenset[str]:
    """The last word of every name that a thing of the world may have, and of its plural."""
    phrases = {
        c for name in CLASS_NAMES for c in (name, *CLASS_SYNONYMS[name], *FAMILIES[name].subcategories)
    }
    heads = {p.split(" with ")[0].split()[-1] for p in phrases}
    return frozenset(heads | {plural(h) for h in heads})
