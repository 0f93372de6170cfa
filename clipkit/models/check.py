"""Does a checkpoint's architecture fit clipkit? Build it with random weights and try every hook that sections use."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import open_clip
import timm
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.model import QuickGELU, _build_text_tower
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from clipkit.dense import _last_map, dense
from clipkit.errors import BadInput
from clipkit.models import stand_ins
from clipkit.models.cards import ModelCard, tower_family
from clipkit.models.loading import LazyTokenizer, build_open_clip
from clipkit.models.model import Model
from clipkit.models.random import SUFFIX

if TYPE_CHECKING:
    from clipkit.models.check_record import Record

LARGEST = 160.0
"""Millions of parameters up to which a model runs; larger ones are built on the meta device, which has shapes alone."""
TEXTS = ("a photo of a dog", "a photo of the two cat")
_ORIGIN = {
    "architecture",
    "hf_hub",
    "hf_hub_id",
    "license",
    "origin_url",
    "paper_ids",
    "paper_name",
    "tag",
    "url",
}
"""What a weights' entry says of nothing but the weights: where they come from."""


class Wrong(Exception):
    """A hook gives something else than the sections rely on."""


@dataclass(frozen=True)
class Checked:
    """What came of one model. `said`: hook → what it gave; `failed`: hook → why not, empty if all is well.

    library: "open_clip" for a CLIP, "timm" for a classifier. millions: parameters, with those of stand-ins. device:
    "cpu", where images and texts were embedded, or "meta", which has shapes alone. stand_ins: what the hub alone has,
    and what stood in its place.
    """

    model: str
    library: str
    family: str
    millions: float
    device: str
    said: dict[str, str]
    stand_ins: tuple[str, ...]
    failed: dict[str, str]


def check_all(
    cards: Iterable[ModelCard],
    largest: float = LARGEST,
    hub: bool = False,
    always: Collection[str] = (),
    record: "Record | None" = None,
) -> Iterator[Checked]:
    """`check` of each card; what differs in its weights alone is built once, what `record` has is not built.

    always: names of models that run, however large.
    """
    known: dict[str, Checked] = {}
    for card in cards:
        limit = inf if card.name in always else largest
        kept = record and record.passed(card.name, limit, hub)
        if not kept:
            built = {key: value for key, value in _tag(card).items() if key not in _ORIGIN}
            same = json.dumps([card.architecture, card.quickgelu, card.loss, limit, built], default=str)
            if same not in known:
                known[same] = check(card, limit, hub)
            kept = replace(known[same], model=card.name, family=tower_family(card))
            if record:
                record.add(kept, limit, hub)
        yield kept


def check(card: ModelCard, largest: float = LARGEST, hub: bool = False) -> Checked:
    """Build the architecture of a card as `load` does, with random weights, and try its hooks. Nothing is fetched.

    Up to `largest` million parameters on the CPU, with real images and texts; beyond, on the meta device. With `hub`,
    tokenizers and configurations that lie on the hub are fetched; else something of their class stands in.
    """
    named = card.name, "open_clip" if card.prompts else "timm", tower_family(card)
    with TemporaryDirectory() as folder:
        try:
            model, said = _build(card, largest, hub, Path(folder))
        # Whatever goes wrong in somebody's architecture is what this reports.
        except Exception as error:
            return Checked(*named, float("nan"), "", {}, (), {"build": _why(error)})
        failed = {}
        for name, hook in (_CLIP if card.prompts else _CLASSIFIER).items():
            try:
                said[name] = hook(model, card)
            except Exception as error:
                failed[name] = _why(error)
    millions = sum(p.numel() for p in model.net.parameters()) / 1e6
    stood = tuple(said.pop("stand-ins", "").split("; ")) if "stand-ins" in said else ()
    return Checked(*named, millions, model.device.type, said, stood, failed)


