from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import expit, logit

from clipkit.errors import BadInput
from clipkit.metrics import RobustLine, effective_robustness, fit_line
from clipkit.metrics.logit import to_logit

METHODS = ("huber", "theil-sen")


def baselines(n=120, outliers=0, seed=0, noise=0.08):
    """Accuracies on the line logit(y) = -0.4 + 1.1 logit(x), noise on the logit axis, some far below."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.5, 0.85, n)
    v = -0.4 + 1.1 * logit(x) + noise * rng.normal(size=n)
    v[:outliers] -= 2
    return x, expit(v)


@pytest.mark.parametrize("method", METHODS)
def test_exact_line_is_found(method):
    line = fit_line(*baselines(noise=0), method=method)
    assert (line.intercept, line.slope) == pytest.approx((-0.4, 1.1), abs=1e-5)
    assert line.residual_sd == pytest.approx(0, abs=1e-5) and line.r == pytest.approx(1)
    assert line.method == method


@pytest.mark.parametrize("method", METHODS)
def test_outliers_move_it_far_less_than_least_squares(method):
    x, y = baselines(outliers=12)
    line = fit_line(x, y, method)
    squares = np.polyval(np.polyfit(logit(x), logit(y), 1), logit(0.7))
    truth = -0.4 + 1.1 * logit(0.7)
    error = abs(logit(line.predict(0.7)) - truth)
    assert error < 0.03 and error < abs(squares - truth) / 5


@pytest.mark.parametrize("method", METHODS)
def test_slope_is_unbiased(method):
    slopes = [fit_line(*baselines(40, seed=seed), method).slope for seed in range(60)]
    assert np.mean(slopes) == pytest.approx(1.1, abs=3 * np.std(slopes) / np.sqrt(60))


@pytest.mark.parametrize("seed", range(3))
def test_huber_solves_hubers_estimating_equations(seed):
    """sum psi(r/s) = 0 and sum psi(r/s) u = 0 with mean min((r/s)^2, 1.35^2) = 1 (Owen 2007)."""
    x, y = baselines(outliers=10, seed=seed)
    line = fit_line(x, y)
    u, r = logit(x), logit(y) - line.intercept - line.slope * logit(x)
    s = brentq(lambda s: np.mean(np.minimum((r / s) ** 2, 1.35**2)) - 1, 1e-3, 10)
    psi = np.clip(r / s, -1.35, 1.35)
    assert psi.mean() == pytest.approx(0, abs=1e-3)
    assert (psi * (u - u.mean())).mean() / u.std() == pytest.approx(0, abs=1e-3)


def test_huber_is_close_to_statsmodels_which_scales_by_the_mad():
    x, y = baselines(outliers=10)
    theirs = sm.RLM(logit(y), sm.add_constant(logit(x)), M=sm.robust.norms.HuberT(1.35)).fit().params
    line = fit_line(x, y)
    assert (line.intercept, line.slope) == pytest.approx(tuple(theirs), abs=0.02)


def test_theil_sen_is_the_median_of_pairwise_slopes():
    x, y = baselines(25, outliers=3)
    u, v = logit(x), logit(y)
    slope = np.median([(v[j] - v[i]) / (u[j] - u[i]) for i, j in combinations(range(25), 2)])
    line = fit_line(x, y, "theil-sen")
    assert line.slope == pytest.approx(slope, rel=1e-12)
    assert line.intercept == pytest.approx(np.median(v - slope * u), rel=1e-12)


def test_line_reports_its_range_and_its_spread():
    x, y = baselines(400)
    line = fit_line(x, y)
    assert (line.x_low, line.x_high) == (x.min(), x.max())
    assert line.residual_sd == pytest.approx(0.08, abs=3 * 0.08 / np.sqrt(800))
    assert line.r == pytest.approx(np.corrcoef(logit(x), logit(y))[0, 1])


@pytest.mark.parametrize("method", METHODS)
def test_known_effective_robustness_is_recovered_in_fractions(method):
    x, y = baselines()
    line = fit_line(x, y, method)
    tested = np.array([0.6, 0.7, 0.8])
    rho = effective_robustness(line, tested, expit(-0.4 + 1.1 * logit(tested)) + 0.05)
    np.testing.assert_allclose(rho.value, 0.05, atol=0.006)
    assert not rho.extrapolated.any()


def test_extrapolation_is_flagged_and_its_ends_are_not():
    line = RobustLine(0.0, 1.0, "huber", 0.5, 0.8, 0.0, 1.0)
    rho = effective_robustness(line, [0.49, 0.5, 0.8, 0.81], [0.5] * 4)
    assert rho.extrapolated.tolist() == [True, False, False, True]
    assert rho.value.shape == (4,)


def test_one_model_gives_scalars():
    rho = effective_robustness(RobustLine(0.0, 1.0, "huber", 0.5, 0.8, 0.0, 1.0), 0.7, 0.75)
    assert float(rho.value) == pytest.approx(0.05) and not bool(rho.extrapolated)


def test_clipping_to_half_an_image():
    x, y = [0.5, 0.6, 0.7, 1.0], [0.5, 0.6, 0.7, 1.0]
    line = fit_line(x, y, n=100)
    assert line.predict(1 - 1 / 200) == pytest.approx(1 - 1 / 200)
    assert to_logit("x", [0.0, 1.0], n=100) == pytest.approx([-np.log(199), np.log(199)])
    with pytest.raises(BadInput, match="x holds 1, whose logit is infinite\n.*pass n"):
        fit_line(x, y)


@pytest.mark.parametrize("method", METHODS)
def test_constant_y_is_a_flat_line(method):
    line = fit_line([0.5, 0.6, 0.7], [0.4, 0.4, 0.4], method)
    assert line.predict([0.55, 0.9]).tolist() == pytest.approx([0.4, 0.4])
    assert np.isnan(line.r)


@pytest.mark.parametrize("seed", range(2))
def test_every_bootstrap_refit_converges(seed):
    """Resamples of few baselines hold many equal points; none may warn or fail."""
    rng = np.random.default_rng(seed)
    x, y = baselines(8, seed=seed)
    for _ in range(100):
        drawn = rng.integers(0, 8, 8)
        if np.ptp(x[drawn]) > 0:
            assert np.isfinite(fit_line(x[drawn], y[drawn])[:2]).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fit_line([0.5, 0.6], [0.5, 0.6]), "a line through 2 points has no residual\n.*at least 3"),
        (lambda: fit_line([0.5] * 3, [0.5, 0.6, 0.7]), "x is constant"),
        (lambda: fit_line([50, 60, 70], [50, 60, 70]), "x holds 50, .*\n.*percentages by 100"),
        (
            lambda: fit_line([0.5, 0.6, 0.7], [0.5, 0.6, 0.7], "ols"),
            "method 'ols' is unknown\n.*huber or theil-sen",
        ),
        (lambda: fit_line([0.5, 0.6, 0.7], [0.5, 0.6]), "x has 3, y has 2"),
        (
            lambda: effective_robustness(fit_line(*baselines(9)), [0.5, 0.6], [0.5]),
            r"x has shape \(2,\), y has",
        ),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()
