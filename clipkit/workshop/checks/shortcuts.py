"""Checks of the notebook "Shape or texture?"."""

import numpy as np

from clipkit.metrics import shape_bias
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.workshop import data
from clipkit.workshop.feedback import check, choose, near, need, number


def measured(model: str, background: str):
    """Shape bias (`clipkit.metrics.ShapeBias`) of a model on the cue conflicts with a neutral or another background."""
    name = f"cue-conflict-{background}"
    table = data.pictures(name).table
    decided = np.array(CLASS_NAMES)[data.cosines(model, name).argmax(1)]
    return shape_bias(decided, np.array(table["shape"]), np.array(table["texture"]))


@check
def conflict_read(shape, texture, index: int) -> str:
    """The class of the shape and that of the surface of one cue conflict."""
    row = data.pictures("cue-conflict-neutral").table.iloc[index]
    for word in (shape, texture):
        need(word in CLASS_NAMES, f"{word!r} is no class. They are: {', '.join(CLASS_NAMES)}.")
    need((shape, texture) != (row["texture"], row["shape"]), "The other way round: the outline is the shape.")
    need(shape == row["shape"], f"Look at the outline alone: is that a {shape}?")
    need(
        texture == row["texture"],
        f"The shape is right. Compare the surface with the row of pictures: a {texture}?",
    )
    return "You needed the outline for one answer and the surface for the other. A model may use either."


@check
def bias_by_hand(answer, n_shape: int, n_texture: int, n: int) -> str:
    """Shape decisions over shape and texture decisions."""
    near(
        answer, n_shape / (n_shape + n_texture), 0.002,
        {n_shape / n: "Divide by the decisions for *either* cue; the others say nothing about a preference.",
         n_texture / (n_shape + n_texture): "That is the texture's share."},
        "Shape decisions, divided by shape decisions plus texture decisions.",
    )  # fmt: skip
    return "Neither direction is better as such. And always ask how many decisions are behind it."


@check
def bias_measured(answer, models) -> str:
    """Model → shape bias on the neutral background."""
    need(
        isinstance(answer, dict) and set(answer) == set(models),
        f"Write a dict with the keys {', '.join(models)}.",
    )
    for name in models:
        other = measured(name, "other").shape_bias
        near(
            answer[name], measured(name, "neutral").shape_bias, 1e-6,
            {other: "That is the other background."}, "Decide by the largest cosine, then use shape_bias.", name,
        )  # fmt: skip
    most = max(answer, key=answer.get)
    return f"{most} follows the shape most. Is it that model's nature? Go on to the next exercise before you publish."


@check
def confound_found(letter, at_home: str) -> str:
    """The neutral background is the studio, where the model `at_home` was trained."""
    choose(letter, "c", {
        "a": "The architecture is the same: both are the ResNet.",
        "b": "The prompts are the same for both.",
        "d": "The pictures are the same for both models.",
    })  # fmt: skip
    here, away = measured(at_home, "neutral"), measured(at_home, "other")
    return (
        f"The neutral background is the studio, where {at_home} spent its whole life. There it decides for either cue "
        f"in {here.cue_accuracy:.0%} of the trials, elsewhere in {away.cue_accuracy:.0%}, and its shape bias goes from "
        f"{here.shape_bias:.2f} to {away.shape_bias:.2f}. Never compare on the home ground of one side."
    )


@check
def controls_chosen(answer, wanted: str) -> str:
    """What to report beside a shape bias."""
    need(isinstance(answer, list | tuple | set | str), "Write a list of letters.")
    found = {str(letter).lower() for letter in answer}
    need(found <= set("abcde"), f"{sorted(found)}: use the letters a to e.")
    reasons = {
        "a": "One of the missing ones tells whether the surface alone can be named at all.",
        "b": "One of the missing ones tells whether the outline alone can be named at all.",
        "c": "One of the missing ones tells how many decisions the bias rests on.",
    }
    for letter in wanted:
        need(letter in found, reasons[letter])
    need(found == set(wanted), "One of yours changes nothing about what the bias means.")
    return "A model that cannot name a grey shape at all has no preference: it has no choice."


@check
def decisions_needed(answer, n_shape: int, n_texture: int) -> str:
    """Half the width of a 95 % interval of a share from n decisions, by the usual rule of thumb."""
    n, p = n_shape + n_texture, n_shape / (n_shape + n_texture)
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    value = near(
        answer, half, 0.01, {2 * half: "That is the whole width; half of it is asked for."},
        "1.96 times the root of p (1 − p) / n, where n counts the decisions for either cue.",
    )  # fmt: skip
    number(answer)
    return (
        f"± {value:.2f} on a share of {p:.2f}: {n} decisions can hardly tell on which side of one half it is."
    )
