"""Ways to ask one question: nested sets of templates, each template alone, and other names for the classes."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.prompts import PROMPT_SET_SIZES, prompt_set
from clipkit.pocket.vocabulary import CLASS_SYNONYMS
from clipkit.zeroshot import ensemble, stored_text_features

SET, TEMPLATE, NAMES = ("set", "template", "names")
NAMES_FILE = Path(__file__).with_name("class_names.toml")


class PromptVariant(NamedTuple):
    """One classifier to be built from text: the templates, and what each class is called in them.

    name: of a set its size, of a single template the template itself, of other class names their entry in
    class_names.toml.
    """

    kind: str
    name: str
    templates: tuple[str, ...]
    class_names: tuple[str, ...]


@cache
def prompt_variants() -> tuple[PromptVariant, ...]:
    """Sets of 1, 5, 30 and 80 templates; every second of the 80 alone; other class names, in all 80 templates.

    >>> from collections import Counter
    >>> Counter(variant.kind for variant in prompt_variants())
    Counter({'template': 40, 'names': 13, 'set': 4})
    """
    own, full = tuple(CLASS_SYNONYMS), prompt_set(PROMPT_SET_SIZES[-1])
    renamings = tomllib.loads(NAMES_FILE.read_text(encoding="utf-8"))
    found = [PromptVariant(SET, str(size), prompt_set(size), own) for size in PROMPT_SET_SIZES]
    found += [PromptVariant(TEMPLATE, template, (template,), own) for template in full[::2]]
    found += [PromptVariant(NAMES, name, full, renamed(words)) for name, words in renamings.items()]
    return tuple(found)


def renamed(words: Iterable[str]) -> tuple[str, ...]:
    """The class names, in their order, with `words` in the place of those that they are synonyms of.

    Raises BadInput for a word that is no synonym of any class, or a second one of the same.

    >>> renamed(["cup", "aircraft"])[:11:10]
    ('cup', 'aircraft')
    """
    class_of = {word: name for name, synonyms in CLASS_SYNONYMS.items() for word in synonyms}
    called: dict[str, str] = {}
    for word in words:
        if word not in class_of or class_of[word] in called:
            raise BadInput(
                f"{word!r} is no synonym of a class, or the second of one",
                "use each class's words in CLASS_SYNONYMS once at most",
            )
        called[class_of[word]] = word
    return tuple(called.get(name, name) for name in CLASS_SYNONYMS)


def classifiers(model, variants: Iterable[PromptVariant], store) -> dict[str, np.ndarray]:
    """Name of each variant → weights (d, n_classes) as of `clipkit.zeroshot.text_classifier`.

    Every text goes through the text tower once, however many variants hold it, and then lies in the `EmbeddingStore`.
    """
    asked = {v.name: [[t.replace("{}", n) for t in v.templates] for n in v.class_names] for v in variants}
    texts = list(dict.fromkeys(text for rows in asked.values() for row in rows for text in row))
    place = {text: index for index, text in enumerate(texts)}
    embedded = stored_text_features(model, texts, store)
    return {
        name: ensemble(embedded[[[place[text] for text in row] for row in rows]]).T
        for name, rows in asked.items()
    }
