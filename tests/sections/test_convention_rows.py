"""What other conventions report, by hand, and beside what the sections report themselves."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from clipkit.errors import BadInput
from clipkit.pocket.intermediate import SEEN_NEAR_OOD, UNSEEN_NEAR_OOD
from clipkit.sections.convention_metrics import DETECTION, ERRORS, rejected_at_least
from clipkit.sections.convention_rows import DRAWS, convention_rows
from clipkit.sections.measure import calibration, ood_detection, shape_bias

CLASSES = 5


@pytest.mark.parametrize(
    ("convention", "first", "second"),
    [("ece-10", 0.375, 0.325), ("ece-15", 0.515, 0.325), ("ece-20", 0.375, 0.325), ("ece-100", 0.515, 0.515),
     ("ece-from-below", 0.515, 0.325), ("ece-equal-mass", 0.515, 0.515)],
)  # fmt: skip
def test_calibration_error_by_hand(convention, first, second):
    """One image right, one wrong: in one bin their gaps of 0.89 and −0.14 nearly cancel, in two they add up."""
    for confidence, expected in (([0.11, 0.14], first), ([0.16, 0.19], second)):
        found = ERRORS[convention](np.array(confidence), np.array([1.0, 0.0]), np.ones((1, 2), int))
        assert found == pytest.approx([expected])


@pytest.mark.parametrize(
    ("convention", "expected"),
    [("fpr-closest", 3 / 4), ("fpr-at-least", 2 / 4), ("fpr-ood-positive", 29 / 32)],
)
def test_thresholds_by_hand(convention, expected):
    """Of 32 known scores 30 are closer to 95 % than 31, but too few; all of four unknown ones lie below 4."""
    known, unknown = np.arange(1.0, 33.0), np.arange(4.0)
    once = np.ones((1, 32), int), np.ones((1, 4), int)
    assert DETECTION[convention](*once, known, unknown) == pytest.approx([expected])


def test_a_threshold_on_a_resample_is_that_of_the_images_repeated():
    rng = np.random.default_rng(0)
    known, unknown = rng.integers(30, size=40).astype(float), rng.integers(20, size=25).astype(float)
    counts = rng.multinomial(40, np.ones(40) / 40, size=30), rng.multinomial(25, np.ones(25) / 25, size=30)
    found = rejected_at_least(*counts, known, unknown)
    for value, a, b in zip(found, *counts, strict=True):
        drawn = np.sort(np.repeat(known, a))
        threshold = max(t for t in drawn if (drawn >= t).mean() >= 0.95)
        assert value == pytest.approx((np.repeat(unknown, b) < threshold).mean())


class Made:
    """Outputs of a model that guesses: cosines of noise, more than noise for the true class."""

    track = "pocket"

    def __init__(self, prompts: bool):
        self.card = SimpleNamespace(prompts=prompts, name="made", logit_scale=30.0)

    def labels(self, dataset):
        n = 80 if dataset == "wild" else 48
        return np.arange(n) % CLASSES if "ood" not in dataset and "far" not in dataset else np.full(n, -1)

    def cosines(self, dataset, prompts="1"):
        if not self.card.prompts:
            raise BadInput("no prompts")
        return self._cosines(dataset, prompts)

    def logits(self, dataset, prompts="1"):
        return self.card.logit_scale * self._cosines(dataset, prompts)

    def _cosines(self, dataset, prompts):
        labels = self.labels(dataset)
        noise = np.random.default_rng([len(dataset), len(prompts)]).uniform(-0.1, 0.1, (len(labels), CLASSES))
        return noise + 0.06 * (labels[:, None] == np.arange(CLASSES))

    def table(self, dataset):
        labels, names = self.labels(dataset), np.array(list("abcde"))
        if dataset == "near-ood":
            return pd.DataFrame({"label": np.resize([SEEN_NEAR_OOD[0], UNSEEN_NEAR_OOD[0]], len(labels))})
        return pd.DataFrame({"shape": names[labels], "texture": names[(labels + 1) % CLASSES]})


@pytest.fixture(scope="module", params=[True, False], ids=["prompts", "head"])
def outputs(request):
    return Made(request.param)


@pytest.fixture(scope="module")
def rows(outputs):
    return {(name, *m[:4], m.prompts): m for name, m in convention_rows(outputs)}


def test_no_number_comes_twice_and_all_have_their_draws(outputs, rows):
    assert len(rows) == len(list(convention_rows(outputs)))
    assert {m.draws.shape for m in rows.values()} == {(DRAWS,)}


@pytest.fixture(scope="module")
def measured(outputs):
    """What the sections report themselves, by dataset, subset, metric and prompts."""
    sections = (calibration, ood_detection, shape_bias)
    return {(*m[1:4], m.prompts): m for section in sections for m in section.measure(outputs)}


def test_they_replace_numbers_that_the_sections_measure(rows, measured):
    assert {key[2:] for key in rows} <= measured.keys()


@pytest.mark.parametrize(
    ("convention", "ours", "theirs"),
    [("ece-15", "rms_calibration_error", "ece"), ("ece-equal-mass", "rms_calibration_error", "adaptive_ece"),
     ("msp", "auroc", "auroc/msp"), ("max-logit", "auroc", "auroc/max-logit"), ("fpr-closest", "auroc", "fpr95"),
     ("all-trials", "shape_bias", "shape_share")],
)  # fmt: skip
def test_what_a_section_reports_beside_its_own_is_the_same_number(
    outputs, rows, measured, convention, ours, theirs
):
    compared = 0
    for (dataset, subset, metric, prompts), m in measured.items():
        found = rows.get((convention, m.section, dataset, subset, ours, prompts))
        if metric == theirs and found:
            assert found.value == pytest.approx(1 - m.value if theirs == "fpr95" else m.value, abs=1e-7)
            assert np.std(found.draws) == pytest.approx(np.std(m.draws), rel=0.25)
            compared += 1
    assert compared >= 2 or (convention == "msp" and not outputs.card.prompts)


def test_a_scale_of_a_hundred_is_that_of_the_cosines(outputs, rows):
    found = [key for key in rows if key[0] in ("scale-100", "msp-100")]
    if not outputs.card.prompts:
        assert not found
        return
    p = softmax(100 * outputs.cosines("wild", "80"), axis=1)
    gap = p.max(axis=1).mean() - (p.argmax(axis=1) == outputs.labels("wild")).mean()
    assert rows["scale-100", "calibration", "wild", "all", "signed_gap", "80"].value == pytest.approx(gap)


def test_shape_bias_of_all_trials_is_the_share_decided_for_the_shape(outputs, rows):
    dataset, prompts = "cue-conflict-other", "80" if outputs.card.prompts else ""
    decided = outputs.logits(dataset, prompts).argmax(axis=1)
    found = rows["all-trials", "shape bias", dataset, "all classes", "shape_bias", prompts]
    assert found.value == pytest.approx((decided == outputs.labels(dataset)).mean()) and found.n == 48
