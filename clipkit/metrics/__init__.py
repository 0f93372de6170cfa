"""Metrics: pure functions of arrays. They need numpy, scipy and scikit-learn, and import without torch."""

from clipkit.metrics.accuracy import accuracy, restrict_to_classes, top_k_accuracy
from clipkit.metrics.calibration import (
    ReliabilityTable,
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    confidence_and_correct,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_table,
)
from clipkit.metrics.correlation import Correlation, correlation
from clipkit.metrics.debiased_calibration import calibration_noise_floor, rms_calibration_error
from clipkit.metrics.factors import error_ratio, factor_accuracy
from clipkit.metrics.ood import auroc, fpr_at_tpr, max_logit, mcm, msp
from clipkit.metrics.resampled import (
    resampled_auroc,
    resampled_calibration_error,
    resampled_fpr_at_tpr,
    resampled_mean,
    resampled_ratio,
)
from clipkit.metrics.resampled_lines import resampled_lines
from clipkit.metrics.resampled_temperature import resampled_temperature
from clipkit.metrics.retrieval import BestRanks, Recall, RecallHits, best_ranks, recall_at_k, recall_hits
from clipkit.metrics.robustness import EffectiveRobustness, RobustLine, effective_robustness, fit_line
from clipkit.metrics.shape_bias import ShapeBias, class_probabilities, shape_bias
from clipkit.metrics.temperature import fit_temperature, negative_log_likelihood_from_logits, softmax

__all__ = [
    "BestRanks",
    "Correlation",
    "EffectiveRobustness",
    "Recall",
    "RecallHits",
    "ReliabilityTable",
    "RobustLine",
    "ShapeBias",
    "accuracy",
    "adaptive_calibration_error",
    "auroc",
    "best_ranks",
    "brier_score",
    "calibration_error",
    "calibration_noise_floor",
    "class_probabilities",
    "confidence_and_correct",
    "correlation",
    "effective_robustness",
    "error_ratio",
    "expected_calibration_error",
    "factor_accuracy",
    "fit_line",
    "fit_temperature",
    "fpr_at_tpr",
    "max_logit",
    "mcm",
    "msp",
    "negative_log_likelihood",
    "negative_log_likelihood_from_logits",
    "recall_at_k",
    "recall_hits",
    "reliability_table",
    "resampled_auroc",
    "resampled_calibration_error",
    "resampled_fpr_at_tpr",
    "resampled_lines",
    "resampled_mean",
    "resampled_ratio",
    "resampled_temperature",
    "restrict_to_classes",
    "rms_calibration_error",
    "shape_bias",
    "softmax",
    "top_k_accuracy",
]
