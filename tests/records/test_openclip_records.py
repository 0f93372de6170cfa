"""The open_clip tables: right rows kept, right numbers, right clusters."""

import numpy as np
import pytest

from clipkit.records import openclip

pytestmark = pytest.mark.usefixtures("public")


@pytest.mark.parametrize("read", [openclip.results, openclip.classification, openclip.retrieval])
def test_each_checkpoint_stands_once(read):
    frame = read()
    assert (len(frame), len(read(distinct=False))) == (112, 121)
    assert frame.model.is_unique and frame.run.notna().all() and frame.run.nunique() == 90
    scores = frame.select_dtypes("float").drop(
        columns=["params_M", "flops_B", "train_pairs_M", "samples_seen_B"]
    )
    assert scores.notna().all(axis=None) and scores.ge(0).all(axis=None) and scores.le(1).all(axis=None)


@pytest.mark.parametrize(
    ("kept", "dropped", "gain"),
    [
        ("ViT-B-32-quickgelu/laion400m_e32", "ViT-B-32/laion400m_e32", 0.0269),
        ("RN50-quickgelu/yfcc15m", "RN50/yfcc15m", 0.0037),
        ("RN101-quickgelu/yfcc15m", "RN101/yfcc15m", 0.0080),
        ("RN50-quickgelu/cc12m", "RN50/cc12m", 0.0056),
    ],
)
def test_the_row_with_the_right_activation_is_kept(kept, dropped, gain):
    every = openclip.results(distinct=False).set_index("model")["ImageNet 1k"]
    assert every[kept] - every[dropped] == pytest.approx(gain, abs=1e-9)
    models = set(openclip.results().model)
    assert kept in models and dropped not in models


def test_the_two_datacomp_small_rows_are_identical_and_one_is_dropped():
    every = openclip.results(distinct=False).set_index("model").iloc[:, 2:43]
    pair = every.loc[["ViT-B-32/datacomp_s_s13m_b4k", openclip.DUPLICATE]]
    values = pair.select_dtypes("number")
    assert values.shape[1] >= 41 and values.nunique().eq(1).all()
    assert openclip.DUPLICATE not in set(openclip.results().model)


def test_ninety_three_distinct_clips_exceed_thirty_percent():
    frame = openclip.results()
    chosen = frame[(frame["ImageNet 1k"] > 0.30) & ~frame.adapted]
    assert len(chosen) == 93 and chosen.source.nunique() == 15 and chosen.run.nunique() == 73
    expected = {"WIT": 9, "DataComp": 11, "LAION-2B": 22, "LAION-400M": 10, "WebLI": 9, "CommonPool": 9}
    assert chosen.source.value_counts()[list(expected)].to_dict() == expected


def test_all_of_the_core_pool_is_there():
    assert openclip.results().pool.eq("core").sum() == 85


@pytest.mark.parametrize(
    ("model", "imagenet"),
    [("RN50-quickgelu/openai", 0.5982), ("ViT-B-16/openai", 0.6834), ("ViT-L-14/openai", 0.7554),
     ("ViT-B-32/laion2b_s34b_b79k", 0.6656), ("ViT-L-14/datacomp_xl_s13b_b90k", 0.7921)],
)  # fmt: skip
def test_zero_shot_accuracies(model, imagenet):
    assert openclip.results().set_index("model").loc[model, "ImageNet 1k"] == imagenet


def test_retrieval_numbers_and_their_mean_in_the_results():
    frame = openclip.retrieval().set_index("model")
    assert frame.loc["ViT-L-14/openai", ["coco_image_r1", "coco_text_r1"]].tolist() == [0.3651, 0.5634]
    mean = (frame.flickr_image_r1 + frame.flickr_text_r1) / 2
    np.testing.assert_allclose(mean, openclip.results().set_index("model").Flickr[mean.index], atol=1e-12)


def test_zero_shot_accuracy_predicts_retrieval():
    frame = openclip.results().merge(openclip.retrieval()[["model", "coco_image_r1", "coco_text_r1"]])
    frame = frame[(frame["ImageNet 1k"] > 0.30) & ~frame.adapted]
    rates = frame[["ImageNet 1k", "coco_image_r1", "coco_text_r1"]]
    correlations = np.log(rates / (1 - rates)).corr().iloc[0, 1:]
    assert correlations.round(3).tolist() == [0.949, 0.968]


def test_multilingual_retrieval_is_long_and_complete():
    frame = openclip.multilingual_retrieval()
    assert len(frame) == 123 * 6 * (36 + 11) and frame.notna().all(axis=None)
    assert frame.groupby("dataset").language.nunique().to_dict() == {
        "crossmodal3600": 36, "multilingual_mscoco_captions": 11}  # fmt: skip
    keys = ["model", "dataset", "direction", "k", "language"]
    assert not frame.duplicated(keys).any() and set(frame.k) == {1, 5, 10}


def test_profile():
    frame = openclip.profile()
    assert len(frame) == 85 and frame.set_index("arch").loc["ViT-B-32", "mparams"] == 151.28