def _build(card: ModelCard, largest: float, hub: bool, folder: Path) -> tuple[Model, dict[str, str]]:
    said, tokenizer, text = {}, None, {}
    if card.prompts:
        config = open_clip.get_model_config(card.architecture)
        text, tokenizer, stood = _texts(card.architecture, config["text_cfg"], hub, folder)
        said = {"stand-ins": "; ".join(stood)} if stood else {}
        make = partial(build_open_clip, card.architecture, _tag(card), card.quickgelu or False, text_cfg=text)
    else:
        make = partial(_timm, card.name.removesuffix(SUFFIX))
    with torch.device("meta"):
        net = make(device="meta")
    if sum(p.numel() for p in net.parameters()) <= largest * 1e6:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            net = make(device="cpu")
    elif text.get("hf_model_name"):
        # Text towers of transformers look at numbers, which the meta device does not have.
        net.text = _build_text_tower(config["embed_dim"], text)
    if card.prompts:
        found = net.visual.preprocess_cfg
        transform = image_transform_v2(PreprocessCfg(**found), is_train=False)
    else:
        found = timm.data.resolve_model_data_config(net)
        transform = timm.data.create_transform(**found, is_training=False)
    built = Model(
        card=replace(card, preprocessing=json.dumps(found)),
        net=net.eval().requires_grad_(False),
        preprocess=transform,
        tokenizer=tokenizer,
        device=next(net.parameters()).device,
    )
    return built, said


def _timm(name: str, device: str) -> torch.nn.Module:
    with torch.device(device):
        return timm.create_model(name, pretrained=False)


def _texts(architecture: str, text: dict, hub: bool, folder: Path) -> tuple[dict, Callable, list[str]]:
    """The text tower's configuration, the tokenizer, and what stands in for what."""
    text = text | {"hf_model_pretrained": False}
    model, tokenizer, stood = text.get("hf_model_name"), text.get("hf_tokenizer_name"), []
    if hub or not tokenizer:
        return text, LazyTokenizer(architecture), []
    if model:
        text["hf_model_name"] = stand_ins.write_config(model, folder / "model")
        stood.append(f"text tower {model}: {stand_ins.config_class(model)} of two layers")
    local = stand_ins.write_tokenizer(tokenizer, folder / "tokenizer")
    stood.append(f"tokenizer {tokenizer}: {stand_ins.tokenizer_class(tokenizer)} of a few words")
    length = text.get("context_length") or open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH
    kept = text.get("tokenizer_kwargs", {})
    return text, open_clip.tokenizer.HFTokenizer(local, context_length=length, **kept), stood


def _tag(card: ModelCard) -> dict:
    """What the weights' own entry says of them."""
    if card.prompts:
        return open_clip.get_pretrained_cfg(card.architecture, card.weights)
    return timm.get_pretrained_cfg(card.name.removesuffix(SUFFIX), allow_unregistered=True).to_dict()


