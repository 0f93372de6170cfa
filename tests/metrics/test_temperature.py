import warnings

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from clipkit.errors import BadInput
from clipkit.metrics import fit_temperature, negative_log_likelihood_from_logits, softmax


def world(temperature, n=2000, classes=10, seed=0):
    """Logits, and targets drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (n, classes))
    cumulative = softmax(logits, temperature).cumsum(axis=1)
    return logits, (cumulative < rng.random((n, 1))).sum(axis=1).clip(max=classes - 1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_known_temperature_is_recovered(temperature):
    assert fit_temperature(*world(temperature, n=20_000)) == pytest.approx(temperature, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_direct_minimisation_of_sklearns_log_loss(seed):
    logits, target = world(1.5, n=500, seed=seed)
    found = minimize_scalar(
        lambda t: log_loss(target, softmax(logits, t), labels=range(10)), bounds=(0.1, 10), method="bounded"
    )
    assert fit_temperature(logits, target) == pytest.approx(found.x, rel=1e-4)


def test_equals_gradient_descent_in_torch():
    logits, target = world(2.0, n=500)
    z, y = torch.tensor(logits), torch.tensor(target)
    t = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([t], max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(z / t, y)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert fit_temperature(logits, target) == pytest.approx(t.item(), rel=1e-5)


def test_fitted_temperature_has_the_lowest_nll():
    logits, target = world(2.5)
    best = fit_temperature(logits, target)
    nll = [negative_log_likelihood_from_logits(logits, target, t) for t in (best, best * 1.01, best / 1.01)]
    assert nll[0] < min(nll[1:])


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_temperature_scales_with_the_logits(factor):
    logits, target = world(1.0)
    assert fit_temperature(factor * logits, target) == pytest.approx(
        factor * fit_temperature(logits, target), rel=1e-6
    )


def test_shift_of_a_row_changes_nothing():
    logits, target = world(1.0, n=300)
    assert fit_temperature(logits + 1e4, target) == pytest.approx(fit_temperature(logits, target), rel=1e-6)


def test_separable_samples_hit_the_low_bound_and_say_so():
    with pytest.warns(UserWarning, match="at or beyond the low bound 0.01, which is returned"):
        assert fit_temperature(10 * np.eye(4), range(4)) == 0.01


def test_model_worse_than_chance_hits_the_high_bound_and_says_so():
    with pytest.warns(UserWarning, match="at or beyond the high bound 10.0, which is returned"):
        assert fit_temperature(-10 * np.eye(4), range(4)) == 10.0


def test_no_warning_inside_the_bounds():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_temperature(*world(1.0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fit_temperature([[1.0, 1.0], [3.0, 3.0]], [0, 1]), "logits are constant in every row"),
        (lambda: fit_temperature([[1.0, 0.0]], [0], low=2, high=1), "bounds are 2 and 1"),
        (lambda: fit_temperature([[1.0, 0.0]], [2]), r"target\[0\] is 2, but there are 2 classes"),
        (lambda: softmax([[1.0, 0.0]], 0), "temperature is 0"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()
