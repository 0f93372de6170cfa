"""The pocket models as open_clip knows them: their configurations, made known under their names."""

import json
import tempfile
from functools import cache
from pathlib import Path

import open_clip
import torch

from clipkit.errors import UnknownName
from clipkit.models.loading import quiet
from clipkit.pocket.tokenizer import MERGES_FILE
from clipkit.registry import did_you_mean

CONFIGS = Path(__file__).parent / "configs"
NAMES = tuple(sorted(p.stem for p in CONFIGS.glob("pocket-*.json")))


@cache
def register() -> None:
    """Add the configurations to open_clip's list, for its `create_model` and `get_tokenizer`.

    open_clip wants an absolute path to the merges; the shipped files name it relative to themselves, and
    resolved copies are handed over. Calling this twice does nothing more.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path in CONFIGS.glob("pocket-*.json"):
            config = json.loads(path.read_text())
            config["text_cfg"]["tokenizer_kwargs"]["bpe_path"] = str(MERGES_FILE.resolve())
            (Path(folder) / path.name).write_text(json.dumps(config))
        open_clip.add_model_config(folder)


def create(name: str, weights: str | Path | None = None) -> torch.nn.Module:
    """A pocket model in evaluation mode, with random weights or those of a safetensors file.

    Raises UnknownName for a name that has no configuration.
    """
    if name not in NAMES:
        raise UnknownName(f"unknown pocket model {name!r}", did_you_mean(name, NAMES))
    register()
    with quiet():  # else open_clip warns of random weights, which callers ask for to load others into them
        return open_clip.create_model(name, pretrained=str(weights) if weights else None).eval()


@cache  # Reading the merges takes several times as long as reading a sentence with them.
def tokenizer(name: str = "pocket-resnet"):
    """open_clip's tokenizer of a pocket model: texts → int64 (n, 24)."""
    register()
    return open_clip.get_tokenizer(name)
