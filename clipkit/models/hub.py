"""Weights from the hub, and whether they are the bytes that the hub said they would be."""

import re
from pathlib import Path

import open_clip

from clipkit.errors import CorruptData, MissingData
from clipkit.models.cards import ModelCard

_SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch_weights(start: ModelCard, config: dict) -> Path:
    """The file of a card's weights, fetched once by open_clip (`config` of its tag) or from timm's hub; MissingData."""
    try:
        if config:
            return Path(open_clip.download_pretrained(config))
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(start.weights, "model.safetensors"))
    # The hub's client raises a dozen kinds of error; all of them mean that the weights are not here.
    except Exception as error:
        raise MissingData(
            f"the weights of {start.name} are not on this machine and could not be fetched: {error}",
            "connect once, or pass a file of weights",
        ) from None


def check_fetched(path: Path, sha256: str) -> None:
    """Raise CorruptData if a file in the hub's cache is not what the hub announced.

    The cache calls each large file by the sha256 that the hub stated for it, and its client compares sizes alone.
    """
    stated = path.resolve().name
    if _SHA256.fullmatch(stated) and stated != sha256:
        raise CorruptData(
            f"{path} has other bytes than the hub stated: sha256 {stated}, found {sha256}",
            f"delete {path.resolve()} and fetch it again",
        )
