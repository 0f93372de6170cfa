"""Twins: typical pictures, the same with one factor changed, and what models answer to both."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from clipkit.errors import UnknownName
from clipkit.metrics import softmax
from clipkit.models import load
from clipkit.plots.explorers.shell import Choice, Slider, explorer, picture_uri
from clipkit.plots.ledger import Html
from clipkit.plots.pocket_world import draw
from clipkit.pocket.prompts import PROMPT_SET_SIZES, prompt_set
from clipkit.pocket.world import render
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.registry import did_you_mean
from clipkit.zeroshot import classify, text_classifier

SIDE = 48
TOLD = 3
"""How many answers are told for each picture, the likeliest first."""


def twins(classes: Sequence[str], models: Sequence[str]) -> Html:
    """The first scene of each class in the set "factors" with its sixteen twins, and the answers of `models`.

    Pictures are those that the models see, pixel by pixel. Raises UnknownName for a class or model that does not exist.
    """
    sheets = np.stack([scene_sheet(name) for name in classes])
    answers = np.stack([probabilities(name, sheets.reshape(-1, SIDE, SIDE, 3)) for name in models], axis=1)
    answers = answers.reshape(*sheets.shape[:2], len(models), -1)
    data = {
        "side": SIDE,
        "classes": CLASS_NAMES,
        "factors": FACTORS,
        "models": list(models),
        "scenes": [
            {
                "label": name,
                "sheet": picture_uri(np.concatenate(list(sheet), axis=1)),
                "answers": [[likeliest(p) for p in picture] for picture in found],
            }
            for name, sheet, found in zip(classes, sheets, answers, strict=True)
        ],
    }
    controls = [Choice("scene", "Picture", classes), Slider("factor", "Changed", len(FACTORS))]
    return explorer("twins", "Pictures and their twins", controls, data)


def scene_sheet(class_name: str) -> np.ndarray:
    """A typical scene and its twins, uint8 (1 + factors, SIDE, SIDE, 3); raises UnknownName for another class."""
    if class_name not in CLASS_NAMES:
        raise UnknownName(
            f"the pocket world has no class {class_name!r}", did_you_mean(class_name, CLASS_NAMES)
        )
    n = len(CLASS_NAMES)
    return render(draw("factors", n).scenes[CLASS_NAMES.index(class_name) :: n], SIDE)


def probabilities(name: str, images: np.ndarray) -> np.ndarray:
    """What one model makes of uint8 images (n, h, w, 3): (n, classes), asked with all templates or by its own head."""
    model = load(name)
    pixels = torch.stack([model.preprocess(Image.fromarray(image)) for image in images])
    features = model.encode_image(pixels)
    if not model.card.prompts:
        return softmax(model.head(features).numpy())
    classifier = text_classifier(model, CLASS_NAMES, prompt_set(PROMPT_SET_SIZES[-1]))
    return softmax(classify(features.numpy(), classifier, model.card.logit_scale))


def likeliest(p: np.ndarray) -> list[list[int]]:
    """[class, probability in thousandths] of the likeliest classes of p (classes,), the likeliest first.

    >>> likeliest(np.array([0.1, 0.6, 0.3]))
    [[1, 600], [2, 300], [0, 100]]
    """
    return [[int(i), round(1000 * float(p[i]))] for i in np.argsort(-p, kind="stable")[:TOLD]]
