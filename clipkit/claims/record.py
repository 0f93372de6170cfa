"""Which test judges which claim on the record track: public results of real models."""

from clipkit.registry import Registry
from clipkit.sections import calibration, natural_shifts, retrieval, shape_bias, training_data, visual_factors

TESTS = Registry(
    "record test",
    {
        "V1": visual_factors.off_the_line,
        "V2": visual_factors.factors_above_the_line,
        "V3": visual_factors.below_on_pose_and_partial_view,
        "B1": shape_bias.clip_against_baselines,
        "B2": shape_bias.drop_by_finetuning,
        "B4": shape_bias.llava_against_its_tower,
        "B5": shape_bias.spread_over_prompts,
        "C1": calibration.not_better_calibrated,
        "C3": calibration.gain_carries_over,
        "R1": retrieval.accuracy_predicts_recall,
        "R2": retrieval.source_moves_the_line,
        "R3": retrieval.augmented_twins_deviate,
        "Q1": training_data.filtering_raises_accuracy,
        "Q2": training_data.filtering_helps_everywhere,
        "N1": training_data.size_at_equal_samples,
        "E3": natural_shifts.finetuning_removes_robustness,
    },
)
