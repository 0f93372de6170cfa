"""The record half of calibration on made-up tables: what was planted is found, and like is compared with like."""

import numpy as np
import pandas as pd
import pytest

from clipkit.errors import CorruptData, MissingData
from clipkit.records import minderer
from clipkit.sections import calibration
from clipkit.sections.calibration import ERROR, OWN_CLASSES, SETS
from clipkit.stats import wilson


def rows(family, model, error, accuracy=0.6, gain=0.0, shifted_gain=0.0, brier=0.0):
    """A model on the four sets; its error falls by `gain` on ImageNet, by `shifted_gain` on the others."""
    found = []
    for name, (dataset, _) in SETS.items():
        for scaled in (False, True):
            after = error - scaled * (gain if name == "ImageNet" else shifted_gain)
            own = name in OWN_CLASSES
            found.append((model, family, dataset, f"{ERROR})", scaled, own, after, accuracy, brier))
    return found


def table(monkeypatch, *models):
    columns = "model family dataset metric scaled own_classes value accuracy brier".split()
    frame = pd.DataFrame([row for model in models for row in model], columns=columns)
    monkeypatch.setattr(minderer, "load", lambda: frame)
    return frame


def baselines(errors=(0.05, 0.05, 0.05, 0.05), **more):
    return [rows(f"family-{i}", f"baseline-{i}", error, **more) for i, error in enumerate(errors)]


def test_the_excess_is_what_was_planted(monkeypatch):
    table(monkeypatch, *baselines(), rows("clip", "clip_a", 0.08), rows("clip", "clip_b", 0.03))
    excess = calibration.excess_over_baselines(draws=50)
    assert excess.shape == (2, 2, 51)
    np.testing.assert_allclose(excess[0], 0.03)
    np.testing.assert_allclose(excess[1], -0.02)


def test_like_is_compared_with_like_and_a_family_counts_once(monkeypatch):
    near = [rows(f, f, e, accuracy=0.58) for f, e in (("a", 0.02), ("b", 0.04), ("c", 0.06))]
    many = [rows("a", f"a-{i}", 0.5, accuracy=0.57) for i in range(9)]
    far = [rows(f, f, 0.5, accuracy=0.9) for f in ("d", "e")]
    variant = rows("f", "b-size=1000", 0.5)
    table(monkeypatch, *near, *many, *far, variant, rows("clip", "clip", 0.05))
    excess = calibration.excess_over_baselines(draws=400)
    assert excess[0, 0, 0] == pytest.approx(0.05 - 0.04)
    # Other draws of the families have other medians, and where two of the near ones are not drawn, a far one.
    assert {0.03, 0.01, -0.01} <= set(np.round(excess[0, 0], 9)) and np.round(excess, 9).min() == -0.45


def test_probabilities_over_the_classes_of_a_set_are_the_ones_compared(monkeypatch):
    frame = table(monkeypatch, *baselines(), rows("clip", "clip", 0.08))
    of_sets = frame.dataset.isin([SETS[name][0] for name in OWN_CLASSES])
    over_all = frame[of_sets].assign(own_classes=False, value=0.9)
    other = frame.assign(metric="gce(binning_scheme='even')", value=0.7)
    everything = pd.concat([over_all, frame, other])
    monkeypatch.setattr(minderer, "load", lambda: everything)
    np.testing.assert_allclose(calibration.excess_over_baselines(draws=5), 0.03)


def test_c1_counts_models_that_are_worse(monkeypatch):
    clip = [rows("clip", f"clip_{i}", e, brier=0.5) for i, e in enumerate((0.15, 0.2, 0.051, 0.01))]
    table(monkeypatch, *baselines((0.05,) * 8, brier=0.5), *clip)
    found = calibration.not_better_calibrated()
    assert (found.effect, found.low, found.high) == (0.75, wilson(2, 4).low, wilson(3, 4).high)
    assert found.p < 0.01 and (found.n_models, found.n_clusters) == (4, 4)
    assert found.note.startswith(
        "2 of 4 models are surely worse and 1 surely better than the median of the 3"
    )
    assert "of 8; 75% are worse on ImageNet and 75% on shifted" in found.note


def test_c3_is_the_share_that_carries_over(monkeypatch):
    clip = [rows("clip", f"clip_{i}", 0.1, gain=0.04, shifted_gain=0.02, brier=0.02) for i in range(3)]
    table(monkeypatch, *baselines(), *clip)
    found = calibration.gain_carries_over()
    assert found.effect == pytest.approx(0.5) and (found.n_models, found.n_clusters) == (3, 3)
    # One standard error: 2 √(.02 / n) for each set, the sum of both states' bounds.
    known, *others = (2 * np.sqrt(0.02 / n) for _, n in SETS.values())
    shifted = np.linalg.norm(others) / 3
    first_order = 1.96 * np.hypot(shifted, 0.5 * known) / 0.04
    assert (found.high - found.low) / 2 == pytest.approx(first_order, rel=0.05) and found.p < 0.001
    assert "mean gain +4.00 pp on ImageNet, +2.00 on shifted sets" in found.note
    assert "they lie +3.0 pp from like baselines scaled alike (+5.0 before)" in found.note


@pytest.mark.parametrize("gain", [0.001, -0.04])
def test_c3_excludes_nothing_where_scaling_does_not_surely_help(monkeypatch, gain):
    clip = rows("clip", "clip", 0.1, gain=gain, shifted_gain=0.02, brier=0.5)
    table(monkeypatch, *baselines(), clip)
    found = calibration.gain_carries_over()
    assert (found.high - found.low, found.p) == (200, 1.0) and found.low < found.effect < found.high


def test_the_limits_of_a_ratio_cover_it():
    rng = np.random.default_rng(0)
    above, below = 1.0 + 0.4 * rng.normal(size=2_000), 2.0 + 0.5 * rng.normal(size=2_000)
    limits = np.array([calibration._ratio(a, b, 0.4, 0.5)[1:3] for a, b in zip(above, below, strict=True)])
    covered = (limits[:, 0] <= 0.5) & (0.5 <= limits[:, 1])
    assert 0.935 <= covered.mean() <= 0.97


def test_what_the_table_lacks_or_repeats_is_named(monkeypatch):
    table(monkeypatch, *baselines())
    with pytest.raises(MissingData, match="whole rows of 4 families only: family-0, family-1"):
        calibration.record_models()
    table(monkeypatch, *baselines(), rows("clip", "clip", 0.1), rows("clip", "clip", 0.1)[:1])
    with pytest.raises(CorruptData, match="holds clip, clip, False, ImageNet twice"):
        calibration.record_models()


@pytest.mark.parametrize("claim", [calibration.not_better_calibrated, calibration.gain_carries_over])
def test_without_the_table_the_claims_say_what_is_missing(claim, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path))
    with pytest.raises(MissingData, match="calibration table .* is not on this machine"):
        claim()
