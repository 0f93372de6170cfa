"""The evidence on calibration, from zoos whose errors were made up."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clipkit.errors import MissingData
from clipkit.sections.measure.calibration import ALL, GAP, HELD_OUT, RMS, SCALED, SECTION, SHIFTED
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.sections.pocket import calibration, temperature_scaling
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats import wilson
from clipkit.stats.contrast import Contrast

ZERO_SHOT = {
    "resnet-wild": 0.70, "resnet-wild-10": 0.55, "resnet-wild-30": 0.62, "vit-wild": 0.60,
    "resnet-studio": 0.25, "resnet-mixed": 0.66, "resnet-catalogue": 0.50,
}  # fmt: skip
BASELINES = {"supervised-resnet-wild": 0.72, "supervised-vit-wild": 0.58, "supervised-resnet-studio": 0.27,
             "supervised-resnet-wild-10": 0.50}  # fmt: skip
TUNED = {"cross-entropy-wild": 0.74, "cross-entropy-studio": 0.50, "cross-entropy-catalogue": 0.60}
ACCURACY = ZERO_SHOT | BASELINES | TUNED


def zoo(error=None, gap=None, scaled=None, prompt=0.0, seeds=(0, 1, 2), noise=0.002, recipes=ACCURACY):
    """Numbers of every model, with `noise` of seeds and of images; the images do the same to all models.

    error(recipe, dataset), scaled(recipe, dataset), gap(recipe): fractions. prompt: what one template adds.
    """
    error, scaled = error or (lambda r, d: 0.05), scaled or (lambda r, d: 0.04)
    rng, rows, draws = np.random.default_rng(0), [], []
    images = defaultdict(lambda: noise * rng.standard_normal(DRAWS))

    def add(model, dataset, subset, metric, prompts, value):
        rows.append(
            (model, SECTION, dataset, subset, metric, prompts, value + noise * rng.standard_normal(), 1000)
        )
        draws.append(rows[-1][-2] + images[dataset, metric] + noise / 4 * rng.standard_normal(DRAWS))

    for recipe, accuracy in recipes.items():
        full = "80" if kind_of(f"{recipe}-s0") == "zero_shot" else ""
        for model in (f"{recipe}-s{seed}" for seed in seeds):
            for dataset in ("wild", SHIFTED):
                before = error(recipe, dataset)
                add(model, dataset, ALL, "accuracy", full, accuracy - 0.2 * (dataset == SHIFTED))
                add(model, dataset, ALL, RMS, full, before)
                add(model, dataset, ALL, GAP, full, gap(recipe) if gap else 0.0)
                add(model, dataset, SCALED, RMS, full, scaled(recipe, dataset))
                if dataset == "wild":
                    add(model, dataset, HELD_OUT, RMS, full, before)
                if full:
                    add(model, dataset, ALL, RMS, "1", before + prompt)
                    add(model, dataset, ALL, GAP, "1", 0.0)
    columns = ["model", "section", "dataset", "subset", "metric", "prompts", "value", "n"]
    frame = pd.DataFrame(rows, columns=columns).assign(unit="fraction", higher_is_better=False)
    return MeasuredTable(frame, np.array(draws), {})


def worse(recipe, dataset):
    """Four of seven zero-shot recipes have twice the baselines' error, the others half of it."""
    if recipe.startswith("supervised"):
        return 0.06
    return 0.12 if recipe in ("resnet-wild", "vit-wild", "resnet-studio", "resnet-mixed") else 0.03


def test_c1_counts_the_models_that_are_worse_than_like_baselines():
    found = calibration.not_better_calibrated(zoo(worse))
    assert found.effect == pytest.approx(4 / 7)
    assert (found.low, found.high) == (wilson(4, 7).low, wilson(4, 7).high), (
        "other recipes might do otherwise"
    )
    assert found.p < 1e-6 and (found.n_models, found.n_clusters) == (21, 7)
    assert "4 of 7 recipes are surely worse and 3 surely better" in found.note


def test_c1_shows_nothing_where_all_are_alike():
    found = calibration.not_better_calibrated(zoo(lambda r, d: 0.05))
    assert found.low == 0 and found.high == 1


def test_c1_compares_with_baselines_of_like_accuracy_not_with_all():
    """Error falls with accuracy alone: nobody differs much from his like, though the weak do from the strong."""

    def error(recipe, dataset):
        return 0.4 * (1 - table_of[recipe])

    more = {"supervised-edgenext-wild": 0.70, "supervised-resnet-mixed": 0.26, "supervised-vit-wild-10": 0.24,
            "supervised-resnet-wild-30": 0.51}  # fmt: skip
    table_of = ACCURACY | more
    found = calibration.excess_over_baselines(zoo(error, recipes=table_of))
    assert found.value.shape == (21, 2) and found.draws.shape == (21, 2, DRAWS)
    assert np.abs(found.value).max() < 0.05 < 0.4 * (0.7 - 0.25)


def test_c1_needs_three_baselines():
    with pytest.raises(MissingData, match="2 supervised baselines have been measured, 3 are compared"):
        few = dict.fromkeys(("supervised-resnet-wild", "supervised-vit-wild"), 0.6)
        calibration.not_better_calibrated(zoo(recipes=ZERO_SHOT | few, seeds=(0,)))


