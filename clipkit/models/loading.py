"""Load a CLIP, a fine-tuned CLIP tower or a supervised classifier, from the hub or from a file."""

import json
import logging
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import open_clip
import timm
import torch
from open_clip.convert import convert_state_dict
from open_clip.factory import merge_preprocess_dict
from open_clip.model import convert_to_custom_text_state_dict
from open_clip.transform import PreprocessCfg, image_transform_v2

from clipkit.errors import BadInput, UnknownName
from clipkit.models.cards import ModelCard, card, tags
from clipkit.models.hub import check_fetched, fetch_weights
from clipkit.models.model import Model, check_precision
from clipkit.models.weights import load_into, read_weights, sha256_of
from clipkit.registry import did_you_mean


def load(
    model: str | ModelCard,
    *,
    weights: str | Path | None = None,
    quickgelu: bool | None = None,
    device: str | torch.device | None = None,
    precision: str = "fp32",
) -> Model:
    """The model behind a card or a name, ready for inference.

    `model` is a card, a name known to `clipkit.models.card` ("ViT-B-32/openai", a timm name), or, together
    with a file of `weights`, a bare architecture of open_clip ("ViT-B-32") or of timm ("timm/resnet50").

    QuickGELU and preprocessing come from the tag's own configuration. With a file and no tag, `quickgelu`
    must be stated, and the preprocessing is the one all tags of that architecture share; name
    ARCHITECTURE/TAG beside the file to take both from that tag. What was used is in the loaded card.

    `precision` other than "fp32" is automatic mixed precision. `device` defaults to the GPU if there is one.
    Raises UnknownName, BadInput, MissingData (no file, or the hub cannot be reached), CorruptData.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    check_precision(precision, place)
    start = model if isinstance(model, ModelCard) else _start_card(model, weights)
    if start.track == "pocket":
        from clipkit.pocket.zoo.model import load_pocket

        return load_pocket(start, place, precision)
    build = _open_clip if start.prompts else _timm
    net, preprocess, tokenizer, found = build(start, weights, quickgelu)
    net = net.eval().requires_grad_(False).to(place)
    return Model(
        card=found, net=net, preprocess=preprocess, tokenizer=tokenizer, device=place, precision=precision
    )


def _start_card(name: str, weights: str | Path | None) -> ModelCard:
    """A zoo card, or with a file of weights a card of what the name alone says."""
    name = name.replace(":", "/", 1)
    if weights is None:
        if "/" not in name and name in open_clip.list_models():
            raise BadInput(
                f"{name!r} is an architecture, not yet a model",
                f"add a tag, one of {', '.join(tags(name))}, or a file of weights",
            )
        return card(name)
    architecture, _, tag = name.partition("/")
    if architecture.startswith("pocket-"):
        from clipkit.pocket.models import register

        register()
    if architecture == "timm" or (name not in open_clip.list_models() and timm.is_model(name)):
        bare = tag or name
        if not timm.is_model(bare):
            near = did_you_mean(bare, timm.list_models(pretrained=False))
            raise UnknownName(f"unknown timm architecture {bare!r}", near)
        return ModelCard(name=bare, kind="local", architecture=bare, prompts=False)
    if tag:
        # The file may hold other weights than the tag's, so the tag's training facts are not taken over.
        like = card(name)
        return ModelCard(
            name=name, kind="local", architecture=architecture, tower_kind=like.tower_kind, weights=tag
        )
    if architecture not in open_clip.list_models():
        raise UnknownName(
            f"unknown architecture {architecture!r}", did_you_mean(architecture, open_clip.list_models())
        )
    return ModelCard(name=architecture, kind="local", architecture=architecture)


def _open_clip(start: ModelCard, weights, quickgelu):
    architecture, tag = start.architecture, start.weights
    config = open_clip.get_pretrained_cfg(architecture, tag) if tag else _shared_preprocessing(architecture)
    wanted = config.get("quick_gelu", False) or open_clip.get_model_config(architecture).get(
        "quick_gelu", False
    )
    if not tag and quickgelu is None:
        raise BadInput(
            f"{weights} does not say whether its weights were trained with QuickGELU, which matters",
            "state it (quickgelu=True or False; --quickgelu or --no-quickgelu): OpenAI, LAION-400M B/32, "
            "MetaCLIP, DFN, YFCC15M and CC12M weights use QuickGELU, most others do not",
        )
    # A file alone can only be believed; a tag, and an architecture with QuickGELU in its name, are known.
    if quickgelu is not None and quickgelu != wanted and (tag or wanted):
        raise BadInput(
            f"{start.name} was trained {'with' if wanted else 'without'} QuickGELU, and the opposite is asked for",
            "leave the option out; to measure the mistake itself, pass the file with the architecture alone",
        )
    quickgelu = wanted if quickgelu is None else quickgelu
    path = Path(weights) if weights else fetch_weights(start, config)
    state = read_weights(path)
    net = build_open_clip(architecture, config, quickgelu)
    load_into(net, _as_open_clip(net, state), str(path))
    preprocessing = net.visual.preprocess_cfg
    found = _loaded(
        start,
        path,
        weights is not None,
        preprocessing,
        quickgelu=quickgelu,
        logit_scale=net.logit_scale.exp().item(),
        logit_bias=None if getattr(net, "logit_bias", None) is None else net.logit_bias.item(),
    )
    transform = image_transform_v2(PreprocessCfg(**preprocessing), is_train=False)
    return net, transform, LazyTokenizer(architecture), found


def build_open_clip(architecture: str, config: dict, quickgelu: bool, **changed) -> torch.nn.Module:
    """The net that weights of a tag are loaded into. config: that of the tag; changed: parts of the architecture."""
    with quiet():
        return open_clip.create_model(
            architecture,
            load_weights=False,
            pretrained_text=False,
            quick_gelu=quickgelu,
            force_preprocess_cfg=merge_preprocess_dict({}, config),
            **changed,
        )


def _timm(start: ModelCard, weights, quickgelu):
    if quickgelu is not None:
        raise BadInput(
            f"{start.name} is a timm model, whose activation belongs to its architecture",
            "leave quickgelu out, or name the architecture with quickgelu in its name",
        )
    net = timm.create_model(start.name, pretrained=False)
    path = Path(weights) if weights else fetch_weights(start, {})
    load_into(net, read_weights(path), str(path))
    preprocessing = timm.data.resolve_model_data_config(net)
    found = _loaded(start, path, weights is not None, preprocessing, quickgelu=None)
    return net, timm.data.create_transform(**preprocessing, is_training=False), None, found


def _loaded(start: ModelCard, path: Path, local: bool, preprocessing: dict, **found) -> ModelCard:
    digest = sha256_of(path)
    if local:
        mark = f"local:{digest[:8]}"
        found |= {"name": f"{start.architecture}/{mark}", "kind": "local", "weights": mark, "run": digest}
    else:
        check_fetched(path, digest)
    return replace(
        start, weights_sha256=digest, preprocessing=json.dumps(preprocessing, sort_keys=True), **found
    )


def _shared_preprocessing(architecture: str) -> dict:
    """The preprocessing that all tags of an architecture agree on; {} (open_clip's default) if it has none."""
    keys = [field.name for field in fields(PreprocessCfg)]
    configs = [open_clip.get_pretrained_cfg(architecture, tag)
               for tag in open_clip.list_pretrained_tags_by_model(architecture)]  # fmt: skip
    distinct = {json.dumps({k: c[k] for k in keys if k in c}, sort_keys=True) for c in configs}
    if len(distinct) > 1:
        raise BadInput(
            f"the known weights of {architecture} do not share one preprocessing",
            f"name {architecture}/TAG, the tag whose preprocessing and QuickGELU your file shares: "
            f"{', '.join(open_clip.list_pretrained_tags_by_model(architecture))}",
        )
    return json.loads(distinct.pop()) if distinct else {}


def _as_open_clip(net: torch.nn.Module, state: dict) -> dict:
    """The key conversions open_clip makes for older and third-party checkpoints; never an interpolation."""
    state = convert_state_dict(net, state)
    for key in (
        "input_resolution",
        "context_length",
        "vocab_size",
        "text.transformer.embeddings.position_ids",
    ):
        state.pop(key, None)
    if "positional_embedding" in state and not hasattr(net, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    for key in ("logit_scale", "logit_bias"):
        if key in state and getattr(net, key, None) is not None and state[key].numel() == 1:
            state[key] = state[key].reshape(getattr(net, key).shape)
    return state


class LazyTokenizer:
    """The architecture's tokenizer, made on first use: some have to be fetched, and images need none."""

    def __init__(self, architecture: str):
        self.architecture, self._made = architecture, None

    def __call__(self, texts: list[str]) -> torch.Tensor:
        self._made = self._made or open_clip.get_tokenizer(self.architecture)
        return self._made(texts)


@contextmanager
def quiet():
    """Silence open_clip's warning that no weights were loaded: they are, one line later."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
