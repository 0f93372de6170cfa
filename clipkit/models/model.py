"""A loaded model: one interface to CLIP towers, fine-tuned towers and supervised classifiers."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import torch

from clipkit.errors import BadInput
from clipkit.models.cards import ModelCard
from clipkit.models.heads import before_head, head_logits

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(kw_only=True)
class Model:
    """A loaded model in evaluation mode. Features are raw tower outputs: float32, not normalised.

    `preprocess` takes an RGB PIL image and gives a float tensor (3, h, w). `tokenizer` is a function from
    texts to tokens, or None for a model without a text tower. `preprocess_pixels`, if given, does what `preprocess`
    does, to the same bits, for images that have the model's size: uint8 (n, h, w, 3) at once.
    `plain`: of a compiled model (`clipkit.device.compiled`) the net as it was.
    """

    card: ModelCard
    net: torch.nn.Module
    preprocess: Callable
    tokenizer: Callable | None = None
    preprocess_pixels: Callable | None = None
    device: torch.device = torch.device("cpu")
    precision: str = "fp32"
    plain: torch.nn.Module | None = None

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """Features (n, d) of preprocessed images (n, 3, h, w); penultimate features for a classifier."""
        with self._inference():
            images = images.to(self.device, non_blocking=True)
            if hasattr(self.net, "encode_image"):
                return self.net.encode_image(images).float()
            return before_head(self.net, images).float()

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        """Tokens (n, context length) of the texts; raises BadInput if there is no text tower."""
        if self.tokenizer is None:
            raise BadInput(f"{self.card.name} has no text tower", "use its classification head: Model.logits")
        return self.tokenizer(list(texts))

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        """Features (n, d) of tokens (n, context length); raises BadInput if there is no text tower."""
        if not hasattr(self.net, "encode_text"):
            raise BadInput(f"{self.card.name} has no text tower", "use its classification head: Model.logits")
        with self._inference():
            return self.net.encode_text(tokens.to(self.device)).float()

    def head(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of stored features (n, d) by the model's own classification head.

        Raises BadInput for a zero-shot model, whose classifier is made of prompts.
        """
        if hasattr(self.net, "encode_text"):
            raise BadInput(
                f"{self.card.name} has no classification head",
                "build a classifier from prompts: clipkit.zeroshot.text_classifier",
            )
        with self._inference():
            return head_logits(self.net, features.to(self.device)).float()

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of preprocessed images (n, 3, h, w) by the model's own classification head."""
        return self.head(self.encode_image(images))

    def identity(self) -> dict:
        """What decides the features: models with equal identities embed alike."""
        return self.card.identity()

    @property
    def logit_scale(self) -> float:
        """The factor between cosine and logit, exponentiated; NaN for a classifier."""
        return self.card.logit_scale

    @property
    def logit_bias(self) -> float | None:
        """SigLIP's additive bias, None where there is none."""
        return self.card.logit_bias

    @cached_property
    def is_convolutional(self) -> bool:
        """Whether most of the image tower is convolution: such towers gain from channels-last memory."""
        tower = getattr(self.net, "visual", self.net)
        return sum(isinstance(module, torch.nn.Conv2d) for module in tower.modules()) > 4

    @contextmanager
    def _inference(self):
        dtype = PRECISIONS[self.precision]
        # TensorFloat-32 would make "fp32" on a GPU mean ten bits of mantissa in every convolution.
        tf32_off = torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled, allow_tf32=False)
        # The meta device, which computes shapes alone, knows no autocast.
        mixed = (
            nullcontext()
            if self.device.type == "meta"
            else torch.autocast(self.device.type, dtype, enabled=dtype is not None)
        )
        with torch.inference_mode(), tf32_off, mixed:
            yield


def check_precision(precision: str, device: torch.device) -> None:
    """Raise BadInput for an unknown precision, or one from which the device gains nothing."""
    if precision not in PRECISIONS:
        raise BadInput(f"unknown precision {precision!r}", f"use one of {', '.join(PRECISIONS)}")
    # Without matrix units for bfloat16 a processor emulates it, several times slower than float32.
    if device.type == "cpu" and not (
        precision == "fp32" or (precision == "bf16" and torch.cpu._is_amx_tile_supported())
    ):
        raise BadInput(f"precision {precision} gains nothing on this processor", "use fp32, or a GPU")
