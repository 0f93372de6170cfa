"""Fine-tuned weights as differences from their parent's: a byte for each weight that changed."""

import torch

from clipkit.errors import BadInput

_DELTA, _SCALE = "delta.", "scale."


def compress(parent: dict[str, torch.Tensor], child: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What to store of `child`: for matrices and kernels the difference in 8 bits, vectors as they are.

    Each output row has a scale of its own, so a weight is off by at most 1/254 of the row's largest change.
    Raises BadInput if the two have other names or shapes.
    """
    _check(parent, child)
    stored = {}
    for name, value in child.items():
        if value.ndim < 2 or not value.is_floating_point():
            stored[name] = value.clone()
            continue
        change = value.float() - parent[name].float()
        scale = change.abs().flatten(1).amax(1) / 127
        by_row = scale.clamp(min=torch.finfo(torch.float32).tiny).reshape(-1, *[1] * (value.ndim - 1))
        stored[_DELTA + name] = (change / by_row).round().clamp(-127, 127).to(torch.int8)
        stored[_SCALE + name] = scale
    return stored


def restore(parent: dict[str, torch.Tensor], stored: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The child's weights, float32, from its parent's and what `compress` stored."""
    shapes = {k.removeprefix(_DELTA): v for k, v in stored.items() if not k.startswith(_SCALE)}
    _check(parent, shapes)
    child = {}
    for name, value in stored.items():
        if name.startswith(_DELTA):
            name = name.removeprefix(_DELTA)
            scale = stored[_SCALE + name].reshape(-1, *[1] * (value.ndim - 1))
            child[name] = parent[name].float() + value.float() * scale
        elif not name.startswith(_SCALE):
            child[name] = value
    return child


def _check(parent: dict, child: dict) -> None:
    wrong = sorted(parent.keys() ^ child.keys()) or [k for k in child if child[k].shape != parent[k].shape]
    if wrong:
        raise BadInput(
            f"these weights do not belong to that parent: {', '.join(wrong[:5])} differ",
            "name the right parent",
        )
