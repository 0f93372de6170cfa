"""A model without a network: planted answers as vectors, in the form in which sections meet a real model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clipkit.datasets.pairs import Pair
from clipkit.errors import BadInput, UnknownName
from clipkit.models.cards import ModelCard
from clipkit.pocket.oracle.planted import N_CLASSES, Answers, PlantedSet, class_index, generator
from clipkit.registry import Registry, did_you_mean
from clipkit.sections.outputs import PROMPT_SETS, Texts
from clipkit.zeroshot import classify

PLANTED = "planted"
LOGIT_SCALE = 100.0
_TEXT_SIDE = 0.5  # length of an image's part that meets the texts of its data set


def is_planted(card: ModelCard) -> bool:
    """Whether results of this model are known beforehand, and so are no finding about any model."""
    return PLANTED in (card.kind, card.source)


class OracleModel:
    """Answers as planted, through real vectors: features, class vectors and text features in one space.

    It has the methods of `clipkit.sections.outputs.Outputs`. Its card is called "oracle/NAME"; kind and source
    are "planted", so that no choice of zero-shot, fine-tuned or baseline models ever contains it. With
    prompts=False it is a model with a classification head: logits, but neither cosines nor texts.

    Class vectors are orthogonal, and each prompt set has its own; an image is its cosines with them plus a part
    that no class sees. The whole is turned at random, and image and text features have unequal lengths, float32
    as in a store: whoever reads coordinates, or forgets to normalise, does not find what was planted.
    """

    track = "pocket"

    def __init__(self, name: str, *planted: PlantedSet, prompts: bool = True, seed: int = 0):
        if not planted:
            raise BadInput(f"oracle {name!r} has no data set", "pass at least one planted set")
        self.sets = Registry("planted set", {})
        for each in planted:
            self.sets.add(each.name, each)
        self.card = ModelCard(
            name=f"oracle/{name}",
            kind=PLANTED,
            track=self.track,
            architecture="oracle",
            source=PLANTED,
            prompts=prompts,
            run=f"oracle/{name}",
            logit_scale=LOGIT_SCALE,
        )
        self._seed = seed
        self._classes = len(PROMPT_SETS) * N_CLASSES
        with_texts = [len(p) for p in planted if p.similarity]
        # One axis per class and prompt set, one per image that texts refer to, two for what is left over.
        width = self._classes + max(with_texts, default=0) + 2
        self._turn = np.linalg.qr(generator("turn", seed).normal(size=(width, width)))[0]

    def features(self, dataset: str) -> np.ndarray:
        """Image features (n, d), float32, of unequal lengths."""
        planted = self.sets[dataset]
        rows = np.arange(len(planted))
        coordinates = np.zeros((len(planted), len(self._turn)))
        for k, prompts in enumerate(PROMPT_SETS):
            answers = planted.answers_to(prompts)
            coordinates[rows, k * N_CLASSES + answers.decision] = answers.evidence / LOGIT_SCALE
        if planted.similarity:
            coordinates[rows, self._classes + rows] = _TEXT_SIDE
        return self._vectors(coordinates, -2, f"{dataset}/images")

    def class_vectors(self, prompts: str = "1") -> np.ndarray:
        """The classifier (d, n_classes), float32 unit columns, that `clipkit.zeroshot.classify` takes."""
        if prompts not in PROMPT_SETS:
            raise UnknownName(f"unknown prompt set {prompts!r}", did_you_mean(prompts, PROMPT_SETS))
        k = PROMPT_SETS.index(prompts)
        return self._turn[k * N_CLASSES : (k + 1) * N_CLASSES].T.astype(np.float32)

    def cosines(self, dataset: str, prompts: str = "1") -> np.ndarray:
        """Cosines (n, n_classes) of image features with class vectors; BadInput for a model with a head."""
        self._needs_prompts("cosines")
        return classify(self.features(dataset), self.class_vectors(prompts), 1.0)

    def logits(self, dataset: str, prompts: str = "1") -> np.ndarray:
        """Logits (n, n_classes), cosines times 100."""
        prompts = prompts if self.card.prompts else PROMPT_SETS[0]
        return classify(self.features(dataset), self.class_vectors(prompts), LOGIT_SCALE)

    def labels(self, dataset: str) -> np.ndarray:
        """Index in CLASS_NAMES, -1 for none of them: (n,) int64."""
        return class_index(self.sets[dataset].table["label"])

    def table(self, dataset: str) -> pd.DataFrame:
        """The columns of the pocket set of that name, a row per image."""
        return self.sets[dataset].table

    def texts(self, dataset: str, column: str) -> Texts:
        """Features (T, d), float32, of the texts of a column, row by row, and the image of each."""
        self._needs_prompts("texts")
        planted = self.sets[dataset]
        if column not in planted.similarity:
            raise UnknownName(
                f"no texts were planted in column {column!r} of {dataset!r}",
                did_you_mean(column, planted.similarity),
            )
        # One factor for all columns of the set, so that their texts can be compared with each other.
        longest = max(np.linalg.norm(s, axis=0).max() for s in planted.similarity.values())
        texts = planted.similarity[column].T / longest
        coordinates = np.zeros((len(texts), len(self._turn)))
        coordinates[:, self._classes : self._classes + len(planted)] = texts
        owner = np.repeat(np.arange(len(planted)), len(texts) // len(planted))
        return Texts(self._vectors(coordinates, -1, f"{dataset}/{column}"), owner)

    def dense(self, dataset: str) -> Sequence[np.ndarray]:
        """Raises BadInput: an oracle answers for whole images and has no maps."""
        raise BadInput(f"{self.card.name} has no dense features", "plant maps in a model of the test's own")

    def pairs(self, dataset: str) -> list[Pair]:
        """Raises BadInput, as `dense` does."""
        return self.dense(dataset)

    def answers(self, dataset: str, prompts: str = "1") -> Answers:
        """What was planted, for comparison with what comes out of the vectors."""
        return self.sets[dataset].answers_to(prompts)

    def truth(self, dataset: str) -> dict[str, float]:
        """What must come out; names as in `clipkit.pocket.oracle`."""
        return dict(self.sets[dataset].truth)

    def _needs_prompts(self, what: str) -> None:
        if not self.card.prompts:
            raise BadInput(f"{self.card.name} has a head and no prompts, so no {what}", "use its logits")

    def _vectors(self, coordinates: np.ndarray, rest: int, name: str) -> np.ndarray:
        """Unit vectors with `coordinates`, filled up on axis `rest`, turned, and given unequal lengths."""
        coordinates[:, rest] = np.sqrt(np.clip(1 - (coordinates**2).sum(axis=1), 0, None))
        lengths = generator(name, self._seed).uniform(0.5, 2.0, len(coordinates))
        return (coordinates @ self._turn * lengths[:, None]).astype(np.float32)
