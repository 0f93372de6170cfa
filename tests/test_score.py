"""Scoring predictions made elsewhere, against published tables and by hand."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from clipkit import records
from clipkit.cli import app
from clipkit.datasets import cue_conflict, imagenet_x
from clipkit.errors import BadInput, MissingData
from clipkit.score import score_shape_bias, score_visual_factors

RESNET = "facebookresearch/imagenetx/model_predictions/base/ResNet50.csv"
CNNS = "rgeirhos/texture-vs-shape/raw-data/style-transfer-512-nomask-experiment-trained-CNNs/"


@pytest.fixture
def predictions(tmp_path):
    """All annotated images, each predicted right but for the first hundred."""
    truth = imagenet_x.annotations("top")
    table = pd.DataFrame({"file_name": truth.file_name, "predicted_class": truth["class"]})
    table.loc[:99, "predicted_class"] = (table.predicted_class[:100] + 1) % 1000
    return table


@pytest.fixture
def decisions():
    """All stimuli, decided by shape."""
    return pd.DataFrame(
        [{"image": s, "pred_label": cue_conflict.parse(s)[0]} for s in cue_conflict.stimuli()]
    )


def written(table, tmp_path):
    path = tmp_path / "model.csv"
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["ResNet50", "SimCLR"])
@pytest.mark.parametrize("annotation", ["top", "multi"])
def test_factor_accuracies_equal_the_published_table(public, name, annotation):
    rows = score_visual_factors(records.path(RESNET.replace("ResNet50", name)), annotation)
    found = {r.subset: r.value for r in rows if r.metric == "accuracy"}
    table = records.imagenetx.factor_accuracies(annotation)
    published = table[(table.name == name) & (table.group == "base")].iloc[0]
    assert found["all"] == pytest.approx(published.average, abs=1e-9)
    for factor in imagenet_x.FACTORS:
        assert found[factor] == pytest.approx(published[factor], abs=1e-9)


def test_error_ratios_of_resnet50_have_intervals_around_them(public):
    rows = {r.subset: r for r in score_visual_factors(records.path(RESNET)) if r.metric == "error_ratio"}
    assert rows["pose"].value == pytest.approx(0.695, abs=5e-4)
    assert rows["texture"].value == pytest.approx(2.394, abs=5e-4)
    assert all(r.low < r.value < r.high for r in rows.values())
    assert rows["texture"].high - rows["texture"].low > rows["pose"].high - rows["pose"].low


def test_rows_say_what_was_seen(predictions, tmp_path):
    rows = score_visual_factors(written(predictions[200:], tmp_path), allow_missing=True)
    assert {(r.n_expected, r.n_seen) for r in rows} == {(46_110, 45_910)}
    assert {r.value for r in rows if r.metric == "accuracy"} == {1.0}


def test_missing_images_are_named(predictions, tmp_path):
    lost = predictions.file_name.iloc[7]
    with pytest.raises(BadInput, match=f"lacks 1 of 46110 images: {lost}\n.*--allow-missing"):
        score_visual_factors(written(predictions.drop(index=7), tmp_path))


def test_unknown_images_are_named(predictions, tmp_path):
    extra = pd.DataFrame({"file_name": ["cat.JPEG"], "predicted_class": [3]})
    path = written(pd.concat([predictions, extra]), tmp_path)
    with pytest.raises(BadInput, match="1 unknown image.*cat.JPEG\n.*--allow-unknown"):
        score_visual_factors(path)
    assert score_visual_factors(path, allow_unknown=True)[0].n == 46_110


def test_repeated_images_are_named(predictions, tmp_path):
    with pytest.raises(BadInput, match="more than once: ILSVRC2012_val_"):
        score_visual_factors(written(pd.concat([predictions, predictions[:1]]), tmp_path))


@pytest.mark.parametrize("bad", ["1000", "-1", "cat", "3.5", ""])
def test_a_class_that_is_none_is_named(predictions, tmp_path, bad):
    predictions["predicted_class"] = predictions.predicted_class.astype(str)
    predictions.loc[5, "predicted_class"] = bad
    with pytest.raises(BadInput, match=f"predicted_class of {predictions.file_name[5]} is no ImageNet class"):
        score_visual_factors(written(predictions, tmp_path))


def test_wrong_columns_name_what_is_wanted(tmp_path):
    path = written(pd.DataFrame({"file": ["a"], "predicted_class": [1]}), tmp_path)
    with pytest.raises(
        BadInput, match="lacks the columns file_name and predicted_class; it has file, predicted_class"
    ):
        score_visual_factors(path)


def test_no_file_and_no_table(tmp_path):
    with pytest.raises(MissingData, match="no file"):
        score_visual_factors(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(BadInput, match="is not a CSV file"):
        score_shape_bias(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("name", "bias"),
    [
        (CNNS + "style-transfer-512-nomask-experiment_resnet50_session-1.csv", 0.221),
        (CNNS + "style-transfer-512-nomask-experiment_vgg16_session-1.csv", 0.092),
        (CNNS + "style-transfer-512-nomask-experiment_alexnet_session-1.csv", 0.253),
        ("bethgelab/model-vs-human/raw-data/cue-conflict/cue-conflict_subject-01_session_1.csv", 0.962),
        ("paulgavrikov/vlm_shapebias/raw-data/clip/clip_RN50_openai_CLS.csv", 0.208),
        ("paulgavrikov/vlm_shapebias/raw-data/inet_classifier/tv_resnet50.csv", 0.223),
    ],
)
def test_shape_bias_from_raw_trials_of_each_source(public, name, bias):
    row = score_shape_bias(records.path(name))[0]
    assert row.metric == "shape_bias" and row.value == pytest.approx(bias, abs=5e-4)
    assert row.low < row.value < row.high and row.n_seen == 1_200


def test_a_shape_decider_has_a_bias_of_one(decisions, tmp_path):
    bias, cue = score_shape_bias(written(decisions, tmp_path))
    assert (bias.value, cue.value, bias.n, cue.n) == (1.0, 1.0, 1_200, 1_200)


def test_answers_outside_the_classes_are_neither(decisions, tmp_path):
    decisions["pred_label"] = "toaster"
    bias, cue = score_shape_bias(written(decisions, tmp_path))
    assert bias.value != bias.value and bias.n == 0 and cue.value == 0.0


def test_missing_decisions_are_named(decisions, tmp_path):
    path = written(decisions[decisions.image != "cat1-dog1"], tmp_path)
    with pytest.raises(BadInput, match="lacks 1 of 1200 images: cat1-dog1\n"):
        score_shape_bias(path)
    assert score_shape_bias(path, allow_missing=True)[1].n < 1_200


def test_unknown_stimuli_are_named_and_ignored_if_allowed(decisions, tmp_path):
    extra = pd.DataFrame({"image": ["holiday.png"], "pred_label": ["cat"]})
    path = written(pd.concat([decisions, extra]), tmp_path)
    with pytest.raises(BadInput, match="1 unknown image.*holiday.png\n.*--allow-unknown"):
        score_shape_bias(path)
    assert score_shape_bias(path, allow_unknown=True)[1].n == 1_200


def test_command_prints_result_rows_as_json(decisions, tmp_path):
    path = written(decisions, tmp_path)
    result = CliRunner().invoke(app, ["score", "shape-bias", "--decisions", str(path), "--json"])
    rows = json.loads(result.stdout)
    assert [(r["subset"], r["metric"]) for r in rows] == [("all", "shape_bias"), ("all", "cue_accuracy")]
    assert rows[0]["model"] == "model" and rows[0]["section"] == "shape bias"


def test_command_shows_a_table_for_people(predictions, tmp_path):
    result = CliRunner().invoke(
        app, ["score", "visual-factors", "--predictions", str(written(predictions, tmp_path))]
    )
    assert result.exit_code == 0 and "partial_view" in result.stdout
