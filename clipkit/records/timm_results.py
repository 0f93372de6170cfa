"""Published results of timm's classifiers (huggingface/pytorch-image-models, results/)."""

import pandas as pd

from clipkit.errors import UnknownName
from clipkit.records.cache import path
from clipkit.registry import did_you_mean

DATASETS = {
    "imagenet": "imagenet",
    "imagenet-real": "imagenet-real",
    "imagenet-v2": "imagenetv2-matched-frequency",
    "imagenet-r": "imagenet-r",
    "imagenet-r-clean": "imagenet-r-clean",
    "imagenet-a": "imagenet-a",
    "imagenet-a-clean": "imagenet-a-clean",
    "imagenet-sketch": "sketch",
}


def load(dataset: str) -> pd.DataFrame:
    """Accuracy of every model at every resolution, 1,556 rows.

    Columns: model, img_size, top1, top5 (fractions), params_M, crop_pct, interpolation.
    A model occurs once for each resolution it was run at: (model, img_size) is the key, not model, and a
    comparison of data sets must join on both. "-clean" sets are ImageNet restricted to the classes of the
    other. Raises UnknownName for a data set not in `DATASETS`.
    """
    if dataset not in DATASETS:
        raise UnknownName(f"unknown timm results {dataset!r}", did_you_mean(dataset, DATASETS))
    frame = pd.read_csv(
        path(f"huggingface/pytorch-image-models/results/results-{DATASETS[dataset]}.csv"), thousands=","
    )
    frame[["top1", "top5"]] = (frame[["top1", "top5"]] / 100).round(5)
    frame = frame.rename(columns={"param_count": "params_M"})
    return frame[["model", "img_size", "top1", "top5", "params_M", "crop_pct", "interpolation"]]
