"""Reading weights from a file without ever running code that the file brings along."""

import hashlib
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from clipkit.errors import BadInput, CorruptData, MissingData


def sha256_of(path: str | Path) -> str:
    """Hex sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file or of a plain PyTorch checkpoint, on the CPU.

    A checkpoint nested under "state_dict" is unwrapped, and a "module." before every key is dropped.
    Raises MissingData (no such file), BadInput (the file can only be read by running code in it: TorchScript
    archives and general pickles, or it holds no tensors) or CorruptData (unreadable, or a weight that is
    NaN or infinite, named).
    """
    path = Path(path)
    if not path.is_file():
        raise MissingData(f"no weights file {path}", "check the path; a hub tag goes into the model's name")
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_checkpoint(path)
    bad = [key for key, value in state.items() if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        raise CorruptData(f"weights {path} hold NaN or infinity in {_some(bad)}", "use an intact checkpoint")
    return state


def load_into(net: torch.nn.Module, state: dict[str, torch.Tensor], origin: str) -> None:
    """Copy `state` into `net`, each key and shape exactly; raises BadInput naming those that differ.

    Nothing is interpolated: a checkpoint of another resolution is another architecture.
    """
    own = net.state_dict()
    missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    shapes = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}"
        for key in sorted(own.keys() & state.keys())
        if own[key].shape != state[key].shape
    ]
    wrong = [("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)]
    if any(names for _, names in wrong):
        listed = "; ".join(f"{kind}: {_some(names)}" for kind, names in wrong if names)
        raise BadInput(
            f"weights {origin} do not fit the architecture ({listed})", "name the right architecture"
        )
    net.load_state_dict(state)


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise CorruptData(f"{path} is no readable safetensors file: {error}", "fetch it again") from None


def _read_checkpoint(path: Path) -> dict[str, torch.Tensor]:
    try:
        with warnings.catch_warnings():  # of torch's own attempts, which are refused below
            warnings.simplefilter("ignore")
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    # A hostile file may fail in any way; whatever the reason, it is not opened any other way.
    except Exception as error:
        raise BadInput(
            f"{path} cannot be read without running code inside it ({type(error).__name__}): "
            "it is a TorchScript archive, a general pickle or damaged",
            "on a machine where you trust the file, save its state_dict with safetensors.torch.save_file, "
            "and pass the .safetensors file",
        ) from None
    state = checkpoint.get("state_dict", checkpoint) if isinstance(checkpoint, dict) else {}
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise BadInput(
            f"{path} is no state dict: a mapping from names to tensors was expected",
            "save the model's state_dict() with safetensors.torch.save_file",
        )
    if all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    return dict(state)


def _some(names: list[str], shown: int = 5) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
