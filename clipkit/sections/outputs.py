"""What a section may ask of a model: its stored outputs on a data set, on every track the same."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from clipkit.datasets.pairs import Pair
from clipkit.models.cards import ModelCard

PROMPT_SETS = ("1", "5", "30", "80")
DEFAULT_PROMPTS = (PROMPT_SETS[-1], "")
"""What models are compared with: all templates, or "" for a model that takes none."""


class Texts(NamedTuple):
    """Features (m, d) of the texts of a column, and the image (m,) that each belongs to."""

    features: np.ndarray
    image: np.ndarray


class Outputs(Protocol):
    """One model's outputs, from the embedding store; no tower runs twice.

    `dataset` is a name of the track's registry. `prompts` names a set of templates and is ignored by a model
    with a classification head.
    """

    card: ModelCard
    track: str

    def features(self, dataset: str) -> np.ndarray:
        """Image features (n, d), not normalised."""

    def cosines(self, dataset: str, prompts: str = "1") -> np.ndarray:
        """Cosines (n, classes) of images and class prompts; raises BadInput for a model without prompts."""

    def logits(self, dataset: str, prompts: str = "1") -> np.ndarray:
        """Logits (n, classes): cosines times the model's own logit scale, or those of its head."""

    def labels(self, dataset: str) -> np.ndarray:
        """Class of each image, int64 (n,); −1 for none."""

    def table(self, dataset: str) -> pd.DataFrame:
        """One row per image with what the task needs besides the label."""

    def texts(self, dataset: str, column: str) -> Texts:
        """Features of the texts in a column of `table`; raises BadInput for a model without a text tower."""

    def dense(self, dataset: str) -> Sequence[np.ndarray]:
        """A map of features (h, w, d) of each image that `pairs` counts, not normalised."""

    def pairs(self, dataset: str) -> list[Pair]:
        """Pairs of those images, with the points that correspond."""


def default_prompts(outputs: Outputs) -> str:
    """The largest set of templates, or "" for a model that takes none."""
    return DEFAULT_PROMPTS[0 if outputs.card.prompts else 1]
