"""The cue-conflict trials, against shape biases that others and we computed from them."""

import pytest

from clipkit import records
from clipkit.datasets.cue_conflict import CLASSES, stimuli
from clipkit.records import shape_trials


@pytest.fixture(scope="module")
def trials(filled_cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIPKIT_CACHE", str(filled_cache))
        return shape_trials.load()


@pytest.fixture(scope="module")
def bias(trials):
    """Shape decisions over shape and texture decisions, without the agreeing trials."""
    conflict = trials[~trials.agrees]
    by_shape = (conflict.decision == conflict["shape"]).fillna(False)
    by_texture = (conflict.decision == conflict.texture).fillna(False)
    keys = [conflict.kind, conflict.model, conflict.prompt]
    counts = by_shape.groupby(keys).sum(), by_texture.groupby(keys).sum()
    return (counts[0] / (counts[0] + counts[1])).astype(float)


def test_every_model_decides_every_stimulus_once(trials):
    groups = trials.groupby(["kind", "model", "prompt"])
    assert groups.ngroups == 73 and groups.image.nunique().eq(1280).all() and groups.size().eq(1280).all()
    assert groups.agrees.sum().eq(80).all()
    assert set(trials.image) == set(stimuli())
    assert set(trials.decision.dropna()) == set(CLASSES)
    assert trials.groupby("kind").model.nunique().to_dict() == {
        "human": 10, "supervised": 20, "zero_shot": 7, "finetuned": 3, "lmm": 19}  # fmt: skip


def test_undecided_trials_are_kept_as_missing(trials):
    undecided = trials[trials.decision.isna()].groupby("kind").size().to_dict()
    assert undecided == {"human": 131, "lmm": 149}
    assert trials[trials.model == "openai_vision"].decision.isna().sum() == 131


def test_confidence_is_that_of_a_decision(trials):
    known = trials[trials.confidence.notna()]
    assert set(known.kind) == {"zero_shot", "finetuned"}
    assert known.confidence.between(1 / 16, 1).all()


def test_humans(bias):
    assert len(bias["human"]) == 10
    assert bias["human"].mean() == pytest.approx(0.958, abs=5e-4)
    assert bias["human"].agg(["min", "max"]).round(3).tolist() == [0.919, 0.987]


@pytest.mark.parametrize(
    ("model", "expected"),
    [("resnet50", 0.221), ("vgg16", 0.092), ("alexnet", 0.253), ("squeezenet1-1", 0.182),
     ("densenet121", 0.214), ("resnet50-train-60-epochs", 0.806)],
)  # fmt: skip
def test_networks(bias, model, expected):
    assert bias["supervised", model, ""] == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("model", "low", "high"),
    [("RN50/openai", 0.20, 0.21), ("RN101/openai", 0.25, 0.26), ("ViT-L-14/openai", 0.60, 0.61),
     ("ViT-L-14-336/openai", 0.60, 0.62), ("EVA01-g-14/laion400m_s11b_b41k", 0.66, 0.66),
     ("EVA02-E-14-plus/laion2b_s9b_b144k", 0.62, 0.66), ("BAAI/EVA-CLIP-8B-448", 0.57, 0.58)],
)  # fmt: skip
def test_zero_shot_clip_over_prompts(bias, model, low, high):
    found = bias["zero_shot", model]
    assert set(found.index) == set(shape_trials.PROMPTS)
    assert (round(found.min(), 2), round(found.max(), 2)) == (low, high)


def test_fine_tuning_lowers_shape_bias(bias):
    prompt = "a photo of a CLS."
    assert bias["zero_shot", "ViT-L-14/openai", prompt] == pytest.approx(0.602, abs=5e-4)
    assert bias["zero_shot", "ViT-L-14-336/openai", prompt] == pytest.approx(0.606, abs=5e-4)
    assert bias["finetuned"].round(3).to_dict() == {
        ("vit_large_patch14_clip_224.openai_ft_in1k", ""): 0.432,
        ("vit_large_patch14_clip_224.openai_ft_in12k_in1k", ""): 0.453,
        ("vit_large_patch14_clip_336.openai_ft_in12k_in1k", ""): 0.388,
    }


def test_the_humans_of_both_repositories_are_the_same_trials(public):
    digest = records.manifest().set_index("path").sha256
    ours = digest[[n for n in digest.index if "subject-" in n and n.startswith("rgeirhos")]]
    theirs = digest[[n for n in digest.index if n.startswith("bethgelab")]]
    assert len(ours) == 10 and sorted(ours) == sorted(theirs)


def test_the_copy_serves_where_the_original_is_absent(shared, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path))
    folder = "bethgelab/model-vs-human/raw-data/cue-conflict"
    (tmp_path / "records" / folder).mkdir(parents=True)
    for file in (shared / "records" / folder).glob("*.csv"):
        (tmp_path / "records" / folder / file.name).write_bytes(file.read_bytes())
    humans = shape_trials.humans()
    assert humans.model.nunique() == 10 and set(humans.source) == {"rgeirhos/texture-vs-shape"}