def test_c2_finds_the_sources_that_differ_most_whatever_the_sign():
    def gap(recipe):
        return {
            "resnet-studio": 0.30,
            "resnet-catalogue": 0.10,
            "resnet-mixed": -0.05,
            "resnet-wild-10": 0.08,
        }.get(recipe, 0)

    table = zoo(gap=gap)
    found = calibration.source_decides(table)
    assert found.effect == pytest.approx(35, abs=1) and found.low > 30 and found.p < 1e-6
    assert (found.n_models, found.n_clusters) == (12, 12)
    assert "largest between studio and mixed, of 6 pairs tried" in found.note
    assert "a tenth of the images changes it by +8" in found.note or "by +7.9" in found.note
    pairs = calibration.source_gaps(table).set_index(["a", "b"])
    assert pairs.value["wild", "studio"] == pytest.approx(-30, abs=1)


def test_c2_of_sources_that_are_alike_is_not_shown():
    found = calibration.source_decides(zoo())
    assert found.p == 1.0 or found.p > 0.05
    assert found.low < 0 < found.high


def scaled_to(share):
    """Known images lose all of their error but 0.02, shifted ones `share` of that gain."""

    def scaled(recipe, dataset):
        before = gained_error(recipe, dataset)
        gain = gained_error(recipe, "wild") - 0.02
        return before - (gain if dataset == "wild" else share * gain)

    return scaled


def gained_error(recipe, dataset):
    return 0.06 + 0.1 * (1 - ACCURACY[recipe]) + 0.1 * (dataset == SHIFTED)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_c3_gives_back_the_share_of_the_gain(share):
    found = temperature_scaling.gain_carries_over(zoo(gained_error, scaled=scaled_to(share)))
    assert found.effect == pytest.approx(share, abs=0.05)
    assert found.low <= share <= found.high and found.high - found.low < 0.2
    assert (found.n_models, found.n_clusters) == (21, 21)
    assert "over 7 recipes" in found.note and "from baselines of equal accuracy" in found.note
    if share:
        assert found.p < 1e-4


def test_c3_excludes_nothing_where_there_is_no_gain_to_carry_over():
    found = temperature_scaling.gain_carries_over(zoo(lambda r, d: 0.05, scaled=lambda r, d: 0.05))
    assert found.p == 1.0 and found.high - found.low > 100


def test_trends_find_how_far_clip_lies_from_the_baselines_line():
    def scaled(recipe, dataset):
        return 0.2 - 0.1 * ACCURACY[recipe] - 0.03 * (recipe in ZERO_SHOT)

    found = temperature_scaling.trends(zoo(scaled, scaled=scaled))
    assert found.loc[SCALED, "value"] == pytest.approx(-3, abs=0.3)
    assert found.loc[SCALED, "low"] < -3 < found.loc[SCALED, "high"] and found.loc[SCALED, "r2"] > 0.9


@pytest.mark.parametrize("rise", [0.05, -0.05])
def test_c4_is_the_rise_against_the_parents(rise):
    table = zoo(rising(rise))
    found = calibration.finetuning_worsens(table, data="wild")
    assert found.effect == pytest.approx(100 * rise, abs=0.5)
    assert found.low <= 100 * rise <= found.high and found.p < 0.01
    assert (found.n_models, found.n_clusters) == (6, 3)


def test_c4_is_told_of_the_data_that_worsen_most_and_pays_for_the_choice():
    table = zoo(rising(-0.05))
    alone, chosen = (
        calibration.finetuning_worsens(table, data="studio"),
        calibration.finetuning_worsens(table),
    )
    assert chosen.effect == alone.effect == pytest.approx(20, abs=0.5)
    assert chosen.low < alone.low and chosen.high > alone.high and chosen.p >= alone.p
    assert "It can, and need not: on shifted images wild -5" in chosen.note and "studio +" in chosen.note


def test_c4_may_be_largest_where_the_estimate_is_not(monkeypatch):
    """A smaller rise that is less sure may still be the larger one: the upper limit allows for it."""
    rises = {"wild": (5.0, 0.5), "studio": (3.0, 5.0), "catalogue": (1.0, 0.5)}

    def effect(table, contrast, dataset, metric=RMS):
        value, se = rises[contrast.removeprefix("cross-entropy-")]
        return Contrast(value / 100, 0, 0, 0.001, se / 100, 0, 0, 10, 0, 3, 3)

    monkeypatch.setattr(calibration, "_effect", effect)
    found = calibration.finetuning_worsens(zoo(rising(0.0)))
    reach = stats.t.ppf(1 - 0.025 / 3, 10)
    assert found.effect == pytest.approx(5) and found.low == pytest.approx(5 - 0.5 * reach)
    assert found.high == pytest.approx(3 + 5 * reach)


def rising(rise):
    """Calibration error that cross-entropy changes by `rise` on wild data, and by .2 on studio data."""
    rises = {"cross-entropy-wild": rise, "cross-entropy-studio": 0.2}
    return lambda recipe, dataset: 0.1 + rises.get(recipe, 0.0) * (dataset == SHIFTED)


@pytest.mark.parametrize("change", [-0.03, 0.03])
def test_c5_is_positive_where_one_template_calibrates_better(change):
    found = calibration.fewer_prompts_calibrate(zoo(prompt=change))
    assert found.effect == pytest.approx(-100 * change, abs=0.3) and found.p < 1e-6
    assert np.sign(found.low) == np.sign(found.high) == -np.sign(change)
    assert found.n_models == 21


def test_gains_are_named_by_model():
    frame = temperature_scaling.gains(zoo(gained_error, scaled=scaled_to(0.5))).set_index("model")
    assert frame.loc["resnet-studio-s0", "wild"] == pytest.approx(100 * (0.06 + 0.075 - 0.02), abs=1.5)
    assert set(frame.kind) == {"zero_shot", "baseline", "finetuned"}
