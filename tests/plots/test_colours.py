"""Colours that stand for something must differ for readers who see fewer of them."""

from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from clipkit.plots.conventions import _COLOURS as VERDICT_COLOURS
from clipkit.plots.style import KIND_COLOURS

SIGHT = {
    "normal": None,
    "protanopia": "protanomaly",
    "deuteranopia": "deuteranomaly",
    "tritanopia": "tritanomaly",
}


def seen(colour: str, sight: str) -> np.ndarray:
    """The colour as such a reader sees it, in a space where distances are those of perception (CAM02-UCS)."""
    rgb = np.array(to_rgb(colour))
    if SIGHT[sight]:
        space = {"name": "sRGB1+CVD", "cvd_type": SIGHT[sight], "severity": 100}
        rgb = np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


@pytest.mark.parametrize("sight", SIGHT)
def test_kinds_of_models_are_told_apart(sight):
    for one, other in combinations(sorted(set(KIND_COLOURS.values())), 2):
        assert np.linalg.norm(seen(one, sight) - seen(other, sight)) > 10, f"{one} and {other}"


@pytest.mark.parametrize("sight", SIGHT)
def test_verdicts_stand_out_from_their_ground(sight):
    """They carry a word and a symbol, so no two need differ by colour; but each must be legible."""
    for verdict, (ink, ground) in VERDICT_COLOURS.items():
        assert seen(ground, sight)[0] - seen(ink, sight)[0] > 40, verdict
