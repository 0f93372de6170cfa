"""ImageNet-3DCC accuracy of 12 classifiers, no CLIP among them (RobustBench/robustbench)."""

import pandas as pd

from clipkit.records.cache import path


def corruptions_3d() -> pd.DataFrame:
    """720 rows: model, corruption (12), severity (1–5), top1 (fraction, higher is better)."""
    wide = pd.read_csv(
        path("RobustBench/robustbench/model_info/imagenet/corruptions/unaggregated_results_3d.csv"),
        header=[0, 1], index_col=0,
    )  # fmt: skip
    wide.columns.names, wide.index.name = ["corruption", "severity"], "model"
    frame = wide.melt(value_name="top1", ignore_index=False).reset_index()
    return frame.astype({"severity": "int64"})
