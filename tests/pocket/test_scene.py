"""Scenes as values: canonical text, refusal of unknown words, fingerprints."""

from dataclasses import replace

import pytest

from clipkit.errors import BadInput
from clipkit.pocket.world import Scene, fingerprint
from clipkit.pocket.world.sampling import DISTRIBUTIONS, Dice, draw_from


def test_json_round_trip(wild_scenes):
    assert [Scene.from_json(s.to_json()) for s in wild_scenes] == wild_scenes


@pytest.mark.parametrize(
    "change",
    [{"yaw": 1.0}, {"light": "dark"}, {"stretch": (1.0, 1.0, 1.01)}, {"others": ()}, {"style": "flat"}],
)
def test_fingerprint_changes_with_every_parameter(wild_scenes, change):
    crowded = next(s for s in wild_scenes if s.others)
    assert fingerprint([crowded]) != fingerprint([replace(crowded, **change)])


def test_fingerprint_is_stable_and_minds_order_size_and_version(wild_scenes, monkeypatch):
    first = fingerprint(wild_scenes, 48)
    assert first == fingerprint(list(wild_scenes), 48)
    assert first != fingerprint(wild_scenes[::-1], 48)
    assert first != fingerprint(wild_scenes, 64)
    monkeypatch.setattr("clipkit.pocket.world.scene.RENDERER_VERSION", -1)
    assert first != fingerprint(wild_scenes, 48)


@pytest.mark.parametrize(
    "field, value, text",
    [
        ("colour", "mauve", "colour 'mauve' of a scene is unknown"),
        ("background", "moon", "background 'moon' of a scene is unknown"),
        ("style", "opera", "use one of 'photo', 'sketch', 'flat', 'painting'"),
    ],
)
def test_unknown_words_are_refused(wild_scenes, field, value, text):
    with pytest.raises(BadInput, match=text):
        replace(wild_scenes[0], **{field: value})


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_draws_are_seeded(distribution):
    scenes = [draw_from(distribution, "car", Dice(1, i)) for i in range(20)]
    assert scenes == [draw_from(distribution, "car", Dice(1, i)) for i in range(20)]
    assert len(set(scenes)) == 20


def test_texture_predicts_the_class_more_in_the_studio_than_in_the_wild():
    share = {
        d: sum(draw_from(d, "car", Dice(2, i)).texture_of == "car" for i in range(400)) / 400
        for d in DISTRIBUTIONS
    }
    assert share["catalogue"] == 1.0
    assert 0.85 < share["studio"] < 0.95
    assert 0.52 < share["wild"] < 0.68
