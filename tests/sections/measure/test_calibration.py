"""What was planted comes back; the temperature is fitted and judged on different images; intervals cover."""

import json

import numpy as np
import pytest
from scipy.special import ndtri

from clipkit.errors import BadInput
from clipkit.metrics import accuracy, expected_calibration_error, resampled_calibration_error, softmax
from clipkit.metrics.debiased_calibration import calibration_noise_floor, rms_calibration_error
from clipkit.pocket.oracle import OracleModel, by_prompts, exact, population
from clipkit.pocket.oracle.planted import confidence_of, evidence_for
from clipkit.sections.measure.calibration import (
    ADAPTIVE,
    ALL,
    DATASETS,
    ECE,
    GAP,
    HELD_OUT,
    POCKET,
    RMS,
    SCALED,
    SECTION,
    SHIFTED,
    CalibrationSets,
    fitting_half,
    measure,
    notes,
)
from clipkit.sections.measured import DRAWS, KEY
from clipkit.stats import shared_counts

N = 416


def model(over=0.1, n=N, accuracy=0.7, kind=exact, prompts=True):
    """over: overconfidence, one for all sets or by set."""
    over = over if isinstance(over, dict) else dict.fromkeys(DATASETS, over)
    sets = [kind.classification(name, accuracy, over[name], n=n) for name in DATASETS]
    return OracleModel("calibration", *sets, prompts=prompts)


def number(found, **wanted):
    (one,) = [m for m in found if all(getattr(m, k) == v for k, v in wanted.items())]
    return one


@pytest.fixture(scope="module")
def overconfident():
    return measure(model(0.1))


@pytest.mark.parametrize("dataset", [*DATASETS, SHIFTED])
def test_planted_calibration_comes_back(overconfident, dataset):
    def value(metric):
        return number(overconfident, dataset=dataset, subset=ALL, metric=metric, prompts="80").value

    planted = round(0.7 * N) / N
    assert value("accuracy") == pytest.approx(planted)
    assert value(GAP) == pytest.approx(0.1, abs=1e-5)
    # All confidences are c: each wrong answer adds c² and each right one (1 − c)² to the square, in pairs.
    c, n, right = planted + 0.1, N, round(0.7 * N)
    squares = right * (1 - c) ** 2 + (n - right) * c**2
    assert value(RMS) == pytest.approx(np.sqrt(((n * 0.1) ** 2 - squares) / (n * (n - 1))), abs=1e-4)
    rest = np.log((1 - c) / 25)
    assert value("nll") == pytest.approx(-planted * np.log(c) - (1 - planted) * rest, abs=1e-4)
    if dataset in (POCKET.known, SHIFTED):
        assert (value(ECE), value(ADAPTIVE)) == pytest.approx((0.1, 0.1), abs=1e-5)
        brier = planted * ((1 - c) ** 2 + (1 - c) ** 2 / 25) + (1 - planted) * (
            c**2 + (1 - (1 - c) / 25) ** 2 + 24 * ((1 - c) / 25) ** 2
        )
        assert value("brier") == pytest.approx(brier, abs=1e-4)


def test_every_row_is_named_once_with_unit_direction_and_draws(overconfident):
    keys = [tuple(getattr(m, k) for k in KEY) for m in overconfident]
    assert len(set(keys)) == len(keys) == 69
    assert {m.section for m in overconfident} == {SECTION}
    assert all(m.draws.shape == (DRAWS,) and np.isfinite(m.draws).all() for m in overconfident)
    directions = {m.metric: (m.unit, m.higher_is_better) for m in overconfident}
    assert directions["accuracy"] == ("fraction", True) and directions["nll"] == ("nats", False)
    assert directions[GAP] == ("fraction", None) and directions["temperature"] == ("factor", None)
    assert directions[RMS] == directions[ECE] == ("fraction", False)


def test_smaller_prompt_sets_have_their_own_numbers():
    calibrated, over = ([exact.classification(d, 0.7, o, n=N) for d in DATASETS] for o in (0.0, 0.2))
    sets = [by_prompts({"1": a, "80": b}) for a, b in zip(calibrated, over, strict=True)]
    found = measure(OracleModel("prompts", *sets))
    by_prompt = {
        p: number(found, dataset="wild", subset=ALL, metric=GAP, prompts=p).value for p in ("1", "80")
    }
    assert by_prompt == pytest.approx({"1": 0.0, "80": 0.2}, abs=1e-5)
    assert {(m.dataset, m.metric) for m in found if m.prompts == "5"} == {
        (d, metric) for d in ("wild", SHIFTED) for metric in (RMS, GAP)
    }


