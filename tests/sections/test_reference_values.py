"""The sections on public records, against values computed independently of this code (PROTOCOL, §5 and §6.2)."""

import numpy as np
import pytest
from scipy.special import expit, logit

from clipkit.sections import natural_shifts, retrieval, shape_bias, training_data, visual_factors

pytestmark = pytest.mark.usefixtures("public")


def test_retrieval_correlations():
    table = retrieval.correlation_table()
    assert table.Pearson["COCO, image"] == pytest.approx(0.949, abs=6e-4)
    assert table.Pearson["COCO, text"] == pytest.approx(0.968, abs=6e-4)
    assert table.Pearson["Flickr30k, image"] == pytest.approx(0.948, abs=6e-4)
    assert table.Pearson["Flickr30k, text"] == pytest.approx(0.946, abs=6e-4)
    assert table.Spearman["COCO, image"] == pytest.approx(0.928, abs=6e-4)


def test_source_intercepts_explain_what_accuracy_leaves():
    table = retrieval.correlation_table()
    assert table["R²"]["COCO, image"] == pytest.approx(0.901, abs=6e-4)
    assert table["adjusted R²"].round(3).tolist() == pytest.approx([0.897, 0.894, 0.900, 0.935], abs=1.1e-3)
    with_sources = table["adjusted R² with source intercepts"]
    assert with_sources.round(3).tolist() == pytest.approx([0.966, 0.963, 0.980, 0.980], abs=1.5e-3)


def test_source_offsets_on_coco_image_retrieval():
    table = retrieval.source_offsets(draws=50)
    published = {
        "WIT": (-5.6, 9),
        "DataComp": (-2.4, 11),
        "LAION-400M": (0.5, 10),
        "LAION-2B": (1.7, 22),
        "WebLI": (1.7, 9),
    }
    for source, (offset, n) in published.items():
        assert table.value[source] == pytest.approx(offset, abs=0.06)
        assert table.n_models[source] == n


def test_augmented_twins():
    table = retrieval.record_models().set_index("model")
    (plain, augmented), (plain_320, augmented_320) = retrieval.AUGMENTED_TWINS
    assert table.coco_image_r1[[plain, augmented]].tolist() == pytest.approx([0.429, 0.430], abs=6e-4)
    assert table.coco_text_r1[[plain_320, augmented_320]].tolist() == pytest.approx([0.611, 0.604], abs=6e-4)


@pytest.mark.parametrize(
    ("factor", "value", "tolerance"),
    [
        ("pose", -2.2, 0.15),
        ("partial_view", -2.1, 0.15),
        ("pattern", -0.5, 0.15),
        ("color", 0.3, 0.15),
        ("background", 1.0, 0.15),
        ("larger", 1.0, 0.3),
        ("shape", 1.4, 0.15),
        ("texture", 5.7, 0.3),
        ("subcategory", 6.3, 0.15),
        ("smaller", 7.0, 0.15),
    ],
)
def test_effective_robustness_by_factor(factor, value, tolerance):
    baselines, models = visual_factors.record_models()
    assert len(baselines) == 84 and models.architecture.nunique() == 2
    table = visual_factors.robustness_table(baselines, models, [factor])
    assert 100 * table[factor].mean() == pytest.approx(value, abs=tolerance)


def test_huber_and_theil_sen_agree_on_each_factor():
    baselines, models = visual_factors.record_models()
    tables = [
        visual_factors.robustness_table(baselines, models, visual_factors.MAIN_FACTORS, m)
        for m in ("huber", "theil-sen")
    ]
    assert 100 * (tables[0] - tables[1]).abs().max(axis=None) < 1.5


def test_shape_bias_of_people_networks_and_towers():
    _, _, models = shape_bias.record_decisions()
    estimate, _ = shape_bias.bias_draws()
    by_model = estimate.groupby("model").first()
    humans = models.index[models.kind == "human"].get_level_values("model")
    assert len(humans) == 10 and by_model[humans].mean() == pytest.approx(0.958, abs=6e-4)
    published = {"resnet50": 0.221, "vgg16": 0.092, "alexnet": 0.253, "squeezenet1-1": 0.182}
    for model, bias in published.items():
        assert by_model[model] == pytest.approx(bias, abs=6e-4)
    zero_shot = {
        "RN50/openai": 0.20,
        "RN101/openai": 0.25,
        "ViT-L-14/openai": 0.60,
        "EVA01-g-14/laion400m_s11b_b41k": 0.66,
    }
    for model, bias in zero_shot.items():
        assert by_model[model] == pytest.approx(bias, abs=0.011)


