"""Faults of weights: damaged, of another model, made with another activation, or an attack."""

import os
import pickle
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from miniatures import register_tiny, write
from random_models import clip_weights
from safetensors.torch import load_file, save_file

from clipkit.models import load
from faults.harness import Outcome, fault, refused

NOTHING = "Nothing: refused before an image is read."


def embedding(folder: Path, *words, model: str = "") -> str:
    """What `clipkit embed` says when it refuses a model."""
    write(folder / "images" / "a.png", 0)
    asked = ("--model", model or register_tiny(), "--data", folder / "images", "--store", folder / "store")
    return refused("embed", *asked, "--device", "cpu", "--workers", 0, *words)


def spoilt(folder: Path, change) -> Path:
    """The tiny model's weights with one change, in a file."""
    state = load_file(clip_weights(register_tiny()))
    change(state)
    save_file(state, folder / "mine.safetensors")
    return folder / "mine.safetensors"


@fault("models", "A checkpoint with one weight that is NaN")
def nan(folder):
    """Weights that are no numbers."""
    path = spoilt(folder, lambda state: state["visual.proj"].__setitem__((0, 0), float("nan")))
    return Outcome(embedding(folder, "--weights", path, "--no-quickgelu"), NOTHING)


@fault("models", "A safetensors file that ends after half its bytes")
def cut_weights(folder):
    """Weights that are cut short."""
    path = folder / "mine.safetensors"
    data = clip_weights(register_tiny()).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return Outcome(embedding(folder, "--weights", path, "--no-quickgelu"), NOTHING)


@fault("models", "A checkpoint with patches of 8 pixels under the name of a model with 16")
def other_architecture(folder):
    """Weights of another architecture."""
    path = clip_weights(register_tiny(8))
    said = embedding(folder, "--weights", path, "--no-quickgelu")
    return Outcome(said.replace(str(path.parent) + "/", ""), NOTHING)


@fault("models", "A pickle that makes a folder when it is read")
def malice(folder):
    """A checkpoint that is an attack."""
    trace, path = folder / "run", folder / "mine.pt"

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(trace),)

    path.write_bytes(pickle.dumps(Attack()))
    said = embedding(folder, "--weights", path, "--no-quickgelu")
    assert not trace.exists()
    pickle.loads(path.read_bytes())
    assert trace.is_dir(), "the file was no attack"
    return Outcome(said, "Nothing: its code does not run.")


@fault("models", "A file of weights, and no word on its activation")
def quickgelu_unsaid(folder):
    """An activation that is not stated."""
    return Outcome(embedding(folder, "--weights", spoilt(folder, lambda state: None)), NOTHING)


@fault("models", "OpenAI's ViT-B-32, asked for without QuickGELU")
def quickgelu_contradicted(folder):
    """An activation that contradicts the tag."""
    return Outcome(embedding(folder, "--no-quickgelu", model="ViT-B-32/openai"), NOTHING)


@fault("models", "One file of weights, stated once with QuickGELU and once without: no file tells")
def quickgelu_believed(folder):
    """An activation that is stated wrongly for a file."""
    weights, images = clip_weights(register_tiny()), torch.rand(4, 3, 32, 32, generator=torch.manual_seed(0))
    right, wrong = (
        load(register_tiny(), weights=weights, quickgelu=said, device="cpu") for said in (False, True)
    )
    assert right.card.name == wrong.card.name and right.identity() != wrong.identity()
    cosines = torch.nn.functional.cosine_similarity(right.encode_image(images), wrong.encode_image(images))
    assert np.all(cosines.numpy() < 1 - 1e-6)
    return Outcome(
        "No message",
        "The numbers are wrong, and nothing can tell. What was stated is in the recipe of every row, and the features "
        "of the two are kept apart.",
    )


@fault("models", "A file in the hub's cache that lost a bit after it was fetched")
def spoilt_cache(folder):
    """Fetched weights that changed on disk."""
    blob = folder / ("0" * 64)
    blob.write_bytes(clip_weights(register_tiny()).read_bytes())
    (folder / "model.safetensors").symlink_to(blob)
    with (
        mock.patch("huggingface_hub.hf_hub_download", return_value=str(folder / "model.safetensors")),
        mock.patch("clipkit.models.loading.load_into"),
    ):
        said = embedding(folder, model="resnet18.tv_in1k")
    return Outcome(said.replace("0" * 64, "SHA256"), NOTHING)
