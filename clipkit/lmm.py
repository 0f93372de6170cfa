"""Language models that see: score given answers to questions about images, or answer and be read.

One interface for LLaVA (`clipkit.llava`) and for the pocket laboratory's small models. Where a question offers names,
there are two ways to an answer, and both belong in a report: the name with the highest log-probability, which always
exists, and the name that a generated text holds, which may hold none or several (`parse_choice`).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput

ONE, NEITHER, BOTH = OUTCOMES = ("one", "neither", "both")


class Choice(NamedTuple):
    """What a text chose: the position of the one option that it names, or −1; outcome: one of OUTCOMES."""

    option: int
    outcome: str


def parse_choice(
    text: str, options: Sequence[str], synonyms: Mapping[str, Sequence[str]] | None = None
) -> Choice:
    """Which of the options a text names, as whole words, whatever their case.

    synonyms: option → what it may be called besides. A name within a longer one that is also on offer does not count:
    "coffee mug" is no "mug" if both are options. "both" stands for two or more. No grammar is read: "not a mug" names
    the mug. Raises BadInput for options that repeat, for then no answer is right.

    ImageNet-D's own script looks for substrings ("bus" in "bush") and discards "neither" and "both".

    >>> parse_choice("The main object is a Mug.", ["bottle", "mug"])
    Choice(option=1, outcome='one')
    >>> parse_choice("a mug beside a bottle", ["bottle", "mug"]).outcome, parse_choice("mugs", ["mug"]).outcome
    ('both', 'neither')
    """
    check_options(options)
    owner = {
        name.lower(): i
        for i, option in enumerate(options)
        for name in (option, *(synonyms or {}).get(option, ()))
    }
    names = "|".join(re.escape(name) for name in sorted(owner, key=len, reverse=True))
    named = {owner[match] for match in re.findall(rf"\b(?:{names})\b", text.lower())}
    if len(named) == 1:
        return Choice(named.pop(), ONE)
    return Choice(-1, BOTH if named else NEITHER)


def check_options(options: Sequence[str]) -> None:
    """Raise BadInput unless there are two options that differ, upper and lower case being the same."""
    folded = [option.lower() for option in options]
    if repeated := sorted({o for o in folded if folded.count(o) > 1}):
        raise BadInput(f"the options {list(options)} repeat {', '.join(repeated)}", "offer each name once")


class Lmm(ABC):
    """A model that answers questions about images."""

    name: str

    def score(
        self,
        images: Sequence,
        questions: Sequence[str],
        answers: Sequence[Sequence[str]],
        per_token: bool = False,
    ) -> list[np.ndarray]:
        """Natural logarithm of the probability of each answer, the end of the answer included; (k,) per question.

        images: one per question; answers: the k answers to score, for each question. Higher is likelier. A sequence's
        log-probability is the sum over its tokens; per_token: divided by their number, which does not punish long
        names, but is no probability. Raises BadInput for counts that differ and answers that repeat or are empty.
        """
        _check_counts(images, questions, answers)
        for own in answers:
            check_options(own)
            if not own or not all(own):
                raise BadInput(f"the answers {list(own)} hold an empty one", "give words to score")
        found = self._score(images, questions, answers)
        return [(total / n if per_token else total) for total, n in found]

    def generate(self, images: Sequence, questions: Sequence[str]) -> list[str]:
        """The answer to each question, the likeliest token at each step.

        images: one per question. Raises BadInput for counts that differ. (ImageNet-D samples at temperature 0.2.)
        """
        _check_counts(images, questions)
        return self._generate(images, questions)

    @abstractmethod
    def _score(self, images, questions, answers) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each question the log-probability of each answer, and its number of tokens."""

    @abstractmethod
    def _generate(self, images, questions) -> list[str]: ...


class CoinFlip(Lmm):
    """An "LMM" that looks at nothing and guesses among the names on offer: what no knowledge at all achieves."""

    name = "coin"

    def __init__(self, seed: int = 0):
        self.rng = np.random.default_rng(seed)

    def _score(self, images, questions, answers):
        return [(np.log(self.rng.dirichlet(np.ones(len(own)))), np.ones(len(own))) for own in answers]

    def _generate(self, images, questions):
        raise BadInput("a coin has no words", "score names instead")


def _check_counts(images, questions, answers=None) -> None:
    counts = {"images": len(images), "questions": len(questions)}
    if answers is not None:
        counts["lists of answers"] = len(answers)
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{n} {what}" for what, n in counts.items())
        raise BadInput(said, "give one image and one list of answers for each question")
