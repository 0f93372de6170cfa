"""Which test judges which claim on the pocket track: small models of which one thing at a time was changed."""

from clipkit.registry import Registry
from clipkit.sections.pocket import (
    calibration,
    correspondence,
    corruption_3d,
    lmm_interaction,
    lmm_shape_bias,
    natural_shifts,
    ood_detection,
    retrieval,
    shape_bias,
    temperature_scaling,
    training_data,
    visual_factors,
)

TESTS = Registry(
    "pocket test",
    {
        "V1": visual_factors.off_the_line,
        "V2": visual_factors.factors_above_the_line,
        "V3": visual_factors.below_on_pose_and_partial_view,
        "V4": visual_factors.sources_follow_other_lines,
        "V5": visual_factors.finetuning_moves_to_the_line,
        "V6": visual_factors.fewer_prompts_lose_accuracy,
        "V7": visual_factors.curation_raises_robustness,
        "B1": shape_bias.clip_against_baselines,
        "B2": shape_bias.drop_by_finetuning,
        "B3": shape_bias.drop_avoided,
        "B4": lmm_shape_bias.lmm_against_its_tower,
        "B5": shape_bias.spread_over_prompts,
        "O1": ood_detection.accuracy_goes_with_detection,
        "O2": ood_detection.source_shifts_the_line,
        "O3": ood_detection.detour_differs,
        "O4": ood_detection.fewer_prompts_detect_better,
        "O5": ood_detection.curation_helps,
        "C1": calibration.not_better_calibrated,
        "C2": calibration.source_decides,
        "C3": temperature_scaling.gain_carries_over,
        "C4": calibration.finetuning_worsens,
        "C5": calibration.fewer_prompts_calibrate,
        "R1": retrieval.accuracy_predicts_recall,
        "R2": retrieval.source_moves_the_line,
        "R3": retrieval.augmentation_moves_off_the_line,
        "Q1": training_data.filtering_raises_accuracy,
        "Q2": training_data.filtering_helps_everywhere,
        "N1": training_data.size_at_equal_samples,
        "D1": correspondence.convolutional_find_more,
        "D2": corruption_3d.convolutional_withstand,
        "D3": corruption_3d.filtering_helps,
        "L1": lmm_interaction.gain_on_hard,
        "L2": lmm_interaction.no_gain_where_easy,
        "E3": natural_shifts.finetuning_removes_robustness,
    },
)

ON_ANSWERS = ("B4", "L1", "L2")
"""Claims whose tests read answers of language–vision models, and take no `MeasuredTable`."""