def _image(model: Model, card: ModelCard) -> str:
    """Preprocessing: the tower's size, and the mean and deviation that the weights' entry asks for."""
    images, tag = _images(model), _tag(card)
    side = _side(model, tag)
    if images.shape != (2, 3, *side):
        raise Wrong(f"preprocessing gives {tuple(images.shape[1:])}, the tower takes {(3, *side)}")
    mean, std = (
        torch.tensor(tag.get(key) or default)
        for key, default in (("mean", OPENAI_DATASET_MEAN), ("std", OPENAI_DATASET_STD))
    )
    white = images[0, :, side[0] // 2, side[1] // 2]
    if not torch.allclose(white, (1 - mean) / std, atol=1e-4):
        raise Wrong(f"white becomes {white.tolist()}, by the weights' entry {((1 - mean) / std).tolist()}")
    return " × ".join(map(str, side))


def _features(model: Model, card: ModelCard) -> str:
    width = (
        open_clip.get_model_config(card.architecture)["embed_dim"]
        if card.prompts
        else model.net.head_hidden_size * _heads(model)
    )
    return f"{_embedded(model.encode_image(_images(model)), width)}"


def _map(model: Model, card: ModelCard) -> str:
    """Dense features: at 224 pixels, as sections find out a stride; else, and of shapes, at the tower's own size.

    A tower whose cells divide neither has no map, and 3D correspondence cannot be measured on it.
    """
    if model.device.type == "meta":
        tower = getattr(model.net, "visual", model.net)
        with torch.inference_mode():
            found, note = _last_map(tower, _images(model).to("meta")), ""
    else:
        try:
            tower, note = dense(model, size=224), ""
        except BadInput:
            try:
                tower, note = dense(model), ", own size only"
            except BadInput as error:  # such as Inception, whose convolutions do not pad
                return f"none: {error.problem}"
        found = tower.encode_image(torch.zeros(1, 3, *tower.size))
    if found.ndim != 4 or min(found.shape[1:3]) < 2:
        raise Wrong(f"dense features are {tuple(found.shape)}, no map")
    return " × ".join(map(str, found.shape[1:])) + note


def _activation(model: Model, card: ModelCard) -> str:
    quick = any(isinstance(module, QuickGELU) for module in model.net.modules())
    if card.quickgelu is not None and quick != card.quickgelu:
        raise Wrong(f"QuickGELU is {quick} in the net and {card.quickgelu} on the card")
    return "QuickGELU" if quick else "GELU"


def _scale(model: Model, card: ModelCard) -> str:
    scale, bias = model.net.logit_scale.exp(), getattr(model.net, "logit_bias", None)
    if card.loss and (bias is not None) != card.loss.startswith("sigmoid"):
        raise Wrong(f"loss {card.loss}, and a logit bias is {'there' if bias is not None else 'missing'}")
    if scale.device.type != "meta" and not (scale.numel() == 1 and scale.isfinite().all() and scale > 0):
        raise Wrong(f"logit scale is {scale.tolist()}")
    return "scale" if bias is None else "scale, bias"


def _text(model: Model, card: ModelCard) -> str:
    tokens = model.tokenize(TEXTS)
    texts = getattr(model.net, "text", model.net)  # a CLIP of one piece has no text tower of its own
    vocabulary = texts.vocab_size
    if tokens.ndim != 2 or tokens.max() >= vocabulary or torch.equal(tokens[0], tokens[1]):
        raise Wrong(f"tokens {tuple(tokens.shape)} up to {tokens.max()}, for a vocabulary of {vocabulary}")
    width = open_clip.get_model_config(card.architecture)["embed_dim"]
    _embedded(replace(model, device=next(texts.parameters()).device).encode_text(tokens), width)
    return f"{tokens.shape[1]} tokens"


def _head(model: Model, card: ModelCard) -> str:
    images, classes = _images(model), _tag(card)["num_classes"]
    logits = model.logits(images)
    if logits.shape != (2, classes):
        raise Wrong(f"logits are {tuple(logits.shape)}, expected (2, {classes})")
    if model.device.type != "meta":
        with torch.inference_mode():
            whole = model.net(images)
        if not torch.allclose(logits, whole, rtol=1e-3, atol=1e-4 * float(whole.abs().max())):
            raise Wrong(f"the head on stored features is off the net by {(logits - whole).abs().max():.2g}")
    return f"{classes} classes"


_CLIP = {
    "image": _image, "features": _features, "map": _map, "activation": _activation, "scale": _scale, "text": _text,
}  # fmt: skip
_CLASSIFIER = {"image": _image, "features": _features, "map": _map, "head": _head}


def _images(model: Model) -> torch.Tensor:
    """A white picture and one of noise, preprocessed."""
    noise = np.random.default_rng(0).integers(0, 255, (375, 500, 3), dtype=np.uint8)
    white = np.full_like(noise, 255)
    return torch.stack([model.preprocess(Image.fromarray(pixels)) for pixels in (white, noise)])


def _side(model: Model, tag: dict) -> tuple[int, int]:
    side = model.net.visual.image_size if model.card.prompts else tuple(tag["input_size"][1:])
    return (side, side) if isinstance(side, int) else tuple(side)


def _heads(model: Model) -> int:
    heads = model.net.get_classifier()
    return len(heads) if isinstance(heads, tuple) else 1


def _embedded(features: torch.Tensor, width: int) -> int:
    if features.shape != (2, width) or features.dtype != torch.float32:
        raise Wrong(f"features are {tuple(features.shape)} {features.dtype}, expected (2, {width}) float32")
    if features.device.type != "meta" and (not features.isfinite().all() or torch.equal(*features)):
        raise Wrong("features are not finite, or the same for two different inputs")
    return width


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {str(error).splitlines()[0]}"
