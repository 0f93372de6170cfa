"""Names of the cue-conflict stimuli."""

from collections import Counter

import pytest

from clipkit.datasets.cue_conflict import CLASSES, check_complete, parse, stimuli, stimulus
from clipkit.errors import BadInput


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("airplane1-bicycle2.png", ("airplane", "bicycle")),
        ("0001_s5n_dnn_0_airplane_00_airplane1-bicycle2.png", ("airplane", "bicycle")),
        ("0001_s5n_s01_0_bird_00_bird3-bird2.png", ("bird", "bird")),
        ("bicycle1-chair1", ("bicycle", "chair")),
        ("stimuli/cat/cat10-keyboard3.png", ("cat", "keyboard")),
        ("bear1-boat2", ("bear", "boat")),
    ],
)
def test_parse(name, expected):
    assert parse(name) == expected


@pytest.mark.parametrize(
    "name", ["", "airplane1.png", "tiger1-cat2.png", "airplane-cat", "scar1-cat1", "cat1-dog2.jpg"]
)
def test_other_names_are_refused(name):
    with pytest.raises(BadInput, match="is not a cue-conflict stimulus"):
        parse(name)


def test_eighty_stimuli_of_each_shape_five_of_each_texture():
    pairs = Counter(parse(name) for name in stimuli())
    assert len(set(stimuli())) == 1280 and set(pairs) == {(a, b) for a in CLASSES for b in CLASSES}
    assert set(pairs.values()) == {5}


def test_the_real_images_are_among_them(shared):
    images = list((shared / "images").rglob("style-transfer-preprocessed-512/*/*.png"))
    assert len(images) == 80 and {stimulus(image.name) for image in images} <= set(stimuli())
    assert all(parse(image.name)[0] == image.parent.name for image in images)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (stimuli()[1:], "lacks 1 cue-conflict stimuli: airplane1-bicycle2"),
        ((*stimuli(), "airplane99-cat1"), "has unknown 1 cue-conflict stimuli: airplane99-cat1"),
        ((*stimuli(), stimuli()[0]), "repeats 1 cue-conflict stimuli: airplane1-bicycle2"),
        (stimuli()[7:], "lacks 7 cue-conflict stimuli: .*, …"),
    ],
)
def test_incomplete_decisions_are_refused_by_name(names, words):
    with pytest.raises(BadInput, match=words):
        check_complete(names)


def test_complete_decisions_pass_in_any_order_and_spelling():
    assert check_complete(f"{name}.png" for name in reversed(stimuli())) is None
