"""One look for all figures: sizes, and colours that a colour-blind reader can tell apart."""

import matplotlib.pyplot as plt
import seaborn as sns

# Okabe and Ito's palette (Color Universal Design, 2008), by what the marks stand for.
KIND_COLOURS = {
    "baseline": "#666666",
    "supervised": "#666666",
    "zero_shot": "#0072b2",
    "finetuned": "#d55e00",
    "lmm": "#cc79a7",
    "human": "#009e73",
}
LIMITS, SEED = "_limits", "_seed"
"""Labels, which no legend shows, of a stroke that is an interval and of a dot that is one seed; `plots.drawn` asks."""
KIND_NAMES = {
    "baseline": "trained on ImageNet",
    "supervised": "trained on ImageNet",
    "zero_shot": "zero-shot CLIP",
    "finetuned": "fine-tuned CLIP",
    "lmm": "language–vision model",
    "human": "human",
}
ACCENT = "#0072b2"
MUTED = "#666666"


def use() -> None:
    """Set the style for the figures of this process; called once at the top of a notebook."""
    sns.set_theme(style="ticks", font_scale=0.95)
    plt.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "legend.frameon": False,
            "svg.fonttype": "none",
        }
    )
