"""Dense features: one vector for each cell of an image, from the last map or any other layer of an image tower."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from open_clip.model import resize_pos_embed
from torchvision.transforms import Compose, InterpolationMode, Normalize, Resize, ToTensor

from clipkit.errors import BadInput, UnknownName
from clipkit.models.model import Model
from clipkit.registry import did_you_mean

LAST = "last"


@dataclass(kw_only=True)
class DenseModel(Model):
    """An image tower whose `encode_image` gives maps of features; made by `dense`.

    `embed_images` stores them as it stores features of whole images; name a small `shard_size`, since a map is
    large. `net` is the tower alone. `stride` (rows, columns) is how far apart cells lie, in pixels of an image
    of `size`: cell (i, j) shows the surroundings of ((i + ½) stride, (j + ½) stride).
    """

    layer: str
    size: tuple[int, int]
    stride: tuple[float, float] = ()

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """Maps (n, h, w, d) of preprocessed images (n, 3, *size), raw.

        float16, or float32 if a value of the batch exceeds its range.
        """
        with self._inference():
            images = images.to(self.device, non_blocking=True)
            maps = _last_map(self.net, images) if self.layer == LAST else self._named(images)
        half = maps.half()
        return half if half.isfinite().all() else maps.float()

    def identity(self) -> dict:
        """That of the model, with the layer, and the size to which whole images are resized."""
        return super().identity() | {"layer": self.layer, "size": list(self.size)}

    def _named(self, images: torch.Tensor) -> torch.Tensor:
        found = []
        # Later layers may write into what they are given.
        hook = self.net.get_submodule(self.layer).register_forward_hook(
            lambda module, given, output: found.append(output.clone())
        )
        try:
            _last_map(self.net, images)
        finally:
            hook.remove()
        if not found:
            raise BadInput(f"layer {self.layer!r} has no part in the last map", "name one before it")
        trunk = getattr(self.net, "trunk", self.net)
        return _as_map(found[0], self.size, trunk, self.layer)


def dense(model: Model, layer: str = LAST, size: int | tuple[int, int] | None = None) -> DenseModel:
    """`model` as a `DenseModel`: CLIPs of open_clip, timm models, and the pocket laboratory's classifiers.

    layer: "last" is the last map before pooling. For transformers, the patch tokens of the last block, without
    class token and before the final norm and projection, so SigLIP's attention pooling has no part in it; for
    convolutional and hybrid towers, the last stage, so of CLIP's ResNets what their attention pooling reads.
    Else a module by its name in the tower, such as "layer3" or "transformer.resblocks.5".

    size: (height, width) of the images that the tower is given, one number for a square; by default its own.
    Another size than its own resizes positional embeddings (bicubic, as open_clip and timm do it) in a copy of
    the tower; `model` stays. Images are resized to it *whole* (bicubic), not cropped, so that points of an image
    and of its map differ by a factor; mean and standard deviation are the model's own. (probe3d, Banani et al.
    2024, normalises CLIP's images by ImageNet's statistics for two of its three data sets.)

    Raises UnknownName for a module that does not exist, BadInput for a size that the tower cannot take, one that
    it does not divide into whole cells, and a layer that gives no map.
    """
    said = json.loads(model.card.preprocessing)
    own = _pair(said["size"] if "size" in said else said["input_size"][1:])
    wanted = own if size is None else _pair(size)
    tower = getattr(model.net, "visual", model.net)
    names = {name for name, _ in tower.named_modules()} - {""}
    if layer != LAST and layer not in names:
        raise UnknownName(f"{model.card.name} has no layer {layer!r}", did_you_mean(layer, names))
    if wanted != own:
        tower = _resized(tower, wanted)
    found = DenseModel(
        card=model.card,
        net=tower,
        preprocess=Compose(
            [
                Resize(wanted, InterpolationMode.BICUBIC, antialias=True),
                ToTensor(),
                Normalize(said["mean"], said["std"]),
            ]
        ),
        device=model.device,
        precision=model.precision,
        layer=layer,
        size=wanted,
    )
    try:
        _, height, width, _ = found.encode_image(torch.zeros(1, 3, *wanted)).shape
    except (AssertionError, RuntimeError) as error:
        raise BadInput(
            f"{model.card.name} cannot take images of {wanted[0]} x {wanted[1]} ({error})",
            f"use its own size, {own[0]} x {own[1]}",
        ) from None
    if wanted[0] % height or wanted[1] % width:
        raise BadInput(
            f"{wanted[0]} x {wanted[1]} pixels are no whole number of cells of {model.card.name}",
            f"use multiples of {round(wanted[0] / height)} pixels",
        )
    found.stride = wanted[0] / height, wanted[1] / width
    return found


def _pair(size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _resized(tower: torch.nn.Module, size: tuple[int, int]) -> torch.nn.Module:
    """The tower for images of another size: a copy, if it holds anything that depends on it."""
    if hasattr(getattr(tower, "trunk", tower), "set_input_size"):
        tower = copy.deepcopy(tower)
        getattr(tower, "trunk", tower).set_input_size(size)
    elif hasattr(tower, "positional_embedding"):
        tower = copy.deepcopy(tower)
        tower.grid_size = tuple(s // p for s, p in zip(size, tower.patch_size, strict=True))
        state = {"visual.positional_embedding": tower.positional_embedding.detach()}
        resize_pos_embed(state, SimpleNamespace(visual=tower))
        tower.positional_embedding = torch.nn.Parameter(state["visual.positional_embedding"], False)
    return tower


def _last_map(tower: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    found = tower.forward_intermediates(images, indices=1, intermediates_only=True)
    maps = found["image_intermediates"] if isinstance(found, Mapping) else found
    return maps[-1].permute(0, 2, 3, 1)


def _as_map(output: torch.Tensor, size: tuple[int, int], trunk: torch.nn.Module, layer: str) -> torch.Tensor:
    """(n, h, w, d) from what a module gives: a map, channels first or last, or tokens after the class token."""
    if output.ndim == 4:
        last = getattr(trunk, "output_fmt", "NCHW") == "NHWC"
        return output if last else output.permute(0, 2, 3, 1)
    if output.ndim == 3:
        tokens = output[:, getattr(trunk, "num_prefix_tokens", 1) :]
        height = round((tokens.shape[1] * size[0] / size[1]) ** 0.5)
        if height and tokens.shape[1] % height == 0:
            return tokens.unflatten(1, (height, -1))
    raise BadInput(f"layer {layer!r} gives {tuple(output.shape)}, no map", "name a stage or a block")
