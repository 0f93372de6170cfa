"""A second evaluation of 13 open_clip checkpoints (LAION-AI/CLIP_benchmark), to check the first against."""

import pandas as pd

from clipkit.records.cache import path


def results() -> pd.DataFrame:
    """507 rows: 13 checkpoints on 39 data sets.

    Columns: model ("arch/pretrained"), arch, pretrained, dataset, task, acc1, acc5, mean_per_class_recall,
    image_r5, text_r5, mean_average_precision: fractions, NaN where the task has no such measure.
    """
    frame = pd.read_csv(path("LAION-AI/CLIP_benchmark/benchmark/benchmark.csv"))
    frame = frame.rename(
        columns={
            "model": "arch",
            "image_retrieval_recall@5": "image_r5",
            "text_retrieval_recall@5": "text_r5",
        }
    )
    frame["model"] = frame.arch + "/" + frame.pretrained
    return frame[["model", "arch", "pretrained", "dataset", "task", "acc1", "acc5", "mean_per_class_recall",
                  "image_r5", "text_r5", "mean_average_precision"]]  # fmt: skip
