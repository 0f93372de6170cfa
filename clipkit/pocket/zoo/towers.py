"""What fine-tuned and supervised pocket models are made of: a head on an image tower, low-rank changes."""

import torch
import torch.nn.functional as F
from torch.nn.utils import parametrize


class Classifier(torch.nn.Module):
    """An image tower with a linear head, in the interface of a timm model.

    normalise: the head reads features of unit length, as a head made of class prompts must.
    """

    def __init__(self, visual: torch.nn.Module, classes: int, normalise: bool):
        super().__init__()
        self.visual = visual
        with torch.no_grad():
            width = visual.eval()(torch.zeros(1, 3, 48, 48)).shape[1]
        self.head = Head(width, classes, normalise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes)."""
        return self.head(self.visual(images))

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, d), not normalised."""
        return self.visual(images)

    def forward_head(self, features: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits of features, or with `pre_logits` the features themselves."""
        return features if pre_logits else self.head(features)

    def get_classifier(self) -> torch.nn.Module:
        """The head: features (n, d) → logits (n, classes)."""
        return self.head


class Head(torch.nn.Linear):
    """A linear layer, on features of unit length if `normalise`."""

    def __init__(self, width: int, classes: int, normalise: bool):
        super().__init__(width, classes)
        self.normalise = normalise

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return super().forward(F.normalize(features, dim=-1) if self.normalise else features)


class _LowRank(torch.nn.Module):
    """W → W + B·A, A (rank, in) random and B (out, rank) zero at first (Hu et al. 2022)."""

    def __init__(self, weight: torch.Tensor, rank: int):
        super().__init__()
        out, into = weight.shape[0], weight[0].numel()
        self.a = torch.nn.Parameter(torch.randn(rank, into) / into**0.5)
        self.b = torch.nn.Parameter(torch.zeros(out, rank))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight + (self.b @ self.a).reshape(weight.shape)


def add_low_rank(tower: torch.nn.Module, rank: int) -> dict[str, torch.nn.Parameter]:
    """Freeze `tower`, let every matrix and kernel of it change by a matrix of `rank`; the new parameters by name.

    The names are those of the changed weights with ".a" and ".b" added.
    """
    tower.requires_grad_(False)
    weights = [
        (prefix, module)
        for prefix, module in tower.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
    ]
    found = {}
    for prefix, module in weights:
        change = _LowRank(module.weight, rank)
        parametrize.register_parametrization(module, "weight", change)
        found |= {f"{prefix}.weight.a": change.a, f"{prefix}.weight.b": change.b}
    return found


def merge_low_rank(tower: torch.nn.Module, changes: dict[str, torch.Tensor]) -> None:
    """Add what `add_low_rank` trained to the weights of a plain tower."""
    own = dict(tower.named_parameters())
    for name in sorted({key.rpartition(".")[0] for key in changes}):
        b, a = changes[f"{name}.b"].float(), changes[f"{name}.a"].float()
        own[name].data += (b @ a).reshape(own[name].shape)
