"""Type a prompt and see the class probabilities move."""

import re
from collections.abc import Sequence
from functools import cache

from clipkit.errors import BadInput
from clipkit.metrics import softmax
from clipkit.plots.markup import Html
from clipkit.pocket.tokenizer import CONTEXT_LENGTH, world_words
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.workshop import data
from clipkit.workshop.explorer import Explorer
from clipkit.workshop.pictures import bars, beside, picture

MOST_WORDS = CONTEXT_LENGTH - 4  # two tokens mark begin and end; the longest class name may take two


def unknown_words(text: str) -> list[str]:
    """The words that no caption of the pocket world ever used, in order.

    >>> unknown_words("a photo of a purple zebra")
    ['zebra']
    """
    return [word for word in re.findall(r"[^\W\d_]+|\d+", text.lower()) if word not in _vocabulary()]


def check_template(text: str) -> str:
    """The template without spaces around it.

    Raises BadInput for an empty one, one without a single {} for the class, with a word that the models never met, or
    longer than they can read.
    """
    text = text.strip()
    if not text:
        raise BadInput("The prompt is empty.", "Write one, such as: a photo of a {}")
    if text.count("{}") != 1:
        raise BadInput(
            f"{text!r} has {text.count('{}')} places for the class.", "Write {} once, where its name goes."
        )
    if unknown := unknown_words(text.replace("{}", " ")):
        raise BadInput(
            f"These models never met {', '.join(map(repr, unknown))}.",
            "Their world is small. Try words such as: photo, picture, sketch, small, red, on the grass.",
        )
    if len(text.split()) > MOST_WORDS:
        raise BadInput(
            f"{len(text.split())} words are more than these models read.", f"Use at most {MOST_WORDS}."
        )
    return text


def probabilities(
    template: str | Sequence[str], index: int, model: str = data.MODELS[0], name: str = "wild"
) -> dict[str, float]:
    """Class → probability for picture `index` of a set, asked with one template or an ensemble of them.

    Raises BadInput for a template or an index that cannot be.
    """
    templates = [check_template(t) for t in ([template] if isinstance(template, str) else template)]
    found = data.logits(model, name, tuple(templates))
    if not 0 <= index < len(found):
        raise BadInput(f"There is no picture {index} of {name}.", f"Choose one from 0 to {len(found) - 1}.")
    return dict(zip(CLASS_NAMES, softmax(found[index : index + 1])[0].tolist(), strict=True))


def page(template: str = data.PROMPTS[0], index: int = 0, model: str = data.MODELS[0]) -> Html:
    """What the explorer shows for the values of its controls."""
    answer = probabilities(template, index, model)
    shown = data.pictures("wild")
    truth = shown.table["label"][index]
    return beside(
        picture(shown.images[index], f"Picture {index}: a {truth}.", 192),
        bars(answer, f"“{template.strip()}”: {max(answer, key=answer.get)}, truth: {truth}"),
    )


def explore(index: int = 4, model: str = data.MODELS[0]) -> Explorer:
    """A field for a template, with the probabilities of one picture's classes."""
    import ipywidgets as w

    last = data.SETS["wild"] - 1
    controls = {
        "template": w.Text(data.PROMPTS[0], description="prompt", continuous_update=False),
        "index": w.BoundedIntText(index, 0, last, description="picture"),
        "model": w.Dropdown(options=data.MODELS, value=model, description="model"),
    }
    return Explorer(controls, page)


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(world_words())
