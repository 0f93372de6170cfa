"""What a check says of an answer: right or not yet, and always a sentence that helps."""

import reprlib
from collections.abc import Callable, Mapping
from functools import wraps
from html import escape
from typing import NamedTuple

import numpy as np

UNANSWERED = "Put your answer where the three dots are, run that cell, then this one."


class Feedback(NamedTuple):
    """The answer of a check; a notebook shows the message under the cell."""

    passed: bool
    message: str

    def __str__(self) -> str:
        return f"{'✓ Right.' if self.passed else '→ Not yet.'} {self.message}"

    def _repr_html_(self) -> str:
        return f'<p role="status"><strong>{str(self)[:10].strip()}</strong>{escape(str(self)[10:])}</p>'


class NotYet(Exception):
    """Raised inside a check: what the learner may look at next."""


def check(function: Callable[..., str]) -> Callable[..., Feedback]:
    """Turn a function that returns praise or raises NotYet into one that returns `Feedback` and never raises.

    An answer that is still `...` or holds such a place, and a learner's function that stops with an error, are told
    in words.

    >>> @check
    ... def even(n):
    ...     need(n % 2 == 0, f"{n} leaves a rest of 1.")
    ...     return "Two divides it."
    >>> print(even(3), even(4), even("x"), sep="\\n")
    → Not yet. 3 leaves a rest of 1.
    ✓ Right. Two divides it.
    → Not yet. Your code stopped with TypeError: not all arguments converted during string formatting
    """

    @wraps(function)
    def checked(*answers) -> Feedback:
        for answer in answers:
            if unanswered := _unanswered(answer):
                return Feedback(False, unanswered)
        try:
            return Feedback(True, function(*answers))
        except NotYet as hint:
            return Feedback(False, str(hint))
        except Exception as error:  # whatever a learner's code raises is news for the learner
            return Feedback(False, f"Your code stopped with {type(error).__name__}: {error}")

    return checked


def _unanswered(answer) -> str:
    if answer is Ellipsis:
        return UNANSWERED
    if isinstance(answer, dict):
        still = [str(name) for name, value in answer.items() if value is Ellipsis]
        return f"{UNANSWERED} Still open: {', '.join(still)}." if still else ""
    return UNANSWERED if isinstance(answer, list | tuple) and any(a is Ellipsis for a in answer) else ""


def need(condition: bool, hint: str) -> None:
    """Raise NotYet with `hint` unless the condition holds."""
    if not condition:
        raise NotYet(hint)


def given(answer, what: str = "your answer"):
    """The answer; raises NotYet for None, which a function without `return` gives."""
    need(answer is not None, f"{what} is None. If it comes from your function: does that end with `return`?")
    return answer


def number(answer, what: str = "your answer") -> float:
    """The answer as a float; raises NotYet for anything else."""
    try:
        value = np.asarray(given(answer, what), dtype=float)
    except (TypeError, ValueError):
        raise NotYet(f"{what} is {reprlib.repr(answer)}, and a number is wanted.") from None
    need(
        value.ndim == 0 and np.isfinite(value),
        f"{what} is {reprlib.repr(answer)}, and one finite number is wanted.",
    )
    return float(value)


def near(
    answer,
    truth: float,
    tolerance: float,
    traps: Mapping[float, str],
    otherwise: str,
    what: str = "your answer",
) -> float:
    """The answer if it lies within `tolerance` of `truth`; else NotYet with the hint of the trap that it fell into.

    traps: wrong value → what leads to it. otherwise: the hint for every other value.
    """
    value = number(answer, what)
    if abs(value - truth) <= tolerance:
        return value
    for wrong, hint in traps.items():
        # A wrong value a hundred times as large is typed with as many digits, so rounded a hundred times as far.
        reach = tolerance * max(1.0, abs(wrong / truth)) if truth else tolerance
        need(abs(value - wrong) > reach, f"{what} is {value:.4g}. {hint}")
    raise NotYet(f"{what} is {value:.4g}. {otherwise}")


def choose(answer, right: str, hints: Mapping[str, str]) -> None:
    """Raise NotYet unless `answer` is the letter `right`; hints: every other letter → why it is not that."""
    letters = sorted({right, *hints})
    letter = str(answer).strip().lower().strip("().")
    need(letter in letters, f"{answer!r} is none of the letters {', '.join(letters)}.")
    need(letter == right, hints.get(letter, ""))
