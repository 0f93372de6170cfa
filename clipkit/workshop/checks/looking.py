"""Checks of the notebook "What does the model see?"."""

import reprlib
from dataclasses import asdict
from numbers import Real

import numpy as np

from clipkit.errors import ClipkitError
from clipkit.metrics import accuracy
from clipkit.pocket.world import Scene
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.workshop import data
from clipkit.workshop.feedback import NotYet, check, near, need
from clipkit.workshop.live_prompt import check_template, unknown_words
from clipkit.workshop.live_scene import look, start


@check
def bars_read(predicted, confidence, answer: dict) -> str:
    """The class with the longest bar, and its probability; answer: class → probability, as drawn."""
    truth = max(answer, key=answer.get)
    need(
        str(predicted) in answer,
        f"{predicted!r} is no class of this world. Copy the name beside the longest bar.",
    )
    need(
        predicted == truth,
        f"{predicted!r} has a probability of {answer[predicted]:.2f}. Is a bar longer than that?",
    )
    near(
        confidence, answer[truth], 0.01, {100 * answer[truth]: "Write it as a number between 0 and 1."},
        "Read the number beside the longest bar.", "your confidence",
    )  # fmt: skip
    return "The prediction is the longest bar, and the confidence is how long it is. Nothing says yet that it is true."


@check
def softmax_by_hand(probability, cosines, scale: float) -> str:
    """The probability of the first class from cosines and a logit scale."""
    cosines = np.asarray(cosines)

    def first(factor):
        powers = np.exp(factor * cosines)
        return float(powers[0] / powers.sum())

    near(
        probability, first(scale), 0.005,
        {first(1.0): "That is the softmax of the bare cosines: multiply them by the logit scale first.",
         float(cosines[0] / cosines.sum()): "Take exp() of each number before you divide by the sum."},
        "Multiply each cosine by the scale, take exp() of each, and divide the first by the sum.",
    )  # fmt: skip
    return "Cosines that look alike become a clear answer: the logit scale does that, and it was learned, not chosen."


@check
def model_broken(mine: Scene, label: str, model: str) -> str:
    """A scene that differs from the usual one of `label` in one field, and that the model gets wrong."""
    need(
        isinstance(mine, Scene),
        f"`mine` is a {type(mine).__name__}. Make it with replace(base, field=value).",
    )
    before, after = asdict(start(label)), asdict(mine)
    changed = [name for name in before if before[name] != after[name]]
    need(bool(changed), "This is the scene that you began with. Change one field of it.")
    need("label" not in changed, "That is another object. Leave `label`, and change how it is seen.")
    need(
        len(changed) == 1,
        f"You changed {', '.join(changed)}. Change one field, or you will not know which it was.",
    )
    field = changed[0]
    value = getattr(mine, field)
    wanted = _wanted(before[field])
    number = isinstance(before[field], Real) and not isinstance(before[field], bool)
    if number or isinstance(before[field], str):
        fits = isinstance(value, Real if number else str) and value == value
        need(fits, f"`{field}` is {reprlib.repr(value)}, and {wanted} belongs there.")
    try:
        seen = look(mine, [model])
    except (ClipkitError, KeyError, ValueError, TypeError) as error:
        raise NotYet(
            f"No picture can be made with `{field}` = {reprlib.repr(value)}: {wanted} belongs there."
        ) from error
    said, sure = seen.said(model), seen.answers[model]
    need(
        said != label,
        f"It still says {label} ({sure[said]:.0%} sure). Go further with `{field}`, or try another.",
    )
    return f"With another `{field}` alone, the {label} is a {said}, and the model is {sure[said]:.0%} sure of it."


def _wanted(usual) -> str:
    """What a field takes that usually holds `usual`, in words."""
    kinds = {
        bool: "True or False",
        str: "one of the words, in quotes",
        tuple: "a pair or list such as `base` has",
    }
    return next((said for kind, said in kinds.items() if isinstance(usual, kind)), "a number without quotes")


@check
def prompt_set_made(templates, model: str) -> str:
    """Three or more different templates of known words; tells the ensemble's accuracy and the single ones'."""
    need(isinstance(templates, list | tuple), "Write a list of texts, each in quotes.")
    templates = tuple(check_template(str(t)) for t in templates)
    need(len(set(templates)) == len(templates), "One template is there twice. It would only weigh more.")
    need(
        len(templates) >= 3,
        f"You have {len(templates)}. Make at least three, so that they can make up for each other.",
    )
    labels = data.labels("wild")

    def share(chosen):
        return accuracy(data.cosines(model, "wild", chosen).argmax(1), labels)

    alone = [share((t,)) for t in templates]
    return (
        f"Together they reach {share(templates):.1%}; alone {min(alone):.1%} to {max(alone):.1%}, "
        f"{np.mean(alone):.1%} on average. Compare with that average, not with the worst: who would know it beforehand?"
    )


@check
def unknown_found(unknown, words) -> str:
    """Which of `words` the models never met."""
    need(isinstance(unknown, list | tuple | set), "Write a list of words.")
    truth, found = set(unknown_words(" ".join(words))), {str(word) for word in unknown}
    need(found <= set(words), f"{sorted(found - set(words))} are not among the words of the task.")
    need(found >= truth, f"{len(truth - found)} more of them never stood in a caption.")
    need(found == truth, f"{sorted(found - truth)} did stand in captions: try them in the explorer.")
    return f"A prompt with such a word still gets an answer. {len(CLASS_NAMES)} probabilities always add up to one."