def test_a_model_with_a_head_has_the_same_rows_without_prompts(overconfident):
    class Head(OracleModel):
        def logits(self, dataset, prompts=""):
            return super().logits(dataset)

    planted = model(0.1)
    found = measure(Head("head", *(planted.sets[name] for name in DATASETS), prompts=False))
    assert {m.prompts for m in found} == {""}
    with_prompts = [m for m in overconfident if m.prompts == "80"]
    assert [m[:4] for m in found] == [m[:4] for m in with_prompts]
    np.testing.assert_allclose([m.value for m in found], [m.value for m in with_prompts], atol=1e-5)


def test_no_image_is_both_fitted_and_judged(overconfident):
    """The temperature turns the common confidence into the accuracy of its own half, to the last digit."""
    planted = model(0.1)
    fitted = fitting_half("wild", N)
    right = planted.logits("wild").argmax(axis=1) == planted.labels("wild")
    stated = evidence_for(round(0.7 * N) / N + 0.1)
    row = number(overconfident, metric="temperature")
    assert row.value == pytest.approx(stated / evidence_for(right[fitted].mean()), rel=1e-4)
    assert (row.dataset, row.subset, row.n) == ("wild", HELD_OUT, N // 2)
    after = number(overconfident, dataset="wild", subset=SCALED, metric=GAP)
    assert after.value == pytest.approx(right[fitted].mean() - right[~fitted].mean(), abs=1e-4)
    assert after.n == N - N // 2
    before = number(overconfident, dataset="wild", subset=HELD_OUT, metric=GAP)
    assert before.value == pytest.approx(confidence_of(stated) - right[~fitted].mean(), abs=1e-4)
    shifted = number(overconfident, dataset=SHIFTED, subset=SCALED, metric=GAP)
    assert shifted.value == pytest.approx(right[fitted].mean() - round(0.7 * N) / N, abs=1e-4)


def test_the_half_is_fixed_and_hangs_on_name_and_place_alone():
    half = fitting_half("wild", 1664)
    assert half.sum() == 832 and not np.array_equal(half, fitting_half("studio", 1664))
    np.testing.assert_array_equal(half, fitting_half("wild", 1664))
    assert 0.4 < (half[:-1] == half[1:]).mean() < 0.6  # neither blocks nor turns


def test_draws_of_what_is_scaled_hold_the_temperatures_uncertainty(overconfident):
    """Those of the shifted gap: its accuracy's noise, and that of the fitted half's."""

    def spread(dataset, subset):
        row = number(overconfident, dataset=dataset, subset=subset, metric=GAP, prompts="80")
        return row.draws.std()

    fitted = np.sqrt(0.7 * 0.3 / (N // 2))
    assert spread(SHIFTED, ALL) == pytest.approx(np.sqrt(0.7 * 0.3 / N) / 2, rel=0.1)  # four sets
    assert spread(SHIFTED, SCALED) == pytest.approx(np.hypot(spread(SHIFTED, ALL), fitted), rel=0.15)


def test_a_scaled_draw_is_the_metric_of_that_resample_at_that_temperature():
    planted = model(0.1, n=104, kind=population)
    found = measure(planted)
    temperature = number(found, metric="temperature").draws
    logits, labels = planted.logits("sketch", "80").astype(float), planted.labels("sketch")
    counts = shared_counts("sketch", len(labels), DRAWS)
    for draw in (0, 7):
        p = softmax(np.repeat(logits, counts[draw], axis=0), temperature[draw])
        target = np.repeat(labels, counts[draw])
        nll = -np.log(p[np.arange(len(target)), target]).mean()
        assert number(found, dataset="sketch", subset=SCALED, metric="nll").draws[draw] == pytest.approx(
            nll, rel=1e-5
        )


def test_notes_give_back_the_ece_of_every_set():
    planted = model(0.1, kind=population)
    bins = json.loads(notes(planted)["reliability"])
    assert {d: set(parts) for d, parts in bins.items()} == {
        d: {ALL, SCALED} | ({HELD_OUT} if d == "wild" else set()) for d in DATASETS
    }
    for dataset in DATASETS:
        n, confidence, right = (np.array(bins[dataset][ALL][k]) for k in ("n", "confidence", "accuracy"))
        p, labels = softmax(planted.logits(dataset).astype(float)), planted.labels(dataset)
        ece = (n * np.abs(confidence - right)).sum() / n.sum()
        assert ece == pytest.approx(expected_calibration_error(p, labels), abs=1e-4)
        assert (n * right).sum() / n.sum() == pytest.approx(accuracy(p.argmax(axis=1), labels), abs=1e-4)
        floor = np.sqrt(2 / np.pi * n * confidence * (1 - confidence)).sum() / n.sum()
        assert floor == pytest.approx(calibration_noise_floor(p.max(axis=1)), rel=0.02)


def test_images_of_no_known_class_are_refused():
    known = exact.classification("wild", 0.7, n=52)
    unknown = exact.out_of_distribution("near-ood", known, 0.8, n=50)
    with pytest.raises(BadInput, match="'near-ood' holds 50 images of no known class"):
        measure(OracleModel("unknown", known, unknown), CalibrationSets("wild", ("near-ood",)))


# Coverage: nominal 95 % intervals of a model whose calibration is that of a population.

SAMPLES, IMAGES, RESAMPLES = 120, 832, 200
_QUANTILES = ndtri((np.arange(200_000) + 0.5) / 200_000)


def population_error(ease):
    """Root of the mean squared gap of 15 bins, by quadrature."""
    chance, confidence = ease.chance_right(_QUANTILES), confidence_of(ease.evidence(_QUANTILES))
    which = np.ceil(confidence * 15).astype(int)
    size = np.bincount(which)
    gap = np.bincount(which, weights=chance - confidence)
    return np.sqrt((gap**2 / np.maximum(size, 1)).sum() / len(chance))


def sample(ease, rng, ease_of_images=None):
    u = rng.normal(size=IMAGES) if ease_of_images is None else ease_of_images
    return confidence_of(ease.evidence(u)), (rng.random(IMAGES) < ease.chance_right(u)).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("over", [0.0, 0.02, 0.1])
def test_intervals_of_the_debiased_error_cover(over):
    ease, rng = population.ease(0.7, over), np.random.default_rng(0)
    truth = population_error(ease)
    assert truth == pytest.approx(over, rel=0.1, abs=1e-3)
    hits = {"debiased": 0, "plain": 0}
    for k in range(SAMPLES):
        confidence, correct = sample(ease, rng)
        counts = shared_counts(f"coverage {k % 8}", IMAGES, RESAMPLES)
        draws = rms_calibration_error(confidence, correct, counts=counts)
        low, high = np.quantile(draws, [0.025, 0.975])
        hits["debiased"] += low - 1e-9 <= truth <= high
        plain = resampled_calibration_error(counts, confidence, correct)
        hits["plain"] += np.quantile(plain, 0.025) <= over <= np.quantile(plain, 0.975)
    assert hits["debiased"] >= 0.92 * SAMPLES
    if over <= 0.02:
        assert hits["plain"] < 0.1 * SAMPLES  # what the debiased error is for


@pytest.mark.slow
@pytest.mark.parametrize("over", [(0.0, 0.0), (0.1, 0.05)])
def test_differences_of_two_models_on_the_same_images_cover(over):
    easies, rng = [population.ease(0.7, o) for o in over], np.random.default_rng(1)
    truth = population_error(easies[0]) - population_error(easies[1])
    hits = 0
    for k in range(SAMPLES):
        shared, counts = rng.normal(size=IMAGES), shared_counts(f"coverage {k % 8}", IMAGES, RESAMPLES)
        values, draws = [], []
        for ease in easies:
            own = np.sqrt(0.5) * shared + np.sqrt(0.5) * rng.normal(size=IMAGES)
            answers = sample(ease, rng, own)
            values.append(rms_calibration_error(*answers))
            draws.append(rms_calibration_error(*answers, counts=counts))
        hits += abs(values[0] - values[1] - truth) <= 1.96 * (draws[0] - draws[1]).std()
    assert hits >= 0.92 * SAMPLES
