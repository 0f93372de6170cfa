"""Lines through few baselines, and effective robustness from them."""

import numpy as np
import pytest
from planted_zoo import BASELINES, FACTORS, named, planted_zoo
from scipy.special import expit, logit

from clipkit.errors import MissingData
from clipkit.metrics import effective_robustness, fit_line
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket import robustness as section
from clipkit.sections.pocket.evidence import from_draws

ACCURACY = dict(zip(BASELINES, (0.72, 0.55, 0.66, 0.68, 0.62, 0.45, 0.7, 0.3), strict=True))
ZERO_SHOT = named("resnet-wild", seeds=[0, 1])
ON_FACTORS = ("visual factors", ["factors"])


@pytest.fixture(scope="module")
def zoo():
    return planted_zoo([*BASELINES, *ZERO_SHOT], lambda m: ACCURACY.get(m, 0.6))


def test_value_is_the_distance_from_the_line_through_the_baselines(zoo):
    robust = section.robustness_table(zoo, *ON_FACTORS, ["pose"])
    x = section.ordinary(zoo).of([*BASELINES, *ZERO_SHOT]).value[:, 0]
    key = {"section": "visual factors", "metric": "accuracy"}
    y = section.gather(zoo, ["pose"], **key).of([*BASELINES, *ZERO_SHOT]).value[:, 0]
    line = fit_line(x[:8], y[:8], "theil-sen", n=312)
    expected = effective_robustness(line, x, y).value
    for model, value in zip([*BASELINES, *ZERO_SHOT], expected, strict=True):
        assert (
            robust.get(model, metric=section.METRIC, prompts="" if model in BASELINES else "80").value
            == value
        )


def test_the_mean_of_all_factors_is_known_for_every_set_of_prompts(zoo):
    robust = section.robustness_table(zoo, *ON_FACTORS, ["pose", "all factors"])
    assert len(robust.rows(subset="pose")) == len(BASELINES) + len(ZERO_SHOT)
    assert len(robust.rows(subset="all factors")) == len(BASELINES) + 4 * len(ZERO_SHOT)
    assert len(robust.frame) == len(robust.draws) and set(robust.frame.metric) == {section.METRIC}


def test_draws_scatter_around_the_value(zoo):
    robust = section.robustness_table(zoo, *ON_FACTORS, FACTORS)
    off = (robust.draws.mean(axis=1) - robust.frame.value) / robust.draws.std(axis=1)
    assert np.abs(off).max() < 1 and np.abs(off.mean()) < 0.1


def test_drawn_lines_are_those_of_fit_line():
    rng = np.random.default_rng(0)
    x, x_draws = np.linspace(0.4, 0.7, 5), rng.uniform(0.3, 0.8, (20, 5))
    y, y_draws = expit(0.8 * logit(x) - 0.3), rng.uniform(0.2, 0.7, (20, 5))
    lines = section.lines_through(x, y, x_draws, y_draws, 300)  # no residuals, so none are replaced
    singly = [fit_line(a, b, "theil-sen", n=300) for a, b in zip(x_draws, y_draws, strict=True)]
    assert lines.slope == pytest.approx([one.slope for one in singly])
    assert lines.intercept == pytest.approx([one.intercept for one in singly])


def test_models_of_equal_accuracy_make_no_slope_of_their_own():
    x = np.array([0.5, 0.5, 0.6, 0.7])
    lines = section.lines_through(x, x, np.tile(x, (3, 1)), np.tile(x, (3, 1)), 100)
    assert lines.slope == pytest.approx(np.ones(3))


@pytest.mark.parametrize("models", [4, 9])
def test_intervals_cover_the_line_that_baselines_scatter_around(models):
    """Other baselines of their kind: residuals of 0.15 on the logit axis, images without noise."""
    rng, inside = np.random.default_rng(1), []
    x = np.linspace(0.4, 0.75, models)
    for seed in range(300):
        y = expit(0.9 * logit(x) - 0.4 + 0.15 * rng.normal(size=models))
        lines = section.lines_through(x, y, np.tile(x, (300, 1)), np.tile(y, (300, 1)), 300, seed)
        low, high = np.quantile(lines.predict([0.6]), [0.025, 0.975])
        inside.append(low <= expit(0.9 * logit(0.6) - 0.4) <= high)
    assert 0.92 < np.mean(inside) < 0.995


def test_three_baselines_are_too_few():
    few = planted_zoo([*BASELINES[:3], *ZERO_SHOT], lambda m: ACCURACY.get(m, 0.6))
    with pytest.raises(MissingData, match="3 supervised baselines have been measured, a line needs 4"):
        section.robustness_table(few, *ON_FACTORS, ["pose"])


def test_missing_models_are_named(zoo):
    numbers = section.gather(zoo, FACTORS, section="visual factors", metric="drop")
    with pytest.raises(MissingData, match="no model vit-wild has been measured"):
        section.of_recipes(numbers, ["resnet-wild", "vit-wild"])
    with pytest.raises(MissingData, match="no finetuned model"):
        section.of_kind(numbers, "finetuned")
    with pytest.raises(MissingData, match="no model has visual factors, loss"):
        section.gather(zoo, FACTORS, section="visual factors", metric="loss")
    empty = MeasuredTable(zoo.frame.iloc[:0], zoo.draws[:0], {})
    with pytest.raises(MissingData, match="accuracy"):
        section.ordinary(empty)


def test_p_is_below_a_twentieth_just_where_the_interval_excludes_zero():
    draws = np.random.default_rng(0).normal(size=500)
    clear, unclear = from_draws(2.3, 2.3 + draws, ZERO_SHOT), from_draws(1.5, 1.5 + draws, ZERO_SHOT)
    assert clear.low > 0 and 0.01 < clear.p < 0.05
    assert unclear.low < 0 and unclear.p > 0.05
    assert from_draws(-2.3, draws - 2.3, ZERO_SHOT).p == pytest.approx(clear.p, rel=0.5)
    assert from_draws(0.0, np.zeros(500), ZERO_SHOT).p == 1.0
