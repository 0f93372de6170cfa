"""A pocket model's outputs on the pocket sets, from the embedding store."""

from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.datasets.pairs import Pair
from clipkit.dense import dense
from clipkit.embed import embed_images
from clipkit.errors import BadInput
from clipkit.models import load
from clipkit.models.cards import ModelCard
from clipkit.models.model import Model
from clipkit.pocket.dataset import PocketData
from clipkit.pocket.images import PocketImages
from clipkit.pocket.pairs import PairImages, pairs
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.sets import load_set
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections.outputs import Texts
from clipkit.store import EmbeddingStore
from clipkit.zeroshot import classify, normalise, stored_classifier, stored_text_features


def dense_size(card: ModelCard) -> int:
    """Side in pixels of the images that dense maps are made from.

    Towers were trained on 48 pixels, where a stride of 32 leaves a single cell. For each stride it is the size beyond
    which recall no longer rises on the validation split: 12 × 12 cells of stride 8, 6 × 6 cells of stride 32.
    """
    return 96 if card.architecture == "pocket-vit" else 192


class PocketOutputs:
    """`clipkit.sections.outputs.Outputs` for one pocket model; images are embedded when first asked for."""

    track = "pocket"

    def __init__(self, model: str | ModelCard | Model, store: EmbeddingStore | Path, split: str = "test"):
        self.model = model if isinstance(model, Model) else load(model)
        self.card = self.model.card
        self.store = store if isinstance(store, EmbeddingStore) else EmbeddingStore(store)
        self.split = split
        self._data: dict[str, PocketData] = {}
        self._features: dict[str, np.ndarray] = {}
        self._classifiers: dict[str, np.ndarray] = {}
        self._maps: dict[str, np.ndarray] = {}

    def data(self, dataset: str) -> PocketData:
        """The set itself."""
        if dataset not in self._data:
            self._data[dataset] = load_set(dataset, self.split)
        return self._data[dataset]

    def features(self, dataset: str) -> np.ndarray:
        if dataset not in self._features:
            images = PocketImages(self.data(dataset))
            found = embed_images(
                self.model, images, self.store, batch_size=128, workers=0, shard_size=8192, progress=False
            )
            self._features[dataset] = found.features
        return self._features[dataset]

    def cosines(self, dataset: str, prompts: str = "1") -> np.ndarray:
        if not self.card.prompts:
            raise BadInput(f"{self.card.name} has no prompts, so no cosines", "use its logits")
        return classify(self.features(dataset), self._classifier(prompts), 1.0)

    def logits(self, dataset: str, prompts: str = "1") -> np.ndarray:
        if not self.card.prompts:
            import torch

            return self.model.head(torch.from_numpy(self.features(dataset))).numpy()
        return self.card.logit_scale * self.cosines(dataset, prompts) + (self.card.logit_bias or 0.0)

    def labels(self, dataset: str) -> np.ndarray:
        return self.data(dataset).labels

    def table(self, dataset: str) -> pd.DataFrame:
        return self.data(dataset).table

    def texts(self, dataset: str, column: str) -> Texts:
        values = [[v] if isinstance(v, str) else list(v) for v in self.table(dataset)[column]]
        owner = np.repeat(np.arange(len(values)), [len(v) for v in values])
        features = stored_text_features(self.model, [t for v in values for t in v], self.store)
        return Texts(normalise(features), owner)

    def dense(self, dataset: str) -> np.ndarray:
        if dataset not in self._maps:
            model = dense(self.model, size=dense_size(self.card))
            found = embed_images(
                model,
                PairImages(self.data(dataset)),
                self.store,
                batch_size=16,
                workers=0,
                shard_size=1024,
                progress=False,
            )
            self._maps[dataset] = found.features
        return self._maps[dataset]

    def pairs(self, dataset: str) -> list[Pair]:
        return pairs(self.data(dataset))

    def _classifier(self, prompts: str) -> np.ndarray:
        if prompts not in self._classifiers:
            templates = prompt_set(int(prompts))
            self._classifiers[prompts] = stored_classifier(self.model, CLASS_NAMES, templates, self.store)
        return self._classifiers[prompts]
