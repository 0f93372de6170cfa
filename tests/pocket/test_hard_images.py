"""Hard images: the first errors of a reference, in order, redrawn from their ids."""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.pocket import hard_images
from clipkit.pocket.hard_images import (
    Chosen,
    choose,
    classifier,
    draw_hard,
    first_wrong,
    make_listing,
    read_listing,
)
from clipkit.pocket.sets import SETS, set_spec
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice, draw_from
from clipkit.pocket.zoo.batches import to_tensor
from clipkit.pocket.zoo.files import weights_file
from clipkit.pocket.zoo.recipe import read_recipe
from clipkit.pocket.zoo.train import Learner

CLASSES = len(CLASS_NAMES)
OWN = np.arange(CLASSES)


def answers(rounds, wrong):
    """Right answers to `rounds` candidates per class, but for the ids in `wrong`."""
    given = np.tile(OWN, rounds)
    given[list(wrong)] = (given[list(wrong)] + 1) % CLASSES
    return given


def test_the_first_errors_of_each_class_are_kept_with_the_classes_in_turn():
    always = answers(4, range(2 * CLASSES, 4 * CLASSES))  # all are right twice, then wrong twice
    ids, wrong = first_wrong(always, per_class=1)
    assert ids == list(range(2 * CLASSES, 3 * CLASSES))
    assert wrong == dict.fromkeys(CLASS_NAMES, 2)

    early = answers(4, [*range(2 * CLASSES, 4 * CLASSES), 5])  # one class errs at once
    ids, wrong = first_wrong(early, per_class=2)
    assert ids[5] == 5 and ids[CLASSES + 5] == 2 * CLASSES + 5
    assert [i % CLASSES for i in ids] == [*OWN, *OWN] and wrong[CLASS_NAMES[5]] == 3


def test_more_candidates_change_nothing_that_was_chosen():
    given = np.random.default_rng(0).integers(0, CLASSES, 40 * CLASSES)
    few, many = (first_wrong(given[: n * CLASSES], per_class=5)[0] for n in (20, 40))
    assert few == many


def test_classes_with_too_few_errors_are_named():
    given = answers(3, [i for i in range(3 * CLASSES) if i % CLASSES not in (1, 24)] + [1])
    with pytest.raises(BadInput, match="for 2 per class: bottle 1, snowman 0\n.*--candidates"):
        first_wrong(given, per_class=2)


def test_every_candidate_is_rendered_and_shown_to_the_reference_once():
    shown = []

    def all_are_mugs(images):
        shown.append(images)
        return np.zeros(len(images), int)

    with pytest.raises(BadInput, match="mug 0"):
        choose(all_are_mugs, 3, 11, per_class=1, size=8, samples=1, progress=False)
    assert np.concatenate(shown).shape == (11 * CLASSES, 8, 8, 3) and len(shown) == 2

    def brightness(images):
        return (images.reshape(len(images), -1).sum(1) % CLASSES).astype(int)

    split = choose(brightness, 3, 11, per_class=2, size=8, samples=1, progress=False)
    given = brightness(np.concatenate(shown))
    assert (split["ids"], split["wrong"]) == first_wrong(given, 2)
    assert (split["seed"], split["candidates"]) == (3, 11 * CLASSES)


def test_the_set_draws_the_chosen_candidates_again():
    chosen = (Chosen(5, (0, 27)), Chosen(77, (26, 1, 53)))
    drawn = draw_hard(chosen, 77, 3, 48)
    assert drawn.scenes == [draw_from("wild", CLASS_NAMES[i % CLASSES], Dice(77, i)) for i in (26, 1, 53)]
    assert drawn.columns == {"candidate": [26, 1, 53]}
    with pytest.raises(BadInput, match="2 hard images were chosen from the candidates of seed 5, not 20"):
        draw_hard(chosen, 5, 20, 48)
    with pytest.raises(BadInput, match="0 hard images were chosen from the candidates of seed 6"):
        draw_hard(chosen, 6, 20, 48)


def test_without_a_listing_the_set_says_how_to_get_one(tmp_path):
    assert read_listing(tmp_path / "none.json") == ()
    with pytest.raises(MissingData, match="python -m clipkit.pocket.hard_images WEIGHTS"):
        draw_hard((), 27_000, 520, 48)


def test_a_broken_listing_is_refused(tmp_path):
    (tmp_path / "listing.json").write_text('{"splits": {"test": {"seed": 1}}}')
    with pytest.raises(CorruptData, match="listing.json cannot be read: KeyError"):
        read_listing(tmp_path / "listing.json")


def test_the_shipped_listing_belongs_to_the_registered_set():
    """As soon as there is one; the set itself is registered before."""
    spec = SETS["hard-images"]
    assert (spec.n, spec.task, spec.draw.args) == (520, "shift", (read_listing(),))
    seeds = [set_spec("hard-images", split).seed for split in ("test", "validation")]
    for chosen, seed in zip(read_listing(), seeds, strict=False):
        assert chosen.seed == seed and len(set(chosen.ids)) == 520
        assert [i % CLASSES for i in chosen.ids] == [*OWN] * 20


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A file as the trainer writes it, with random weights."""
    torch.manual_seed(0)
    learner = Learner(read_recipe("reference-resnet")).eval()
    path = tmp_path_factory.mktemp("reference") / "reference-resnet-s3.safetensors"
    save_file(learner.weights(), path, {"recipe": learner.recipe.to_json()})
    return path, learner.model


def test_the_reference_answers_with_its_head(reference, rng):
    path, net = reference
    images = rng.integers(0, 256, (40, 48, 48, 3), dtype=np.uint8)
    with torch.no_grad():
        top = net(to_tensor(images)).topk(2)
    clear = (top.values[:, 0] - top.values[:, 1] > 1e-3).numpy()  # the file holds half precision
    assert clear.sum() > 20
    assert (classifier(path)(images) == top.indices[:, 0].numpy())[clear].all()


def test_other_files_are_refused(tmp_path):
    with pytest.raises(MissingData, match="no weights .*none-s0.safetensors"):
        classifier(tmp_path / "none-s0.safetensors")
    with pytest.raises(BadInput, match="resnet-wild-s0.safetensors has no head of its own for the 26 known"):
        classifier(weights_file("resnet-wild-s0"))


def test_the_listing_names_its_reference_and_is_read_back(reference, tmp_path, monkeypatch):
    monkeypatch.setattr(hard_images, "classifier", lambda path: lambda x: (np.arange(len(x)) + 1) % CLASSES)
    path = tmp_path / "listing.json"
    made = make_listing(reference[0], path, candidates=3, per_class=2, progress=False)
    listing = json.loads(path.read_text())
    assert listing == made and listing["reference"] == "reference-resnet-s3"
    assert listing["weights_sha256"] == hashlib.sha256(reference[0].read_bytes()).hexdigest()
    assert list(listing["splits"]) == ["test", "validation"]
    for chosen, split in zip(read_listing(path), ("test", "validation"), strict=True):
        assert chosen == Chosen(set_spec("hard-images", split).seed, tuple(range(2 * CLASSES)))
        assert listing["splits"][split]["wrong"] == dict.fromkeys(CLASS_NAMES, 3)
