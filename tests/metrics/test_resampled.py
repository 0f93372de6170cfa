"""Under counts, every metric is draw by draw what the plain one says of the images repeated by them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clipkit import metrics as m
from clipkit.errors import BadInput
from clipkit.metrics import resampled
from clipkit.stats import shared_counts

DRAWS = 60


def by_repetition(metric, counts, *columns):
    """The plain metric of the repeated images, one draw after the other."""
    return np.array([metric(*(np.repeat(c, row, axis=0) for c in columns)) for row in counts])


def same(found, expected):
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def draws_of(name, n, clustered):
    return shared_counts(name, n, DRAWS, clusters=np.arange(n) % (n // 3) if clustered else None)


@pytest.fixture(params=[False, True], ids=["images", "clusters"])
def clustered(request):
    return request.param


@pytest.fixture(params=[1, 1500, 1 << 16], ids="block of {}".format)
def block(request, monkeypatch):
    monkeypatch.setattr(resampled, "_BLOCK", request.param)


in_blocks = pytest.mark.usefixtures("block")


@in_blocks
@pytest.mark.parametrize("shape", [(50,), (50, 3)])
def test_mean(shape, clustered):
    scores = np.random.default_rng(0).normal(size=shape)
    counts = draws_of("wild", 50, clustered)
    found = m.resampled_mean(counts, scores)
    assert found.shape == (DRAWS, *shape[1:])
    same(found, by_repetition(lambda s: s.mean(axis=0), counts, scores))


def test_mean_of_what_each_image_adds_is_nll_and_brier():
    rng = np.random.default_rng(0)
    p, target, counts = rng.dirichlet(np.ones(4), 50), rng.integers(4, size=50), draws_of("wild", 50, False)
    nll = -np.log(p[np.arange(50), target])
    brier = ((p - np.eye(4)[target]) ** 2).sum(axis=1)
    same(m.resampled_mean(counts, nll), by_repetition(m.negative_log_likelihood, counts, p, target))
    same(m.resampled_mean(counts, brier), by_repetition(m.brier_score, counts, p, target))


def test_ratio_is_shape_bias(clustered):
    decision, shape = np.random.default_rng(0).integers(5, size=(2, 60))
    texture = (shape + 1) % 5
    counts = draws_of("cue conflict", 60, clustered)
    for_shape, for_texture = decision == shape, decision == texture
    found = m.resampled_ratio(counts, for_shape, for_shape | for_texture)
    same(found, by_repetition(lambda *a: m.shape_bias(*a).shape_bias, counts, decision, shape, texture))


def test_ratio_without_denominator_is_undefined_on_that_draw_alone():
    found = m.resampled_ratio([[1, 1, 0], [0, 0, 2]], [1, 0, 0], [1, 1, 0])
    assert found[0] == 0.5 and np.isnan(found[1])


@in_blocks
@pytest.mark.parametrize("decimals", [0, 1, 8], ids=["mostly ties", "ties", "no ties"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_auroc_and_fpr(decimals, dtype, clustered):
    rng = np.random.default_rng(decimals)
    id_scores = rng.normal(1, 1, 45).round(decimals).astype(dtype)
    ood_scores = rng.normal(0, 1, 30).round(decimals).astype(dtype)
    id_counts, ood_counts = draws_of("wild", 45, clustered), draws_of("near-ood", 30, False)
    pairs = list(zip(id_counts, ood_counts, strict=True))

    def plain(metric, *options):
        return [metric(np.repeat(id_scores, i), np.repeat(ood_scores, o), *options) for i, o in pairs]

    arguments = id_counts, ood_counts, id_scores, ood_scores
    same(m.resampled_auroc(*arguments), plain(m.auroc))
    for tpr in (0.05, 0.5, 0.8, 0.95, 1.0):
        same(m.resampled_fpr_at_tpr(*arguments, tpr), plain(m.fpr_at_tpr, tpr))


@st.composite
def detections(draw):
    """Few images with few distinct scores, so that ties, gaps and equally close thresholds abound."""
    sides = []
    for _ in range(2):
        n = draw(st.integers(1, 6))
        scores = draw(arrays(np.int64, n, elements=st.integers(0, 4)))
        sides.append((draw(arrays(np.int16, n, elements=st.integers(0, 3)).filter(np.any)), scores))
    return sides


@given(detections(), st.sampled_from([0.1, 0.3, 0.5, 0.75, 0.95, 1.0]))
def test_auroc_and_fpr_in_the_corners(sides, tpr):
    (id_count, id_scores), (ood_count, ood_scores) = sides
    arguments = id_count[None], ood_count[None], id_scores, ood_scores
    repeated = np.repeat(id_scores, id_count), np.repeat(ood_scores, ood_count)
    same(m.resampled_auroc(*arguments), [m.auroc(*repeated)])
    same(m.resampled_fpr_at_tpr(*arguments, tpr), [m.fpr_at_tpr(*repeated, tpr)])


PLAIN = {"width": m.expected_calibration_error, "mass": m.adaptive_calibration_error}


@in_blocks
@pytest.mark.parametrize("binning", PLAIN)
@pytest.mark.parametrize("bins", [1, 4, 15, 200])
@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
def test_calibration_error(binning, bins, decimals, clustered):
    rng = np.random.default_rng(bins)
    p = rng.beta(4, 1, 60).round(decimals)
    p, target = np.stack([p, 1 - p], axis=1), rng.integers(2, size=60)
    counts = draws_of("wild", 60, clustered)
    found = m.resampled_calibration_error(counts, *m.confidence_and_correct(p, target), bins, binning)
    same(found, by_repetition(lambda *a: PLAIN[binning](*a, bins), counts, p, target))


@given(
    arrays(np.float64, 7, elements=st.sampled_from([0.5, 0.6, 0.6 + 1e-9, 0.9, 1.0])),
    arrays(np.int16, (3, 7), elements=st.integers(0, 4)).filter(lambda counts: counts.any(axis=1).all()),
    st.integers(1, 9),
)
def test_calibration_error_in_the_corners(p, counts, bins):
    p, target = np.stack([p, 1 - p], axis=1), np.array([0, 1, 0, 0, 1, 0, 0])
    for binning, plain in PLAIN.items():
        found = m.resampled_calibration_error(counts, *m.confidence_and_correct(p, target), bins, binning)
        same(found, by_repetition(lambda *a, plain=plain: plain(*a, bins), counts, p, target))


def test_every_image_once_gives_the_plain_value():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 40), rng.normal(0, 1, 30)
    once, once_ood = np.ones((1, 40), int), np.ones((1, 30), int)
    assert m.resampled_mean(once, a)[0] == pytest.approx(a.mean(), abs=1e-12)
    assert m.resampled_auroc(once, once_ood, a, b)[0] == m.auroc(a, b)
    assert m.resampled_fpr_at_tpr(once, once_ood, a, b)[0] == m.fpr_at_tpr(a, b)


X, Y, PAIR = [1.0, 2.0, 2.0], [0.0, 2.0], np.ones((4, 2), int)
CALLS = {
    "mean": lambda counts: m.resampled_mean(counts, X),
    "ratio": lambda counts: m.resampled_ratio(counts, X, X),
    "auroc": lambda counts: m.resampled_auroc(counts, PAIR, X, Y),
    "auroc, ood": lambda counts: m.resampled_auroc(PAIR, counts, Y, X),
    "fpr": lambda counts: m.resampled_fpr_at_tpr(counts, PAIR, X, Y),
    "fpr, ood": lambda counts: m.resampled_fpr_at_tpr(PAIR, counts, Y, X),
    "width": lambda counts: m.resampled_calibration_error(counts, [0.5] * 3, [1, 0, 1]),
    "mass": lambda counts: m.resampled_calibration_error(counts, [0.5] * 3, [1, 0, 1], binning="mass"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.ones((4, 5), int), r"counts has shape \(4, 5\), there are 3 images\n  -> give \(draws, 3\)"),
        (np.ones(3, int), r"counts has shape \(3,\), there are 3 images"),
        (np.ones((0, 3), int), r"counts has shape \(0, 3\), there are 3 images"),
        (np.ones((4, 3)), "counts has dtype float64\n  -> give whole numbers, as shared_counts does"),
        ([[1, 1, 1], [3, -1, 1]] * 2, r"counts\[1, 1\] is -1\n  -> count how often an image occurs"),
        ([[1, 1, 1], [0, 0, 0]] * 2, "draw 1 of .*counts holds no image\n  -> resample a larger subset"),
    ],
)
def test_counts_that_cannot_be_right(call, counts, message):
    with pytest.raises(BadInput, match=message):
        call(counts)


@pytest.mark.parametrize("metric", [m.resampled_auroc, m.resampled_fpr_at_tpr])
def test_id_and_ood_are_drawn_equally_often(metric):
    with pytest.raises(BadInput, match="id_counts has 5 draws, ood_counts has 4"):
        metric(np.ones((5, 3), int), PAIR, X, Y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: m.resampled_mean(PAIR, [1.0, np.nan]), r"scores\[1\] is nan"),
        (lambda: m.resampled_mean(PAIR, np.ones((2, 2, 2))), r"scores has shape \(2, 2, 2\)"),
        (lambda: m.resampled_ratio(PAIR, [1, 1], [1]), "numerator has 2, denominator has 1"),
        (lambda: m.resampled_auroc(PAIR, PAIR, Y, [1.0, np.inf]), r"ood_scores\[1\] is inf"),
        (lambda: m.resampled_fpr_at_tpr(PAIR, PAIR, Y, Y, tpr=95), r"tpr is 95, outside \(0, 1\]"),
        (lambda: m.resampled_calibration_error(PAIR, [9, 8], [1, 0]), "confidence holds 9, outside"),
        (lambda: m.resampled_calibration_error(PAIR, Y, [1], binning="mass"), "confidence holds 2, outside"),
        (lambda: m.resampled_calibration_error(PAIR, [1, 1], [1]), "confidence has 2, correct has 1"),
        (lambda: m.resampled_calibration_error(PAIR, [1, 1], [1, 1], bins=0), "bins is 0"),
        (
            lambda: m.resampled_calibration_error(PAIR, [1, 1], [1, 1], binning="equal"),
            "binning is 'equal'\n  -> pass 'width' or 'mass'",
        ),
    ],
)
def test_other_errors_name_the_culprit(call, message):
    with pytest.raises(BadInput, match=message):
        call()
