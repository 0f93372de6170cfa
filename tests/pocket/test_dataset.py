"""Rendered sets: whole or absent, refused when touched, disjoint between splits."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from clipkit.errors import BadInput, CorruptData, UnknownName
from clipkit.pocket.dataset import Draw, SetSpec, load, statements_digest
from clipkit.pocket.evaluation_sets import (
    cue_conflict,
    from_distribution,
    painted,
    shape_only,
    texture_only,
    unusual,
)
from clipkit.pocket.sets import SETS, set_spec
from clipkit.pocket.training_sets import draw_training, training_spec
from clipkit.pocket.world.palette import CLASS_NAMES, CLASSES, NEAR_OOD_NAMES

SMALL = SetSpec("tiny", partial(from_distribution, "wild", CLASS_NAMES), 26, 5, "test", size=24, samples=1)


def test_a_set_is_rendered_once_and_read_back(pocket_cache):
    first = load(SMALL, pocket_cache, progress=False)
    written = {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir()}
    again = load(SMALL, pocket_cache, progress=False)
    assert {p.name: p.stat().st_mtime_ns for p in again.folder.iterdir()} == written
    assert again.images.shape == (26, 24, 24, 3) and again.images.dtype == np.uint8
    assert again.labels.tolist() == list(range(26))
    assert [s.label for s in again.scenes] == list(CLASS_NAMES)
    assert again.fingerprint == first.fingerprint


def test_fingerprint_and_key_change_with_every_parameter(pocket_cache):
    base = load(SMALL, pocket_cache, progress=False)
    for change in (
        {"seed": 6},
        {"n": 25},
        {"size": 25},
        {"samples": 4},
        {"draw": partial(from_distribution, "studio", CLASS_NAMES)},
    ):
        other = replace(SMALL, **change)
        assert other.key() != SMALL.key()
        assert load(other, pocket_cache, progress=False).fingerprint != base.fingerprint


def test_one_thread_or_two_write_the_same_files(tmp_path):
    a, b = (load(replace(SMALL, geometry=True), tmp_path / str(t), progress=False, threads=t) for t in (1, 2))
    for path in a.folder.iterdir():
        assert path.read_bytes() == (b.folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", ["images.npy", "table.parquet"])
def test_a_flipped_byte_is_refused(pocket_cache, tmp_path, name):
    folder = load(SMALL, pocket_cache, progress=False).folder
    shutil.copytree(folder, tmp_path / folder.name)
    victim = tmp_path / folder.name / name
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    with pytest.raises(CorruptData, match=f"{name} is not the file that was written"):
        load(SMALL, tmp_path, progress=False)


def test_a_killed_generation_leaves_nothing_half_written(tmp_path):
    program = "from clipkit.pocket.sets import load_set; load_set('wild')"
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "CLIPKIT_CACHE": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while child.poll() is None and not list(tmp_path.glob("pocket/.wild-*/images.npy")):
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert [p for p in (tmp_path / "pocket").iterdir() if not p.name.startswith(".")] == []


def test_a_failing_draw_leaves_nothing(tmp_path):
    def broken(seed, n, size):
        return Draw(images=np.zeros((2, size, size, 3), np.uint8), columns={"kind": ["one"]})

    with pytest.raises(BadInput, match="drew 2 images, but columns of lengths {'kind': 1}"):
        load(SetSpec("broken", broken, 2, 0, "test"), tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_splits_and_training_draws_share_no_scene():
    sizes = [SETS["wild"], set_spec("wild", "validation"), training_spec("wild", 1664)]
    drawn = [{s.to_json() for s in spec.draw(spec.seed, spec.n, 48).scenes} for spec in sizes]
    assert [len(d) for d in drawn] == [1664] * 3
    assert not drawn[0] & drawn[1] and not drawn[0] & drawn[2] and not drawn[1] & drawn[2]


def test_seeds_of_the_suite_are_all_different():
    seeds = [set_spec(name, split).seed for name in SETS for split in ("test", "validation")]
    assert len(seeds) == len(set(seeds)) and max(seeds) < 1_000_000


def test_a_small_training_set_is_the_beginning_of_a_large_one():
    few, many = (draw_training("wild", 3, n, 48) for n in (10, 30))
    assert few.scenes == many.scenes[:10]
    assert few.columns["captions"] == many.columns["captions"][:10]


@pytest.mark.parametrize(
    "name, least", [("wild", 1600), ("studio", 1600), ("factors", 300), ("retrieval", 500), ("near-ood", 500)]
)
def test_the_suite_is_large_enough(name, least):
    assert SETS[name].n >= least


@pytest.mark.parametrize("background", ["neutral", "other"])
def test_cue_conflicts_pair_different_classes_over_every_part(background):
    drawn = cue_conflict(background, 1, 26 * 25, 48)
    pairs = set(zip(drawn.columns["shape"], drawn.columns["texture"], strict=True))
    assert len(pairs) == 26 * 25 and all(a != b for a, b in pairs)
    for scene, texture in zip(drawn.scenes, drawn.columns["texture"], strict=True):
        assert (
            scene.repaint
            and scene.texture_of == texture
            and scene.pattern == CLASSES[texture].surface.pattern
        )
        places = {CLASSES[scene.label].background, CLASSES[texture].background}
        assert (
            (scene.background == "studio")
            if background == "neutral"
            else scene.background not in places | {"studio"}
        )


def test_controls_hold_one_cue_alone():
    grey, solid = shape_only("neutral", 1, 52, 48), texture_only("neutral", 1, 52, 48)
    assert {(s.colour, s.pattern, s.repaint) for s in grey.scenes} == {("gray", "plain", True)}
    assert {s.label for s in solid.scenes} <= {"ball", "cube", "tube"} and solid.columns["label"][
        :26
    ] == list(CLASS_NAMES)


def test_near_ood_classes_are_never_trained_on():
    assert not set(NEAR_OOD_NAMES) & set(CLASS_NAMES)
    kinds = {t.kind for s in draw_training("mixed", 0, 400, 48).scenes for t in s.others}
    assert kinds and kinds <= set(CLASS_NAMES)


def test_unusual_scenes_stand_where_nobody_expects_them():
    assert all(
        s.background != CLASSES[s.label].background and (s.roll or s.elevation > 50)
        for s in unusual(1, 130, 48).scenes
    )


@pytest.mark.parametrize("kind", ["texture", "noise", "drawing"])
def test_far_sets_hold_different_pictures(small, kind):
    data = small(partial(painted, kind), 12, name=f"far-{kind}", size=24)
    assert len({image.tobytes() for image in data.images}) == 12
    assert set(data.labels) == {-1} and data.scenes == []


def test_unknown_names_are_explained():
    with pytest.raises(UnknownName, match="Did you mean studio"):
        set_spec("studios")
    with pytest.raises(BadInput, match="split 'train' of pocket set 'wild'"):
        set_spec("wild", "train")
    with pytest.raises(UnknownName, match="unknown distribution 'wild2'"):
        training_spec("wild2", 10)


def test_the_sum_over_statements_is_the_same_under_every_python(tmp_path):
    """Python 3.12 gave syntax trees a field that 3.11 lacks; this sum was computed with 3.11."""
    path = tmp_path / "said.py"
    path.write_text('class A:\n    def f(self, x: int = 2) -> str:\n        return f"{x:.2f}"\n')
    assert statements_digest([path]) == "c1c348e0e32fd79ca2db94092f1f93973b688a246a338783e919a7d697d28d0e"
    path.write_text(
        'class A:\n    """Said."""\n    def f(self, x: int = 2) -> str:  # why\n        return f"{x:.2f}"\n'
    )
    assert statements_digest([path]) == "c1c348e0e32fd79ca2db94092f1f93973b688a246a338783e919a7d697d28d0e"
