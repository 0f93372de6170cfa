"""The ImageNet-X tables, and the annotations scored against them."""

import pytest

from clipkit.datasets import imagenet_x
from clipkit.errors import BadInput
from clipkit.records import imagenetx

pytestmark = pytest.mark.usefixtures("public")
FACTORS = list(imagenet_x.FACTORS)


@pytest.mark.parametrize("annotations", ["top", "multi"])
def test_every_row_has_a_name_of_its_own(annotations):
    frame = imagenetx.factor_accuracies(annotations)
    assert len(frame) == 393 and frame.model.is_unique and frame.name.nunique() == 384
    assert frame.group.value_counts().to_dict() == {"imagenet_testbed": 335, "modelvshuman": 54, "base": 4}
    assert frame[[*FACTORS, "average"]].ge(0).all(axis=None) and frame[[*FACTORS, "average"]].le(1).all(
        axis=None
    )


def test_four_zero_shot_rows_are_two_models():
    frame = imagenetx.factor_accuracies()
    clip = frame[frame.kind == "zero_shot"]
    assert len(clip) == 4 and set(clip.pretraining) == {"WIT"}
    assert clip.groupby("architecture").run.agg(set).to_dict() == {
        "RN50": {"RN50/openai"}, "ViT-B-32": {"ViT-B-32/openai"}}  # fmt: skip
    spread = clip.groupby("run").average.agg(lambda a: a.max() - a.min())
    assert spread.max() < 0.05


def test_kinds():
    counts = imagenetx.factor_accuracies().kind.value_counts().to_dict()
    assert counts == {"baseline": 271, "partial_training": 110, "zero_shot": 4, "fixed_features": 4,
                      "clip_distilled": 2, "broken": 2}  # fmt: skip


def test_broken_rows_are_at_chance_and_no_baseline_is():
    frame = imagenetx.factor_accuracies()
    assert frame[frame.kind == "broken"].average.max() < 0.01
    assert frame[frame.kind == "baseline"].average.min() > 0.2


def test_repeated_names_are_one_network_or_two():
    frame = imagenetx.factor_accuracies()
    pairs = frame[frame.name.duplicated(keep=False)]
    gap = pairs.groupby("name").average.agg(lambda a: a.max() - a.min())
    same = gap.index.isin(imagenetx.MEASURED_TWICE)
    assert len(gap) == 9 and gap[same].max() < 0.002 and gap[~same].min() > 0.02
    assert frame.repeat.sum() == 6 and pairs[~pairs.repeat].run.nunique() == 12


def test_eighty_four_baselines_in_the_range_of_clip():
    frame = imagenetx.factor_accuracies()
    assert ((frame.kind == "baseline") & ~frame.repeat & frame.average.between(0.50, 0.72)).sum() == 84


@pytest.mark.parametrize("model", imagenetx.PREDICTIONS)
@pytest.mark.parametrize("which", imagenet_x.ANNOTATIONS)
def test_predictions_scored_against_annotations_give_the_published_table(model, which):
    annotated = imagenet_x.annotations(which).merge(
        imagenetx.predictions(model), on="file_name", validate="1:1"
    )
    assert len(annotated) == 46_110
    correct = annotated["class"] == annotated.predicted_class
    ours = {factor: correct[annotated[factor]].mean() for factor in FACTORS} | {"average": correct.mean()}
    published = imagenetx.factor_accuracies(which).set_index("model").loc[model]
    for column, value in ours.items():
        assert value == pytest.approx(published[column], abs=1e-9), column


def test_error_ratios_of_resnet50():
    row = imagenetx.factor_accuracies().set_index("model").loc["ResNet50"]
    ratio = (1 - row[FACTORS].astype(float)) / (1 - row.average)
    assert row.average == pytest.approx(0.7467, abs=5e-5)
    assert ratio.iloc[:10].round(3).tolist() == [
        0.695,
        1.142,
        0.771,
        1.189,
        1.497,
        1.744,
        1.132,
        2.105,
        2.394,
        1.316,
    ]


def test_unknown_requests_are_refused():
    with pytest.raises(BadInput, match="annotations 'both' are unknown"):
        imagenetx.factor_accuracies("both")
    with pytest.raises(BadInput, match="no per-image predictions of 'DINO'"):
        imagenetx.predictions("DINO")
