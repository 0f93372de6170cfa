"""What one image costs an image tower: multiplications, and numbers in an embedding; read from towers.csv.

`python -m clipkit.sweep.towers` writes that table anew: it builds every tower of the zoo lists without weights, on
PyTorch's meta device, where neither memory nor time grows with the model, and counts.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from clipkit.models.cards import ModelCard, cards
from clipkit.models.heads import before_head

TABLE = Path(__file__).with_name("towers.csv")


class Tower(NamedTuple):
    """One image of the tower's own size: multiply–accumulates in billions, of convolutions and of all else.

    side: of that image, in pixels. width: numbers in one embedding. stride (pixels) and map_width: cells of its last
    map, and numbers in one; 0 where it has no such map (`clipkit.dense`).
    """

    convolution: float
    other: float
    side: int
    width: int
    stride: int
    map_width: int

    @property
    def gmacs(self) -> float:
        return self.convolution + self.other


def tower_name(card: ModelCard) -> str:
    """The tower's name in the table: for open_clip the architecture, which all its tags share; for timm the model."""
    return card.architecture if card.prompts else card.name


def tower(card: ModelCard) -> Tower:
    """The line of the table for a model; a tower that is not in it, such as one of your own, is built and counted."""
    found = _table().get(tower_name(card))
    return found or count_tower(card)


@cache
def _table() -> dict[str, Tower]:
    table = pd.read_csv(TABLE, index_col="tower")
    return {name: Tower(*row) for name, *row in table.itertuples(name=None)}


def build(card: ModelCard) -> torch.nn.Module:
    """The image tower alone, with random weights; no text tower, no download."""
    if card.prompts:
        from open_clip.model import _build_vision_tower

        net = _build_vision_tower(**_config(card))
    else:
        import timm

        net = timm.create_model(card.name.removesuffix("/random"), pretrained=False)
    return net.eval().requires_grad_(False)


def side_of(card: ModelCard) -> int:
    """Height and width in pixels of the images the tower is given."""
    if card.prompts:
        side = _config(card)["vision_cfg"].get("image_size", 224)
        return side if isinstance(side, int) else side[0]
    import timm

    return timm.get_pretrained_cfg(card.name.removesuffix("/random"), allow_unregistered=True).input_size[-1]


def count_tower(card: ModelCard) -> Tower:
    """The cost of one image, counted on the meta device."""
    from clipkit.dense import _last_map

    side = side_of(card)
    with torch.device("meta"), torch.no_grad():
        net, image = build(card), torch.zeros(1, 3, side, side)
        convolution, other, width = count(net, image)
        try:
            _, cells, _, map_width = _last_map(net, image).shape
        except (AttributeError, RuntimeError, ValueError):
            return Tower(convolution, other, side, width, 0, 0)
    return Tower(convolution, other, side, width, round(side / cells), map_width)


def count(net: torch.nn.Module, image: torch.Tensor) -> tuple[float, float, int]:
    """Multiply–accumulates in billions, of convolutions and of all else, and numbers in the embedding; all on meta."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        width = embed(net, image).shape[1]
    found = counter.get_flop_counts()["Global"]
    convolution = sum(n for operator, n in found.items() if "conv" in str(operator))
    # The counter counts a multiplication and an addition as two.
    return round(convolution / 2e9, 4), round((sum(found.values()) - convolution) / 2e9, 4), width


def embed(net: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Features (n, d) of preprocessed images, as `clipkit.models.model.Model.encode_image` has them."""
    if hasattr(net, "forward_head"):
        return before_head(net, images)
    found = net(images)
    return found[0] if isinstance(found, tuple) else found


def _config(card: ModelCard) -> dict:
    import open_clip

    config = open_clip.get_model_config(card.architecture)
    vision = config["vision_cfg"] | {"timm_model_pretrained": False}
    return {
        "embed_dim": config["embed_dim"],
        "vision_cfg": vision,
        "quick_gelu": config.get("quick_gelu", False),
    }


def main() -> None:
    """Write the table."""
    from tqdm import tqdm

    full = {tower_name(card): card for card in cards().values() if card.track == "full"}
    counted: dict[str, Tower] = {}
    rows = {}
    for name, card in tqdm(sorted(full.items())):
        # Towers that differ in weights, text tower or activation alone cost the same.
        if card.prompts:
            same = json.dumps(_config(card) | {"quick_gelu": None}, sort_keys=True)
        else:
            same = f"{card.architecture} {side_of(card)}"
        if same not in counted:
            counted[same] = count_tower(card)
        rows[name] = counted[same]
    pd.DataFrame.from_dict(rows, orient="index", columns=Tower._fields).to_csv(TABLE, index_label="tower")


if __name__ == "__main__":
    main()
