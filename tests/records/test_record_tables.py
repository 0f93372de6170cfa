"""The smaller sources: rows, types, and the numbers the protocol quotes from them."""

import pytest

from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.records import clip_benchmark, openclip, quba, robustbench, scaling_laws, timm_results


@pytest.mark.parametrize("dataset", timm_results.DATASETS)
def test_timm_rows_are_unique_by_model_and_resolution(public, dataset):
    frame = timm_results.load(dataset)
    assert len(frame) == 1556 and not frame.duplicated(["model", "img_size"]).any()
    assert frame.model.nunique() == 1266
    assert frame.top1.between(0, 1).all() and frame.params_M.gt(0).all()
    assert frame.dtypes[["img_size", "params_M", "top1"]].tolist() == ["int64", "float64", "float64"]


def test_timm_unknown_data_set():
    with pytest.raises(UnknownName, match="Did you mean imagenet-r or imagenet"):
        timm_results.load("imagenet_r")


def test_scaling_laws_data_size_at_fixed_compute(public):
    frame = scaling_laws.zeroshot()
    assert len(frame) == 1312 and frame.model.nunique() == 32 and frame.dataset.nunique() == 41
    assert set(frame.data) == {"WIT", "LAION-80M", "LAION-400M", "LAION-2B"}
    assert not frame.duplicated(["model", "dataset"]).any()
    chosen = frame[(frame.arch == "ViT-B-16") & (frame.samples == "34B")]
    top1 = chosen[chosen.dataset == "imagenet1k"].set_index("data").acc1.round(3)
    coco = chosen[chosen.dataset == "mscoco_captions"].set_index("data").image_r5.round(3)
    order = ["LAION-80M", "LAION-400M", "LAION-2B"]
    assert top1[order].tolist() == [0.613, 0.690, 0.702] and coco[order].tolist() == [0.588, 0.658, 0.677]


def test_every_laion_model_of_the_scaling_laws_is_described(public):
    evaluated = scaling_laws.zeroshot()
    assert set(evaluated[evaluated.data != "WIT"].model) == set(scaling_laws.models().model)


def test_clip_benchmark_agrees_with_open_clip(public):
    frame = clip_benchmark.results()
    assert len(frame) == 507 and frame.model.nunique() == 13 and frame.dataset.nunique() == 39
    ours = frame[frame.dataset == "imagenet1k"].set_index("model").acc1
    theirs = openclip.results(distinct=False).set_index("model")["ImageNet 1k"]
    assert len(ours) == 13 and (ours - theirs[ours.index]).abs().max() < 0.00125


def test_corruptions_3d(public):
    frame = robustbench.corruptions_3d()
    assert frame.columns.tolist() == ["model", "corruption", "severity", "top1"] and len(frame) == 12 * 12 * 5
    assert frame.severity.dtype == "int64" and set(frame.severity) == {1, 2, 3, 4, 5}
    mean = frame.groupby("model").top1.mean().round(3)
    expected = {"Standard_R50": 0.471, "Hendrycks2020AugMix": 0.535, "Hendrycks2020Many": 0.565,
                "Tian2022Deeper_DeiT-S": 0.626, "Tian2022Deeper_DeiT-B": 0.659, "AlexNet": 0.285}  # fmt: skip
    assert mean[list(expected)].to_dict() == expected


def test_quba_calibration_is_refused_for_clip_and_only_there(tmp_path):
    file = tmp_path / "quba.csv"
    file.write_text("model,Shape Bias,Calibration Error\nResNet50,0.2,0.03\nCLIP-ViT-B-16,0.5,0.04\n")
    assert quba.load(file).columns.tolist() == ["model", "Shape Bias"]
    with pytest.raises(BadInput, match="softmax applied twice.*such as CLIP-ViT-B-16"):
        quba.load(file, calibration=True)
    file.write_text("model,Calibration Error\nResNet50,0.03\n")
    assert quba.load(file, calibration=True)["Calibration Error"].tolist() == [0.03]


def test_quba_needs_a_file_with_models(tmp_path):
    with pytest.raises(MissingData, match="no QUBA table at"):
        quba.load(tmp_path / "absent.csv")
    (tmp_path / "quba.csv").write_text("name\nx\n")
    with pytest.raises(BadInput, match="has no column 'model'"):
        quba.load(tmp_path / "quba.csv")
