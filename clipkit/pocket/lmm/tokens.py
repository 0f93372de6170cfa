"""Text as a pocket LMM reads and writes it, in the pocket vocabulary."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch

from clipkit.pocket import models


@cache
def encode(text: str) -> tuple[int, ...]:
    """Token ids of a text, without the special ones."""
    return tuple(models.tokenizer().encode(text))


def decode(ids: Sequence[int]) -> str:
    """The text of token ids, punctuation set apart by blanks."""
    return models.tokenizer().decode(ids).strip()


class Specials(NamedTuple):
    """Ids that stand before a question and after an answer."""

    begin: int
    end: int


@cache
def specials() -> Specials:
    """Those of open_clip's tokenizer: start and end of text."""
    tokenizer = models.tokenizer()
    return Specials(tokenizer.sot_token_id, tokenizer.eot_token_id)


def rows(questions: Sequence[str], answers: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Question and answer as ids (n, longest), padded with the end mark, and which of them are the answer's.

    The answer's part includes one end mark, for a model must also say that it has finished.

    >>> ids, answer = rows(["what is this?", "how many?"], ["mug", "two"])
    >>> ids.shape == answer.shape, answer.sum(1).tolist()
    (True, [2, 2])
    """
    begin, end = specials()
    prompts = [(begin, *encode(q)) for q in questions]
    texts = [(*p, *encode(a), end) for p, a in zip(prompts, answers, strict=True)]
    shape = len(texts), max(map(len, texts))
    ids, answer = np.full(shape, end), np.zeros(shape, bool)
    for i, (prompt, text) in enumerate(zip(prompts, texts, strict=True)):
        ids[i, : len(text)] = text
        answer[i, len(prompt) : len(text)] = True
    return torch.from_numpy(ids), torch.from_numpy(answer)
