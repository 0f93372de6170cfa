"""Prompt templates: those that training captions are made of, and held-out ones made of the same words.

Held-out templates never occur in training, but each of their words does: what changes is the wording, not the
vocabulary. `prompt_set(k)` gives nested sets of 1, 5, 30 or 80, the first always "a photo of a {}".
"""

from itertools import product

from clipkit.errors import BadInput

TRAIN_TEMPLATES = (
    "a {}",
    "the {}",
    "one {}",
    "there is a {}",
    "this is a {}",
    "a render of a {}",
    "a view of the {}",
    "here we see a {}",
    "look at this {}",
    "photo showing a {}",
    "picture with one {}",
    "image with the {}",
    "my {} in a good photo",
    "a nice shot of one {}",
    "a scene with a {}",
    "close view of this {}",
    "an image of my {}",
    "a clear picture showing the {}",
    "our {}",
    "the {} we see here",
)
STYLE_TEMPLATES = {
    "sketch": ("a sketch of a {}", "{} drawn as a sketch"),
    "flat": ("a cartoon of a {}", "{} drawn as a cartoon"),
    "painting": ("a painting of a {}", "{} painted in oil"),
}
PROMPT_SET_SIZES = (1, 5, 30, 80)


def _held_out() -> tuple[str, ...]:
    first = [
        "a photo of a {}",
        "a picture of the {}",
        "an image showing one {}",
        "here is a {}",
        "look at the {}",
    ]
    nouns = ("photo", "picture", "image", "view", "shot", "scene")
    determiners = ("a", "the", "one", "this", "my")
    built = [f"a {noun} of {d} {{}}" for d, noun in product(determiners, nouns)]
    built += [f"the {noun} with {d} {{}}" for d, noun in product(("a", "this", "our"), nouns)]
    built += [
        f"a {adjective} {noun} of {d} {{}}"
        for d, adjective, noun in product(("a", "the"), ("good", "nice", "clear", "close"), nouns)
    ]
    built += [
        "we see the {} here",
        "this {} here",
        "see my {}",
        "there is one {}",
        "this is our {}",
        "there we see this {}",
    ]
    spread = [t.replace("a image", "an image") for t in built[::3] + built[1::3] + built[2::3]]
    unique = dict.fromkeys(first + spread)
    return tuple(t for t in unique if t not in TRAIN_TEMPLATES)


HELD_OUT_TEMPLATES = _held_out()


def prompt_set(size: int) -> tuple[str, ...]:
    """The first `size` held-out templates; `size` is one of `PROMPT_SET_SIZES`.

    >>> prompt_set(1)
    ('a photo of a {}',)
    """
    if size not in PROMPT_SET_SIZES:
        raise BadInput(
            f"no prompt set of {size} templates", f"use one of {', '.join(map(str, PROMPT_SET_SIZES))}"
        )
    return HELD_OUT_TEMPLATES[:size]
