"""The figure of six factors says what the frame says."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from clipkit.plots.factors import FACTOR_COLOURS, six_factors
from clipkit.results import SIX_FACTORS


def test_each_contrast_is_a_row_and_only_sure_ones_are_bold():
    frame = pd.DataFrame(
        {
            "factor": ["fine-tuning", "architecture", "fine-tuning"],
            "aspect": ["none → LoRA", "augmentation: shift and mirror → none", "none → FLYP"],
            "effect": [0.1, -0.2, 0.0],
            "low": [0.05, -0.3, -0.1],
            "high": [0.15, -0.1, 0.1],
            "mde": [0.05, 0.1, 0.1],
            "p_holm": [0.01, 0.2, np.nan],
            "clean": [True, True, False],
        }
    )
    ax = six_factors(frame, xlabel="points", scale=100)
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "augmentation: shift and mirror\n→ none",
        "none → LoRA",
        "none → FLYP",
    ]
    assert [t.get_fontweight() for t in ax.get_yticklabels()] == ["normal", "bold", "normal"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [float(d.get_xdata()[0]) for d in dots] == [-20, 10, 0]
    assert [d.get_markerfacecolor() == "white" for d in dots] == [False, False, True]
    assert ax.get_xlabel() == "points"
    plt.close("all")


def test_every_factor_has_its_colour():
    assert tuple(FACTOR_COLOURS) == SIX_FACTORS and len(set(FACTOR_COLOURS.values())) == 6
