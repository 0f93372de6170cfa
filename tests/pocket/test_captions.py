"""What is said of a scene is true of it, unambiguous where it must be, and within the vocabulary."""

import pytest

from clipkit.errors import BadInput
from clipkit.pocket import vocabulary as v
from clipkit.pocket.captions import retrieval_key, training_captions
from clipkit.pocket.curation import CaptionNoise, ScoreFilter, TextFilter, uncurated
from clipkit.pocket.evaluation_sets import hard_negatives, retrieval
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.prompts import (
    HELD_OUT_TEMPLATES,
    PROMPT_SET_SIZES,
    STYLE_TEMPLATES,
    TRAIN_TEMPLATES,
    prompt_set,
)
from clipkit.pocket.world.palette import COLOURS
from clipkit.pocket.world.sampling import Dice, draw_from


def names_of(scene):
    singular = (scene.label, scene.subcategory, *v.CLASS_SYNONYMS[scene.label])
    return [*singular, *(v.plural(n) for n in singular)]


@pytest.mark.parametrize("distribution", ["wild", "mixed", "catalogue"])
def test_training_captions_name_the_object_and_no_colour_that_is_not_there(distribution):
    for i, label in enumerate(v.CLASS_SYNONYMS):
        scene = draw_from(distribution, label, Dice(11, i))
        allowed = {scene.colour, scene.accent, *(t.colour for t in scene.others)}
        for caption in training_captions(scene, Dice(12, i)):
            assert any(name in caption for name in names_of(scene)), caption
            said = set(caption.replace("white snow", "snow").split()) & set(COLOURS)
            assert said <= (allowed if scene.style != "sketch" else set()), (caption, allowed)


def test_retrieval_captions_are_true_of_one_image_alone():
    drawn = retrieval(seed=21, n=520, size=48)
    keys = [retrieval_key(s) for s in drawn.scenes]
    assert len(drawn.scenes) == 520 and len(set(keys)) == 520
    for scene, captions in zip(drawn.scenes, drawn.columns["captions"], strict=True):
        assert len(set(captions)) == 5
        for caption in captions:
            label, colour, accent, pattern, background = retrieval_key(scene)
            assert label in caption and colour in caption and accent in caption
            assert any(word in caption for word in v.PATTERN_WORDS[pattern])
            assert any(place in caption for place in v.PLACE_WORDS[background])


def test_no_two_places_patterns_or_lights_share_a_phrase():
    for table in (v.PATTERN_WORDS, v.PLACE_WORDS):
        phrases = [p for ps in table.values() for p in ps]
        assert len(phrases) == len(set(phrases))


def test_hard_negatives_differ_in_what_they_say_they_do():
    drawn = hard_negatives(seed=4, n=26, size=48)
    for scene, kind, true, false in zip(
        drawn.scenes, *(drawn.columns[c] for c in ("kind", "caption", "negative")), strict=True
    ):
        a, b = ([w.removesuffix("n") if w == "an" else w for w in text.split()] for text in (true, false))
        assert a != b
        if kind in ("attribute", "order"):
            assert sorted(a) == sorted(b)
        if kind == "attribute":
            assert scene.colour != scene.others[0].colour
        if kind == "order":
            assert scene.relation in ("in front of", "behind", "under")
        if kind == "count":
            assert (
                a[0] == v.COUNT_WORDS[scene.count] and a[1:] == b[1:] and len(scene.others) == scene.count - 1
            )
    assert {k: drawn.columns["kind"].count(k) for k in KINDS} == dict.fromkeys(KINDS, 26)


def test_held_out_templates_are_new_wordings_of_known_words():
    known = {
        w for t in (*TRAIN_TEMPLATES, *(t for ts in STYLE_TEMPLATES.values() for t in ts)) for w in t.split()
    }
    assert len(HELD_OUT_TEMPLATES) >= 80
    assert not set(HELD_OUT_TEMPLATES) & set(TRAIN_TEMPLATES)
    assert {w for t in HELD_OUT_TEMPLATES for w in t.split()} - {"an"} <= known
    assert all(t.count("{}") == 1 for t in HELD_OUT_TEMPLATES)


def test_prompt_sets_are_nested():
    sets = [prompt_set(k) for k in PROMPT_SET_SIZES]
    assert [len(s) for s in sets] == [1, 5, 30, 80]
    assert all(big[: len(small)] == small for small, big in zip(sets[:-1], sets[1:], strict=True))
    with pytest.raises(BadInput, match="use one of 1, 5, 30, 80"):
        prompt_set(7)


@pytest.fixture(scope="module")
def crawled():
    scenes = [draw_from("wild", list(v.CLASS_SYNONYMS)[i % 26], Dice(31, i)) for i in range(1000)]
    clean = [training_captions(s, Dice(32, i)) for i, s in enumerate(scenes)]
    return clean, *uncurated(clean, CaptionNoise(), seed=1)


def test_noise_befalls_captions_as_often_as_stated(crawled):
    clean, noisy, fate = crawled
    for name, share in (("wrong", 0.2), ("missing", 0.15), ("generic", 0.2), ("clean", 0.45)):
        assert (fate == name).mean() == pytest.approx(share, abs=0.05)
    assert all(a == b for a, b, f in zip(clean, noisy, fate, strict=True) if f == "clean")


def test_the_text_filter_drops_what_text_can_tell_and_no_more(crawled):
    _, noisy, fate = crawled
    kept = TextFilter().keep(None, noisy)
    assert kept[fate == "clean"].mean() > 0.99
    assert kept[fate == "wrong"].mean() > 0.99  # text alone cannot tell
    assert not kept[(fate == "missing") | (fate == "generic")].any()


def test_the_score_filter_keeps_the_best_share():
    kept = ScoreFilter(lambda images, captions: [0.1, 0.9, 0.5, 0.7], share=0.5).keep(None, [["x"]] * 4)
    assert kept.tolist() == [False, True, False, True]


def test_impossible_noise_is_refused():
    with pytest.raises(BadInput, match="sum to at most 1"):
        CaptionNoise(wrong=0.9, missing=0.2)
