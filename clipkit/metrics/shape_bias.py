"""Shape bias: of the decisions for one of the two cues, the share that follows the shape."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import validate


class ShapeBias(NamedTuple):
    """shape_bias = n_shape / (n_shape + n_texture), NaN if neither cue was ever chosen;
    cue_accuracy = (n_shape + n_texture) / n, the share of trials decided for either cue;
    n = trials whose cues disagree. Both shares in [0, 1].
    """

    shape_bias: float
    cue_accuracy: float
    n_shape: int
    n_texture: int
    n: int


def shape_bias(decision, shape, texture) -> ShapeBias:
    """Shape bias on cue-conflict images.

    decision, shape, texture: (n,) labels, all integers or all text. Trials whose shape and texture class
    agree say nothing about preference and are dropped (80 of the 1,280 stimuli of Geirhos et al.).
    Shape bias is no accuracy: neither direction is better as such; people reach about 0.96.
    Raises BadInput if no trial is in conflict.

    Source: Geirhos et al. 2019, ICLR. `model-vs-human` computes the same ratio but divides the two fractions
    by all 1,280 trials, which cancels in the ratio and makes its cue accuracy differ from ours.

    >>> shape_bias(["cat", "dog", "cat", "car"], ["cat", "cat", "cat", "cat"], ["dog", "dog", "cat", "dog"])
    ShapeBias(shape_bias=0.5, cue_accuracy=0.6666666666666666, n_shape=1, n_texture=1, n=3)
    """
    decision, shape, texture = validate.categories(decision=decision, shape=shape, texture=texture)
    conflict = shape != texture
    n = int(conflict.sum())
    if n == 0:
        raise BadInput(
            f"shape and texture agree in all {len(shape)} trials", "pass the labels of cue-conflict images"
        )
    n_shape = int((decision == shape)[conflict].sum())
    n_texture = int((decision == texture)[conflict].sum())
    decided = n_shape + n_texture
    bias = n_shape / decided if decided else float("nan")
    return ShapeBias(bias, decided / n, n_shape, n_texture, n)


def class_probabilities(probabilities, members: Mapping[str, object]) -> np.ndarray:
    """Mean probability over the member classes of each coarse class: (n, len(members)), in mapping order.

    probabilities: (n, n_classes); members: coarse name -> indices of its fine classes. The argmax over the
    result is the decision. The **mean**, not the sum: the categories hold very unequal numbers of classes,
    and a sum would favour the large ones. The rows do not sum to one.
    Source: `ImageNetProbabilitiesTo16ClassesMapping` of model-vs-human (Geirhos et al. 2021).

    >>> class_probabilities([[0.6, 0.2, 0.2]], {"dog": [0, 1], "cat": [2]})
    array([[0.4, 0.2]])
    """
    probabilities = validate.probabilities("probabilities", probabilities)
    if not members:
        raise BadInput("members is empty", "map each coarse class to the indices of its fine classes")
    columns = [
        probabilities[:, validate.indices(f"members[{name!r}]", fine, probabilities.shape[1])].mean(axis=1)
        for name, fine in members.items()
    ]
    return np.stack(columns, axis=1)
