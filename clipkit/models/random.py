"""A real architecture with random weights: to try a set-up before weights are fetched, never to report."""

import hashlib
import json
from dataclasses import replace

import open_clip
import timm
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2

from clipkit.errors import UnknownName
from clipkit.models.cards import ModelCard
from clipkit.models.loading import LazyTokenizer, quiet
from clipkit.models.model import Model, check_precision
from clipkit.registry import did_you_mean

RANDOM = "random"
SUFFIX = f"/{RANDOM}"


def random_card(architecture: str) -> ModelCard:
    """The card before the weights are drawn: "ARCHITECTURE/random", kind and weights "random"; raises UnknownName."""
    prompts = architecture in open_clip.list_models()
    if not prompts and not timm.is_model(architecture):
        known = [*open_clip.list_models(), *timm.list_models()]
        raise UnknownName(f"unknown architecture {architecture!r}", did_you_mean(architecture, known))
    return ModelCard(
        name=f"{architecture}{SUFFIX}",
        kind=RANDOM,
        architecture=architecture,
        prompts=prompts,
        run=RANDOM,
        weights=RANDOM,
    )


def random_model(
    architecture: str, seed: int = 0, device: str | torch.device | None = None, precision: str = "fp32"
) -> Model:
    """An open_clip or timm architecture, its weights drawn by its own initialisation from `seed`.

    What is measured on it is refused as evidence (`clipkit.full.results`). Raises UnknownName.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    check_precision(precision, place)
    card = random_card(architecture)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        net, preprocessing, transform, facts = (_open_clip if card.prompts else _timm)(architecture)
    card = replace(
        card, weights_sha256=_digest(net), preprocessing=json.dumps(preprocessing, sort_keys=True), **facts
    )
    tokenizer = LazyTokenizer(architecture) if card.prompts else None
    net = net.eval().requires_grad_(False).to(place)
    return Model(
        card=card, net=net, preprocess=transform, tokenizer=tokenizer, device=place, precision=precision
    )


def _open_clip(architecture: str):
    net = open_clip.create_model(architecture, load_weights=False, pretrained_text=False)
    preprocessing = net.visual.preprocess_cfg
    bias = getattr(net, "logit_bias", None)
    facts = {
        "quickgelu": open_clip.get_model_config(architecture).get("quick_gelu", False),
        "logit_scale": net.logit_scale.exp().item(),
        "logit_bias": None if bias is None else bias.item(),
    }
    return net, preprocessing, image_transform_v2(PreprocessCfg(**preprocessing), is_train=False), facts


def _timm(architecture: str):
    net = timm.create_model(architecture, pretrained=False)
    preprocessing = timm.data.resolve_model_data_config(net)
    transform = timm.data.create_transform(**preprocessing, is_training=False)
    return net, preprocessing, transform, {}


def _digest(net: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in net.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()
