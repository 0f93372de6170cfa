"""The real models of the full track as three typed tables; see README.md beside this file for their rules.

A `model` is named once: `arch/pretrained` for open_clip weights, the timm name for timm weights. `run` is the
training-run cluster: checkpoints with one value are not independent (epochs, soups, other resolutions or
fine-tunings of one run) and must be resampled together. Accuracies are fractions; NaN where none is
published.
"""

from functools import cache
from pathlib import Path

import pandas as pd

SHIFTS = ("imagenet", "imagenet_v2", "imagenet_r", "imagenet_a", "imagenet_sketch")


def zero_shot() -> pd.DataFrame:
    """Every (arch, pretrained) pair of open_clip 3.3.0, 196 rows.

    Columns: model, arch, pretrained, tower_family, tower_kind (CNN, ViT, hybrid), source, train_pairs_M
    (millions; not verified), source_note, samples_seen_B (billions, where the tag says so), curation, curated
    (yes, no, source = the source's own filter), loss, multilingual_text (bool), is_alias (bool: the same
    weights as the arch without "-quickgelu"), quickgelu (bool: trained with QuickGELU), imagenet and
    imagenet_o (zero-shot top-1), params_M, hf_hub, in_results (yes, no, as alias), pool (core, extended,
    curation-only, exclude; the part after the colon is the reason), run,
    adapted (bool: no CLIP of its own, but another tower made multilingual or fine-tuned for captioning).

    >>> zero_shot().set_index("model").loc["ViT-L-14-336/openai", "run"]
    'ViT-L-14/openai'
    """
    table = _table("zero_shot.csv").copy()
    table["adapted"] = table.pool.str.contains("multilingual adaptation|fine-tuned for captioning")
    return _booleans(table, "multilingual_text", "is_alias", "quickgelu")


def finetuned() -> pd.DataFrame:
    """CLIP image towers fine-tuned on ImageNet, from timm 1.0.31, 47 rows.

    Columns: model, finetune (in1k, in12k_in1k, in12k), has_1000_classes (bool; False for in12k), input_size
    (pixels), crop_pct, tower_kind, source, parent (a `model` of `zero_shot`), note, the five of `SHIFTS`
    (top-1 at input_size), run (that of the parent).
    """
    return _booleans(_table("finetuned.csv").copy(), "has_1000_classes")


def baselines() -> pd.DataFrame:
    """Classifiers trained without language on ImageNet, from timm 1.0.31, 127 rows.

    Columns: model, group (supervised IN-1k, IN-21k/22k pre-train, semi/weakly supervised, self-supervised +
    FT), input_size (pixels, that of training), params_M, the five of `SHIFTS` (top-1 at input_size), run.
    """
    return _table("baselines.csv").copy()


@cache
def _table(name: str) -> pd.DataFrame:
    numbers = (*SHIFTS, "imagenet_o", "params_M", "samples_seen_B", "train_pairs_M")
    return pd.read_csv(
        Path(__file__).with_name(name),
        dtype={"note": str, "source_note": str, "curation": str},
        keep_default_na=False,
        na_values=dict.fromkeys(numbers, [""]),
    )


def _booleans(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(
        **{column: table[column].map({"yes": True, "no": False}).astype(bool) for column in columns}
    )
