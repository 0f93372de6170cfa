"""Batch norms become part of the convolutions before them."""

import pytest
import timm
import torch
from open_clip.modified_resnet import ModifiedResNet

from clipkit.models.fold import fold_batch_norms


def with_statistics(net: torch.nn.Module) -> torch.nn.Module:
    """Batch norms that change what they are given, as those of a trained network do."""
    generator = torch.Generator().manual_seed(0)
    for norm in net.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            for values in (norm.running_mean, norm.running_var, norm.weight.data, norm.bias.data):
                values.copy_(0.5 + torch.rand(values.shape, generator=generator))
    return net.eval()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ModifiedResNet([1, 1, 1, 1], output_dim=16, heads=4, image_size=32, width=8),
        lambda: timm.create_model("resnet18", num_classes=5),
    ],
    ids=["open_clip", "timm"],
)
def test_features_stay(make):
    net, images = with_statistics(make()), torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        before = net(images)
        after = fold_batch_norms(net)(images)
    assert not [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)
