"""What a pocket LMM sees: the tokens that a frozen tower makes of an image."""

from dataclasses import dataclass

import numpy as np
import torch

from clipkit.dense import LAST, dense
from clipkit.models import load
from clipkit.pocket.zoo.batches import to_tensor

GRID = 3  # cells on a side, whatever the tower
_AT_ONCE = 128


@dataclass(frozen=True)
class ImageTokens:
    """Of n images grid (n, 9, c), a late map of the tower in 3 × 3 cells, and pooled (n, d), its embedding."""

    grid: torch.Tensor
    pooled: torch.Tensor

    def __len__(self) -> int:
        return len(self.grid)

    def __getitem__(self, images) -> "ImageTokens":
        return ImageTokens(self.grid[images], self.pooled[images])


class Eye:
    """The image tower of the pocket model called `tower`.

    A ResNet's last stage has a single cell at 48 pixels; the stage before it is taken, as LLaVA takes the layer before
    the last. A ViT's 6 × 6 patches are put together in twos, so that all towers give equally many tokens.
    """

    def __init__(self, tower: str):
        self.model = load(tower)
        self.maps = dense(self.model, "layer3" if hasattr(self.model.net.visual, "layer3") else LAST)

    @property
    def widths(self) -> tuple[int, int]:
        """Widths of the two kinds of tokens, those of the grid first."""
        seen = self.look(torch.zeros(1, 3, 48, 48))
        return seen.grid.shape[2], seen.pooled.shape[1]

    def look(self, pixels: torch.Tensor) -> ImageTokens:
        """Tokens, in half precision, of images (n, 3, 48, 48) that are normalised as for the tower."""
        parts = pixels.split(_AT_ONCE)
        grid = torch.cat([_cells(self.maps.encode_image(part)) for part in parts])
        return ImageTokens(grid.half(), torch.cat([self.model.encode_image(part) for part in parts]).half())

    def see(self, images: np.ndarray) -> ImageTokens:
        """Tokens of uint8 images (n, 48, 48, 3)."""
        seen = [self.look(to_tensor(images[i : i + _AT_ONCE])) for i in range(0, len(images), _AT_ONCE)]
        return ImageTokens(torch.cat([s.grid for s in seen]), torch.cat([s.pooled for s in seen]))


def _cells(maps: torch.Tensor) -> torch.Tensor:
    """(n, h, w, c) to (n, 9, c'), neighbours of one cell side by side in c'."""
    cells = torch.nn.functional.pixel_unshuffle(maps.permute(0, 3, 1, 2), maps.shape[1] // GRID)
    return cells.flatten(2).transpose(1, 2)
