"""Any model's outputs on the real benchmarks, from the embedding store."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from clipkit import prompts as texts
from clipkit.datasets.pairs import Pair
from clipkit.dense import dense
from clipkit.embed import Embeddings, embed_images
from clipkit.errors import BadInput
from clipkit.full.data import DENSE_SIZES, FullData
from clipkit.models import load
from clipkit.models.cards import ModelCard
from clipkit.models.model import Model
from clipkit.sections.outputs import Texts
from clipkit.store import EmbeddingStore
from clipkit.zeroshot import classify, normalise, stored_classifier, stored_text_features

_ANY_STRIDE = 224  # a whole number of cells of 8, 14, 16 and 32 pixels


def dense_size(model: Model, dataset: str) -> tuple[int, int]:
    """The size of `DENSE_SIZES`, each side rounded to a whole number of the model's cells.

    So that towers of all resolutions and strides see the same detail: 32 × 32 cells of 16 pixels on NAVI, 37 × 37 of
    14, and 16 × 16 of 32. A stride of 14 makes 518 × 518, 476 × 644 and 798 × 798 pixels; probe3d pads to the next cell
    instead, and resizes maps of stride 32 to the cells of stride 16.
    """
    stride = dense(model, size=_ANY_STRIDE).stride
    height, width = (round(round(side / s) * s) for side, s in zip(DENSE_SIZES[dataset], stride, strict=True))
    return height, width


class FullOutputs:
    """`clipkit.sections.outputs.Outputs` for one model; images are embedded when first asked for.

    `dataset` is a name that `FullData` knows. Prompts "1", "5", "30" and "80" are the nested sets of `clipkit.prompts`,
    fixed by rule before any model was run, since the paper's are not known: "a photo of a {}." comes first, then
    open_clip's other 79 templates in the order of the sha256 of their text. Class names are open_clip's, or the sixteen
    of the cue-conflict images. Logits of ImageNet-R, -A and ObjectNet are restricted to their classes
    (`clipkit.datasets.classes.ClassSet.restrict`) before anything is made of them; those of unknown images are over the
    thousand.
    """

    track = "full"

    def __init__(
        self,
        model: str | ModelCard | Model,
        data: FullData,
        store: EmbeddingStore | Path,
        *,
        batch_size: int = 64,
        workers: int | None = None,
        progress: bool = True,
    ):
        self.model = model if isinstance(model, Model) else load(model)
        self.card = self.model.card
        self.data = data
        self.store = store if isinstance(store, EmbeddingStore) else EmbeddingStore(store)
        self._how = {"batch_size": batch_size, "workers": workers, "progress": progress}
        self._features: dict[str, np.ndarray] = {}
        self._classifiers: dict[tuple[str, str], np.ndarray] = {}

    def features(self, dataset: str) -> np.ndarray:
        asked = self.data[dataset]
        name = asked.benchmark.card.name
        if name not in self._features:
            self._features[name] = embed_images(
                self.model, asked.benchmark.images, self.store, **self._how
            ).features
        return self._features[name][asked.rows]

    def cosines(self, dataset: str, prompts: str = "1") -> np.ndarray:
        if not self.card.prompts:
            raise BadInput(f"{self.card.name} has no prompts, so no cosines", "use its logits")
        asked = self.data[dataset]
        cosines = classify(self.features(dataset), self._classifier(prompts, asked.classnames), 1.0)
        return asked.classes.restrict(cosines) if asked.classes else cosines

    def logits(self, dataset: str, prompts: str = "1") -> np.ndarray:
        if self.card.prompts:
            return self.card.logit_scale * self.cosines(dataset, prompts) + (self.card.logit_bias or 0.0)
        classes = self.data[dataset].classes
        if classes is None:
            raise BadInput(
                f"{self.card.name} has no prompts, which {dataset} is decided by", "ask for another set"
            )
        return classes.restrict(self.model.head(torch.from_numpy(self.features(dataset))).cpu().numpy())

    def labels(self, dataset: str) -> np.ndarray:
        return self.data[dataset].labels

    def table(self, dataset: str) -> pd.DataFrame:
        return self.data[dataset].table

    def texts(self, dataset: str, column: str) -> Texts:
        values = self.table(dataset)[column]
        owner = np.repeat(np.arange(len(values)), [len(v) for v in values])
        features = stored_text_features(self.model, [text for v in values for text in v], self.store)
        return Texts(normalise(features), owner)

    def dense(self, dataset: str) -> Embeddings:
        """Maps (h, w, d) of the images of a benchmark of pairs, at `dense_size`; each is read from disk when asked for.

        One benchmark takes some gigabytes of the store. Batches are an eighth of those of whole images, which have a
        fifth to a thirteenth of the pixels.
        """
        how = self._how | {"batch_size": max(1, self._how["batch_size"] // 8)}
        model = dense(self.model, size=dense_size(self.model, dataset))
        return embed_images(model, self.data[dataset].benchmark.images, self.store, shard_size=32, **how)

    def pairs(self, dataset: str) -> list[Pair]:
        return self.data[dataset].benchmark.images.pairs()

    def _classifier(self, prompts: str, classnames: str) -> np.ndarray:
        key = prompts, classnames
        if key not in self._classifiers:
            names, templates = texts.classnames(classnames), texts.templates(prompts)
            self._classifiers[key] = stored_classifier(self.model, names, templates, self.store)
        return self._classifiers[key]
