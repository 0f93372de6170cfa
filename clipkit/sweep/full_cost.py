"""What an image of a real benchmark costs a real tower on this machine: measured on it, or by its multiplications."""

from collections.abc import Callable, Sequence
from functools import cache

import torch

from clipkit.models.cards import ModelCard
from clipkit.models.model import Model
from clipkit.sweep.plan import BY_GMACS, MEASURED, Cost
from clipkit.sweep.speed import batch_on, seconds_per_gmac, seconds_per_image, seconds_to_decode
from clipkit.sweep.towers import build, embed, tower, tower_name

FEW, SMALL = 8, 25.0
"""In a plan of at most so many towers, those of at most so many GMACs per image are built and measured."""


def full_costs(
    models: Sequence[ModelCard], device: str | None, precision: str, workers: int
) -> Callable[[str, str], Cost]:
    """A function from the names of model and benchmark to `Cost`.

    A GPU runs while `workers` decode, so the slower of both counts; on a processor they take turns, so both do.
    Maps are taken to cost what their pixels cost in whole images; attention costs somewhat more.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    by_name = {card.name: card for card in models}
    few = len({tower_name(card) for card in models}) <= FEW

    @cache
    def embedding(name: str) -> tuple[float, str]:
        card = by_name[name]
        if few and tower(card).gmacs <= SMALL:
            return _measured(card, place, precision), MEASURED
        convolution, other = seconds_per_gmac(place, precision)
        return tower(card).convolution * convolution + tower(card).other * other, BY_GMACS

    def cost(name: str, dataset: str) -> Cost:
        from clipkit.full.data import DENSE_SIZES

        t, (seconds, how) = tower(by_name[name]), embedding(name)
        size = t.width * 4
        if dataset in DENSE_SIZES:
            height, width = DENSE_SIZES[dataset]
            seconds *= height * width / t.side**2
            size = round(height / t.stride) * round(width / t.stride) * t.map_width * 2 if t.stride else 0
        decode = seconds_to_decode() / max(workers, 1)
        overlap = workers and place.type != "cpu"
        return Cost(size, max(seconds, decode) if overlap else seconds + decode, how)

    return cost


def _measured(card: ModelCard, place: torch.device, precision: str) -> float:
    net = _Tower(build(card)).to(place)
    model = Model(card=card, net=net, preprocess=None, device=place, precision=precision)
    return seconds_per_image(model, batch_on(place), tower(card).side)


class _Tower(torch.nn.Module):
    def __init__(self, net: torch.nn.Module):
        super().__init__()
        self.net = net

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        return embed(self.net, images)
