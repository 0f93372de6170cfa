"""Published ImageNet-X results (facebookresearch/imagenetx, CC-BY-NC 4.0): 393 evaluations by factor."""

import re

import pandas as pd

from clipkit.datasets.imagenet_x import ANNOTATIONS, FACTORS
from clipkit.errors import BadInput
from clipkit.records.cache import path

GROUPS = ("base", "imagenet_testbed", "modelvshuman")
PREDICTIONS = ("ResNet50", "SimCLR")

# name -> (architecture, run); both groups evaluated the same two sets of weights
ZERO_SHOT = {
    "resnet50_clip_zeroshot": ("RN50", "RN50/openai"),
    "clipRN50": ("RN50", "RN50/openai"),
    "vit_b_32_clip_zeroshot": ("ViT-B-32", "ViT-B-32/openai"),
    "clip": ("ViT-B-32", "ViT-B-32/openai"),
}
# Names in two groups whose average differs by less than 0.002: one network measured twice. The other three
# repeated names (dpn68b, vit_base_patch16_224, vit_small_patch16_224) differ by 0.02 to 0.04: other weights.
MEASURED_TWICE = (
    "dpn68",
    "dpn92",
    "resnet50_swsl",
    "resnet50_trained_on_SIN",
    "resnet50_trained_on_SIN_and_IN",
    "resnet50_trained_on_SIN_and_IN_then_finetuned_on_IN",
)
_KINDS = {
    "fixed_features": r"^identity32_|^resnet50_lstsq$",
    "partial_training": r"_epochs$",
    "clip_distilled": r"_clip_(hard|soft)_labels$",
    "broken": r"^selecsls(42|84)$",
}
_PRETRAINING = {
    "WIT": "|".join(rf"^{name}$" for name in ZERO_SHOT),
    "ImageNet-21k": r"^BiT|^bninception-imagenet21k$|^vit_(base|large)_",
    "ImageNet-11k": r"-imagenet11k$",
    "JFT-300M": r"jft-300M|noisy_?student",
    "Instagram": r"^instagram-|^FixResNeXt101_32x48d|_swsl$",
    "YFCC-100M": r"_ssl$",
    "ML-Images": r"tencent-ml-images",
}


def factor_accuracies(annotations: str = "top") -> pd.DataFrame:
    """Accuracy on the images of each factor, for 393 published evaluations.

    annotations: "top" or "multi", as in `clipkit.datasets.imagenet_x.annotations`. Columns: model (unique: a
    name that occurs in two groups has " (modelvshuman)" added the second time), name (as published), group
    (base, imagenet_testbed, modelvshuman), kind, pretraining (as far as the name tells; "ImageNet-1k" where
    it tells nothing), architecture ("" but for zero_shot), run, repeat (True for the second measurement of
    one network), the 16 `FACTORS` and average (all annotated images without prototypes), fractions.

    kind is one of
      zero_shot         4 rows, 2 independent models, both trained on WIT;
      clip_distilled    trained on labels that CLIP gave;
      partial_training  epochs of three runs;
      fixed_features    classifiers on pixels or on random features;
      broken            accuracy near 0;
      baseline          all others, with more or less data or other augmentation.
    To count each network once, take `~repeat`, or cluster by `run`.
    """
    if annotations not in ANNOTATIONS:
        raise BadInput(f"ImageNet-X annotations {annotations!r} are unknown", "use 'top' or 'multi'")
    frame = pd.concat(
        [
            pd.read_csv(path(_results(annotations, group))).assign(group=group)
            for group in GROUPS
        ],
        ignore_index=True,
    ).rename(columns={"model": "name"})  # fmt: skip
    again = frame.name.duplicated()
    frame["model"] = frame.name.where(~again, frame.name + " (" + frame.group + ")")
    frame["kind"] = [
        _first(_KINDS, name, "zero_shot" if name in ZERO_SHOT else "baseline") for name in frame.name
    ]
    frame["pretraining"] = [_first(_PRETRAINING, name, "ImageNet-1k") for name in frame.name]
    frame["architecture"] = [ZERO_SHOT.get(name, ("",))[0] for name in frame.name]
    frame["repeat"] = again & frame.name.isin(MEASURED_TWICE)
    frame["run"] = [
        ZERO_SHOT[name][1] if name in ZERO_SHOT
        else re.sub(r"_\d+_epochs$", "_epochs", name) if name.endswith("_epochs")
        else name if repeat else model
        for name, model, repeat in zip(frame.name, frame.model, frame.repeat, strict=True)
    ]  # fmt: skip
    first = ["model", "name", "group", "kind", "pretraining", "architecture", "run", "repeat"]
    return frame[[*first, *FACTORS, "average"]]


def predictions(model: str) -> pd.DataFrame:
    """Top-1 decision on each of the 50,000 validation images.

    model: one of `PREDICTIONS`. Columns: file_name, predicted_class (0 to 999), predicted_probability.
    """
    if model not in PREDICTIONS:
        raise BadInput(
            f"no per-image predictions of {model!r} are published", f"use one of {', '.join(PREDICTIONS)}"
        )
    return pd.read_csv(path(f"facebookresearch/imagenetx/model_predictions/base/{model}.csv"))


def _results(annotations: str, group: str) -> str:
    return (
        f"facebookresearch/imagenetx/results/val/{annotations}_factor/{group}/class/accuracies_per_factor.csv"
    )


def _first(rules: dict[str, str], name: str, otherwise: str) -> str:
    return next((label for label, pattern in rules.items() if re.search(pattern, name)), otherwise)
