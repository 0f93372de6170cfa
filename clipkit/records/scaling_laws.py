"""Controlled scaling of CLIP (LAION-AI/scaling-laws-openclip; Cherti et al., CVPR 2023)."""

import pandas as pd

from clipkit.records.cache import path

_FOLDER = "LAION-AI/scaling-laws-openclip"
AVERAGES = ("imagenet_robustness", "vtab", "vtab+")


def zeroshot() -> pd.DataFrame:
    """1,312 rows: 32 models on 41 data sets.

    Columns: model ("arch/name"), arch, data (WIT, LAION-80M, LAION-400M, LAION-2B), samples (3B, 13B, 34B),
    samples_seen (the exact count), dataset, is_average (True for the three of `AVERAGES`, which are means
    over others), task, acc1, acc5, mean_per_class_recall, image_r5, text_r5, mean_average_precision:
    fractions, NaN where the task has no such measure.
    """
    frame = pd.read_csv(path(f"{_FOLDER}/zeroshot_results.csv")).rename(columns={
        "samples_seen_pretty": "samples", "downstream_dataset": "dataset", "upstream_dataset": "data",
        "image_retrieval_recall@5": "image_r5", "text_retrieval_recall@5": "text_r5"})  # fmt: skip
    frame["data"] = frame.data.replace("CLIP-WIT", "WIT")
    frame["model"] = frame.arch + "/" + frame.name
    frame["is_average"] = frame.dataset.isin(AVERAGES)
    first = ["model", "arch", "data", "samples", "samples_seen", "dataset", "is_average", "task"]
    measures = ["acc1", "acc5", "mean_per_class_recall", "image_r5", "text_r5", "mean_average_precision"]
    return frame[first + measures]


def models() -> pd.DataFrame:
    """How the 29 LAION models were trained: model, arch, data, samples, lr, warmup, epochs, gpus, url, …"""
    frame = pd.read_csv(path(f"{_FOLDER}/trained_models_info.csv")).rename(
        columns={"samples_seen_pretty": "samples"}
    )
    frame["data"] = "LAION-" + frame.data
    frame.insert(0, "model", frame.arch + "/" + frame.pop("name"))
    return frame
