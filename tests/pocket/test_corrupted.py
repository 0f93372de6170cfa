"""Corrupted versions of the wild set: which pictures they show, how severe they are, what makes them anew."""

from dataclasses import replace

import numpy as np
import pytest

from clipkit.corruptions import COMMON, DEPTH, corrupt_all
from clipkit.errors import BadInput, UnknownName
from clipkit.pocket import corrupted
from clipkit.pocket.cards import pocket_card
from clipkit.pocket.corrupted import METRES, N, severities_of
from clipkit.pocket.dataset import load
from clipkit.pocket.images import PocketImages
from clipkit.pocket.sets import set_spec
from clipkit.pocket.world import render, render_geometry
from clipkit.pocket.world.palette import CLASS_NAMES


@pytest.fixture(scope="module")
def clean():
    """The first picture of each class of the validation draw, and its geometry."""
    spec = set_spec("wild", "validation")
    scenes = spec.draw(spec.seed, 26, 48).scenes
    return render(scenes, 48, spec.samples), render_geometry(scenes, 48)


def psnr(pictures, clean):
    """Mean over pictures of the peak signal-to-noise ratio in dB; higher is better."""
    error = np.mean((np.asarray(pictures, float) - clean) ** 2, axis=(1, 2, 3))
    return np.mean(10 * np.log10(255**2 / np.maximum(error, 1e-2)))


@pytest.mark.parametrize("name", DEPTH)
def test_depth_corruptions_grow_with_severity(clean, name):
    spec = set_spec(f"wild+{name}", "validation")
    drawn = spec.draw(spec.seed, 5 * 26, 48)
    found = [psnr(images, clean[0]) for images in np.split(drawn.images, 5)]
    assert (np.diff(found) < 0).all() and 8 < found[-1] < 40, found


@pytest.mark.parametrize("name", COMMON)
def test_common_corruptions_grow_with_severity(clean, name):
    pictures = [corrupt_all(name, s, clean[0], [None] * 26, seed=1).pictures for s in range(1, 6)]
    found = [psnr(images, clean[0]) for images in pictures]
    assert (np.diff(found) < 0).all() and 8 < found[-1] < 40, found


def test_a_corrupted_set_shows_the_first_pictures_of_its_source(pocket_cache, clean):
    spec = replace(set_spec("wild+fog_3d", "validation"), n=5 * 26)
    data = load(spec, pocket_cache, progress=False)
    assert data.table.severity.tolist() == np.repeat([1, 2, 3, 4, 5], 26).tolist()
    assert data.table.source.tolist() == list(range(26)) * 5
    assert data.table.label.tolist() == list(CLASS_NAMES) * 5
    assert data.labels.tolist() == list(range(26)) * 5
    pictures, truth = clean
    fog = corrupt_all("fog_3d", 4, pictures, METRES * truth.depth.astype(float))
    assert np.array_equal(data.images[3 * 26 : 4 * 26], fog.pictures)
    assert PocketImages(data).name == "pocket:wild+fog_3d/validation"


def test_cards_know_how_many_pictures_there_are_in_the_budget_of_a_model():
    counts = [pocket_card(f"wild+{name}").n_expected for name in DEPTH]
    assert counts == [5 * N] * 6 and N == 10 * len(CLASS_NAMES)
    assert pocket_card("wild+fog").n_expected == len(severities_of("fog")) * N == 2 * N


def test_a_change_of_parameters_or_code_makes_another_set(monkeypatch):
    key, wild = set_spec("wild+fog_3d").key(), set_spec("wild").key()
    assert len({key, set_spec("wild+flash").key(), set_spec("wild+fog_3d", "validation").key(), wild}) == 4
    monkeypatch.setattr(corrupted, "METRES", 2 * METRES)
    assert set_spec("wild+fog_3d").key() != key
    monkeypatch.undo()
    monkeypatch.setattr(corrupted, "_code", lambda name: "other")
    assert set_spec("wild+fog_3d").key() != key and set_spec("wild").key() == wild


@pytest.mark.parametrize(
    ("name", "error", "problem"),
    [
        ("wild+smog", UnknownName, "unknown corruption 'smog'"),
        ("wilt+fog_3d", UnknownName, "unknown pocket set 'wilt'"),
        ("sketch+fog_3d", BadInput, "'sketch' has no depth for fog_3d"),
    ],
)
def test_what_does_not_exist_is_named(name, error, problem):
    with pytest.raises(error, match=problem):
        set_spec(name)
