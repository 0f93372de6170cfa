"""Fast on the device there is: which mixed precision, whether it may be trusted, and batches that fit into memory."""

import copy
from dataclasses import replace

import torch

from clipkit.errors import BadInput, ClipkitError
from clipkit.models.model import Model

AUTO = "auto"
FARTHEST = {"fp32": 1e-5, "fp16": 5e-4, "bf16": 5e-3}
"""Largest 1 - cosine between an image's features and those of the plain tower in fp32, by precision."""
COMPARED = 8
"""Images of the first batch that are compared."""


def choose_precision(precision: str, device: str | torch.device | None = None) -> str:
    """`precision`, or for "auto" what the device multiplies fastest: bf16, fp16 on older GPUs, fp32 on processors.

    It is part of the key of stored embeddings, so a choice made on another machine is another entry of the store.
    """
    if precision != AUTO:
        return precision
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if place.type != "cuda":
        return "fp32"
    # The first with matrix units for bfloat16 is Ampere, 8.0; before, it is emulated.
    return "bf16" if torch.cuda.get_device_capability(place) >= (8, 0) else "fp16"


def compiled(model: Model) -> Model:
    """`model` with its image tower compiled (torch.compile): a slow first batch, then fewer and larger kernels."""
    net = copy.copy(model.net)
    if hasattr(net, "visual"):
        net._modules = net._modules | {"visual": torch.compile(net.visual)}
    else:
        net.forward_features = torch.compile(net.forward_features)
    return replace(model, net=net, plain=model.net)


class Encoder:
    """`model.encode_image`, checked on the first batch and, once memory runs out, in smaller passes.

    `notes` is what a store should say of the run besides its settings; nothing for fp32 that fits, the default.
    parity: images compared with the plain tower in fp32, largest 1 - cosine, and what was allowed; there for mixed
    precision and compiled towers. pass_size: images per pass of the tower, if fewer than the batch.
    """

    def __init__(self, model: Model, batch_size: int):
        self.model, self.size = model, batch_size
        self.notes: dict = {}
        self._trusted = model.precision == "fp32" and model.plain is None

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Features of preprocessed images (n, 3, h, w), on the device.

        Raises BadInput where the first batch's features are farther from fp32's than `FARTHEST`, and ClipkitError where
        a single image does not fit into the device's memory.
        """
        features = self._in_passes(images)
        if not self._trusted:
            self.notes["parity"] = parity(self.model, images[:COMPARED], features[:COMPARED])
            self._trusted = True
        return features

    def _in_passes(self, images: torch.Tensor) -> torch.Tensor:
        while True:
            try:
                found = [self.model.encode_image(part) for part in images.split(self.size)]
                return found[0] if len(found) == 1 else torch.cat(found)
            except torch.OutOfMemoryError:
                if min(self.size, len(images)) == 1:
                    raise ClipkitError(
                        f"one image does not fit into the memory of {self.model.device} beside {self.model.card.name}",
                        "end what else runs there, or use --precision auto, another device or a smaller model",
                    ) from None
            # Here, where the error holds no tensors of the failed pass any more.
            self.size = -(-min(self.size, len(images)) // 2)
            self.notes["pass_size"] = self.size
            torch.cuda.empty_cache()


def parity(model: Model, images: torch.Tensor, features: torch.Tensor) -> dict:
    """How far `features` are from those of the plain tower in fp32; raises BadInput if farther than `FARTHEST`.

    Cosines are between whole features of an image, of maps over all cells. A feature that is not finite is far.
    """
    plain = replace(model, precision="fp32", net=model.plain or model.net)
    expected = plain.encode_image(images).flatten(1).double()
    cosines = torch.nn.functional.cosine_similarity(features.flatten(1).double(), expected)
    found, allowed = float((1 - cosines).max()), FARTHEST[model.precision]
    if not found <= allowed:
        how = model.precision + (", compiled" if model.plain else "")
        raise BadInput(
            f"{model.card.name} in {how} is off its fp32 features by 1 - cosine = {found:.2g}, beyond {allowed:g}",
            "use --precision fp32" + (" without --compile" if model.plain else ""),
        )
    return {"images": len(images), "one_minus_cosine": found, "allowed": allowed}
