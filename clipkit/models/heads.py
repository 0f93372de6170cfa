"""A classifier of timm in two halves: features, which are stored, and the logits that its head makes of them."""

import torch


def before_head(net: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the head reads, (n, d), of images (n, 3, h, w).

    A distilled DeiT has two heads, one for each of its two tokens: d holds both, side by side.
    """
    maps = net.forward_features(images)
    if isinstance(heads := net.get_classifier(), tuple):
        return maps[:, : len(heads)].flatten(1)
    return net.forward_head(maps, pre_logits=True)


def head_logits(net: torch.nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Logits (n, classes) of features (n, d) as `before_head` gives them; of two heads their mean, as in the net."""
    heads = net.get_classifier()
    if isinstance(heads, tuple):
        tokens = features.chunk(len(heads), dim=1)
        return sum(head(token) for head, token in zip(heads, tokens, strict=True)) / len(heads)
    # Big Transfer's head is a convolution of one pixel.
    if isinstance(heads, torch.nn.Conv2d):
        return heads(features[..., None, None]).flatten(1)
    return heads(features)
