"""How fast this machine is: one batch through a tower, and what a multiplication takes."""

import io
import time
from functools import cache

import torch

from clipkit.models.cards import ModelCard
from clipkit.models.model import Model


def seconds_per_image(model: Model, n: int, side: int) -> float:
    """Seconds for an image of `side` pixels in batches of `n`: the second of two, since the first sets things up.

    In the memory layout that `clipkit.embed.embed_images` chooses.
    """
    layout = torch.channels_last if model.is_convolutional else torch.contiguous_format
    model.net.to(memory_format=layout)
    images = torch.zeros(n, 3, side, side).contiguous(memory_format=layout)
    model.encode_image(images).cpu()
    start = time.perf_counter()
    model.encode_image(images).cpu()
    return (time.perf_counter() - start) / n


def batch_on(device: torch.device) -> int:
    """Images of a batch that is timed: enough to fill the device."""
    return 8 if device.type == "cpu" else 64


@cache
def seconds_per_gmac(device: torch.device, precision: str) -> tuple[float, float]:
    """Seconds for a billion multiply–accumulates, in convolutions and in all else, from one batch of each.

    Two nets in the widths of a ResNet-50 and of a ViT-B/32. Other widths, depth-wise convolutions above all, run at
    other rates: a prediction from these is good to a factor, not to a per cent.
    """
    rates = []
    for net in (_Convolutions, _Transformer):
        tower = net().eval().requires_grad_(False).to(device)
        # Every weight is used once at each position; attention's own share is a hundredth.
        gmacs = tower.positions * sum(w.numel() for w in tower.parameters()) / 1e9
        card = ModelCard(name=net.__name__, kind="random", architecture=net.__name__)
        model = Model(card=card, net=tower, preprocess=None, device=device, precision=precision)
        rates.append(seconds_per_image(model, batch_on(device), 224) / gmacs)
    return rates[0], rates[1]


@cache
def seconds_to_decode() -> float:
    """Seconds to decode and shrink one JPEG of 500 × 375 pixels, the usual size of ImageNet's."""
    import numpy as np
    from PIL import Image

    blocks = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(blocks).resize((500, 375), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    start = time.perf_counter()
    for _ in range(8):
        Image.open(file).convert("RGB").resize((299, 224), Image.Resampling.BICUBIC)
    return (time.perf_counter() - start) / 8


class _Convolutions(torch.nn.Sequential):
    """The bottlenecks of a ResNet-50's third stage."""

    positions = 14 * 14

    def __init__(self):
        blocks = [torch.nn.Conv2d(3, 1024, 16, 16), *(_Bottleneck() for _ in range(6))]
        super().__init__(*blocks, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())

    encode_image = torch.nn.Sequential.forward


class _Bottleneck(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layers = ((1024, 256, 1), (256, 256, 3), (256, 1024, 1))
        self.layers = torch.nn.Sequential(
            *(
                torch.nn.Sequential(torch.nn.Conv2d(a, b, k, padding=k // 2), torch.nn.ReLU())
                for a, b, k in layers
            )
        )

    def forward(self, images):
        return images + self.layers(images)


class _Transformer(torch.nn.Module):
    """Four blocks of a ViT-B/32."""

    positions = 7 * 7

    def __init__(self):
        super().__init__()
        self.patches = torch.nn.Conv2d(3, 768, 32, 32)
        layer = torch.nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", batch_first=True)
        self.blocks = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, images):
        return self.blocks(self.patches(images).flatten(2).transpose(1, 2)).mean(dim=1)

    encode_image = forward
