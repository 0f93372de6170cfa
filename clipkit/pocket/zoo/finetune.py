"""Fine-tune a pocket model: linear probe, low-rank changes, contrastive (FLYP) or cross-entropy."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.loss import ClipLoss

from clipkit.errors import BadInput
from clipkit.pocket import models
from clipkit.pocket.prompts import TRAIN_TEMPLATES
from clipkit.pocket.vocabulary import article
from clipkit.pocket.zoo import train
from clipkit.pocket.zoo.batches import TrainingData, batch, class_batch, load_training_data
from clipkit.pocket.zoo.delta import compress
from clipkit.pocket.zoo.loading import load_net, spoken, zero_shot_classifier
from clipkit.pocket.zoo.recipe import FinetuneRecipe
from clipkit.pocket.zoo.towers import add_low_rank


class Learner(train.Learning):
    """A trained model under one of the fine-tuning methods; what stays frozen stays in evaluation mode too."""

    def __init__(self, recipe: FinetuneRecipe, parent: torch.nn.Module, origin, class_names):
        super().__init__()
        self.recipe, self.frozen = recipe, []
        # The parent as it was, to tell what changed; not a submodule, so that no checkpoint holds it.
        self._before = {name: value.clone() for name, value in parent.state_dict().items()}
        if recipe.method == "flyp":
            self.model = (origin or parent).requires_grad_(True)
            self.criterion = ClipLoss()
            self.prompts = _class_prompts(class_names)
            return
        start = zero_shot_classifier(parent, class_names)
        if origin is not None:
            start.visual.load_state_dict(origin.visual.state_dict())
        self.model = start.requires_grad_(True)
        if recipe.method == "linear-probe":
            start.visual.requires_grad_(False)
        elif recipe.method == "lora":
            self.changes = add_low_rank(start.visual, recipe.rank)
            start.head.requires_grad_(False)
        self.frozen = [] if recipe.method == "cross-entropy" else [start.visual]

    def train(self, mode: bool = True):
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    def batch(self, data: TrainingData, seed: int, step: int):
        if self.recipe.method != "flyp":
            return batch(data, self.recipe.batch_size, seed, step)
        images, labels = class_batch(data, seed, step)
        chosen = np.random.default_rng([seed, 4, step]).integers(self.prompts.shape[1], size=len(labels))
        return images, self.prompts[labels, torch.from_numpy(chosen)], labels

    def loss(self, images, tokens, labels) -> torch.Tensor:
        if self.recipe.method == "flyp":
            return self.criterion(*self.model(images, tokens))
        return F.cross_entropy(self.model(images), labels)

    def weights(self) -> dict[str, torch.Tensor]:
        """What the final file holds, as `clipkit.pocket.zoo.loading` reads it."""
        method = self.recipe.method
        if method == "lora":
            return {name: value.detach().half() for name, value in self.changes.items()}
        if method == "flyp":
            return compress(self._before, self.model.state_dict())
        head = {f"head.{name}": value for name, value in self.model.head.state_dict().items()}
        if method == "linear-probe":
            return head
        before = {
            name.removeprefix("visual."): value
            for name, value in self._before.items()
            if name.startswith("visual.")
        }
        return compress(before, self.model.visual.state_dict()) | head


def _class_prompts(class_names) -> torch.Tensor:
    """Tokens (classes, templates, context) of the training templates."""
    tokenize = models.tokenizer()
    return torch.stack(
        [tokenize([article(t.format(spoken(name))) for t in TRAIN_TEMPLATES]) for name in class_names]
    )


def run(recipe: FinetuneRecipe, out: Path, seed: int, every: float = 60.0, stop_after: int | None = None):
    """Fine-tune the parent's seed and write DIR/NAME-sSEED.safetensors; returns its path.

    Parent and origin are taken from `out` or else from the shipped models; arguments as `train.run`.
    Raises BadInput for "wise", which needs no training, and MissingData if the parent is not there.
    """
    if recipe.method == "wise":
        raise BadInput(f"{recipe.name} is an average of two others", "load it: nothing has to be trained")
    final = train.begin(recipe, out, seed)
    if final.is_file():
        return final
    parent = load_net(f"{recipe.parent}-s{seed}", out)
    origin = load_net(f"{recipe.origin}-s{seed}", out) if recipe.origin else None
    data = load_training_data(recipe.data, models.tokenizer(), out)
    learner = Learner(recipe, parent, origin, data.class_names)
    size = len(data.class_names) if recipe.method == "flyp" else recipe.batch_size
    steps = max(1, recipe.samples_seen // size)
    # Another set of classes has no accuracy on the watched one.
    watch = recipe.data.labels == "class"
    return train.fit(learner, recipe, steps, data, final, seed, every, stop_after, watch)
