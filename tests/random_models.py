"""Towers of real architectures with seeded random weights, in files that last as long as the test session."""

import atexit
import logging
import shutil
import tempfile
from functools import cache
from pathlib import Path

import open_clip
import timm
import torch
from safetensors.torch import save_file

FOLDER = Path(tempfile.mkdtemp(prefix="clipkit-random-models-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


@cache
def clip_weights(architecture: str) -> Path:
    """A safetensors file of an open_clip architecture."""
    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    net = open_clip.create_model(architecture, load_weights=False)
    logging.disable(logging.NOTSET)
    return _save(net, architecture)


@cache
def timm_weights(architecture: str) -> Path:
    """A safetensors file of a timm architecture."""
    torch.manual_seed(0)
    return _save(timm.create_model(architecture, pretrained=False), architecture)


def _save(net: torch.nn.Module, name: str) -> Path:
    path = FOLDER / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, path)
    return path