def test_finetuned_pairs():
    estimate = shape_bias.bias_draws()[0].groupby("model").first()
    pairs = {(round(estimate[a], 2), round(estimate[b], 3)) for a, b in shape_bias.FINETUNED_PAIRS}
    assert {b for _, b in pairs} == {0.432, 0.453, 0.388}
    assert {a for a, _ in pairs} == {0.60}


def test_all_models_share_the_images_of_a_draw():
    """Two evaluations of one set of weights must move together, or the bootstrap is not paired."""
    _, draws = shape_bias.bias_draws()
    pair = draws[[("ViT-L-14/openai", "CLS"), ("ViT-L-14/openai", "None")]].to_numpy()
    assert np.corrcoef(pair, rowvar=False)[0, 1] > 0.7


def test_models_not_trained_on_imagenet_photographs_are_no_baselines():
    _, _, models = shape_bias.record_decisions()
    names = models.index.get_level_values("model")
    assert not names.str.contains("60-epochs|oidv2").any()
    assert (
        models.run[("tv_resnet50", "")] == models.run[("resnet50", "")] != models.run[("resnet50 (timm)", "")]
    )


@pytest.mark.parametrize(
    ("shift", "zero_shot", "finetuned", "tolerance"),
    [
        ("ImageNet-V2", 5.0, -0.1, 0.2),
        ("ImageNet-R", 51, 11.4, 0.8),
        ("ImageNet-A", 43, -6.8, 1.3),
        ("ImageNet-Sketch", 37.5, 9.6, 0.6),
    ],
)
def test_effective_robustness_on_natural_shifts(shift, zero_shot, finetuned, tolerance):
    table = natural_shifts.record_models()
    assert table.kind.value_counts().to_dict() == {"baseline": 127, "zero_shot": 85, "finetuned": 37}
    baselines = table[table.kind == "baseline"]
    for kind, value in (("zero_shot", zero_shot), ("finetuned", finetuned)):
        found = natural_shifts.robustness(table[table.kind == kind], baselines, shift)
        assert 100 * found.value.mean() == pytest.approx(value, abs=tolerance)


def test_weak_zero_shot_models_are_flagged_as_extrapolated():
    table = natural_shifts.record_models()
    clip, baselines = table[table.kind == "zero_shot"], table[table.kind == "baseline"]
    found = natural_shifts.robustness(clip, baselines, "ImageNet-A")
    assert (
        found.extrapolated == (clip.ImageNet < baselines.ImageNet.min()).to_numpy()
    ).all() and found.extrapolated.any()


def test_curation_accuracies():
    table = training_data.curation_table()
    large = table[table.scale == "l"].set_index("filter")
    assert large.ImageNet.to_dict() == pytest.approx(
        {
            "none": 45.9,
            "basic": 51.6,
            "laion": 55.3,
            "text": 56.1,
            "image": 57.2,
            "clip": 57.8,
            "datacomp": 63.1,
        },
        abs=0.06,
    )
    assert large.retrieval[["none", "laion", "datacomp"]].round(1).tolist() == [39.0, 51.9, 52.4]
    assert large["natural shifts"][["none", "clip"]].round(1).tolist() == [36.7, 47.0]


def test_each_filter_of_a_scale_is_counted_once():
    table = training_data.curation_table()
    assert not table.duplicated(["scale", "filter"]).any()
    assert table.groupby("scale").size().to_dict() == {"s": 6, "m": 7, "l": 7, "xl": 4}


def test_filtering_beats_none_on_imagenet_at_every_scale_but_not_on_retrieval():
    gains = training_data.gains()
    assert (gains[gains.axis == "ImageNet"].gain > 0).all()
    small = gains[(gains.axis == "retrieval") & (gains.scale == "s")].set_index("filter").gain
    assert small["laion"] < 0 and small["datacomp"] < 0 < small["clip"]


def test_size_pays_only_with_enough_samples():
    table = training_data.size_table().set_index(["arch", "samples"])
    assert table.loc[("ViT-B-16", "34B")].round(1).tolist() == [61.3, 69.0, 70.2]
    assert table.loc[("ViT-L-14", "34B")].round(1).tolist() == [64.8, 73.9, 75.2]
    assert table.loc[("ViT-L-14", "3B")].round(1).tolist()[1:] == [69.3, 68.9]


def test_the_line_is_fitted_on_logit_axes():
    """Models on a logistic curve have no effective robustness, wherever they lie on it."""
    accuracy = np.linspace(0.55, 0.95, 40)
    table = (
        natural_shifts.record_models()
        .iloc[:40]
        .assign(ImageNet=accuracy, **{"ImageNet-R": expit(0.7 * logit(accuracy) - 1)})
    )
    found = natural_shifts.robustness(table, table, "ImageNet-R")
    assert np.abs(found.value).max() < 1e-3
