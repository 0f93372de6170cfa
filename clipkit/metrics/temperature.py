"""Temperature scaling: the one number T for which softmax(logits / T) has the lowest NLL."""

import warnings

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.special import softmax as _softmax

from clipkit.errors import BadInput
from clipkit.metrics import validate


def softmax(logits, temperature: float = 1.0) -> np.ndarray:
    """Rows of `logits` (n, n_classes) divided by `temperature`, as probabilities of the same shape and dtype.

    >>> softmax([[0.0, 0.0], [np.log(3), 0.0]])
    array([[0.5 , 0.5 ],
           [0.75, 0.25]])
    """
    if not temperature > 0:
        raise BadInput(f"temperature is {temperature}", "pass a positive number")
    return _softmax(validate.array("logits", logits, ndim=2) / temperature, axis=1)


def negative_log_likelihood_from_logits(logits, target, temperature: float = 1.0) -> float:
    """Mean of -ln softmax(logits / temperature)[target], in nats; **lower is better**. Never underflows.

    >>> round(negative_log_likelihood_from_logits([[2000.0, 0.0]], [1]), 4)
    2000.0
    """
    logits, target = _checked(logits, target)
    scaled = logits.astype(np.float64) / temperature
    return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(target)), target]).mean())


def fit_temperature(logits, target, low: float = 0.01, high: float = 10.0) -> float:
    """The T in [low, high] that minimises the NLL of softmax(logits / T).

    logits (n, n_classes) **with** the model's logit scale; target (n,). T > 1 says over-confident, T < 1
    under-confident. The NLL is convex in 1/T with derivative mean(E_p[logit] - logit of the target), whose
    root is found by Brent's method; the reference implementation (VLM_calibrate) bisects the same derivative.
    Fit T on samples that are not evaluated. If the minimum lies outside [low, high], the nearer bound is
    returned with a UserWarning that says so. Raises BadInput if the logits are constant in every row, since
    then every T gives the same NLL. Source: Guo et al. 2017, ICML.

    Where the model says (x, 0) and is right 3 times in 4, the best T turns x into ln 3:

    >>> round(fit_temperature([[2 * np.log(3), 0.0]] * 4, [0, 0, 0, 1]), 4)
    2.0
    """
    logits, target = _checked(logits, target)
    if not 0 < low < high:
        raise BadInput(f"temperature bounds are {low} and {high}", "pass 0 < low < high")
    # Differences between classes are all that matters; with the maximum at 0 nothing overflows.
    below = logits - logits.max(axis=1, keepdims=True)
    if not below.any():
        raise BadInput("the logits are constant in every row", "no temperature is best: check the model")
    of_target = below[np.arange(len(target)), target].mean(dtype=np.float64)
    weights = np.empty_like(below)

    def slope(temperature: float) -> float:
        """Derivative of the NLL with respect to 1/T."""
        np.divide(below, temperature, out=weights)
        np.exp(weights, out=weights)
        expected = np.einsum("nk,nk->n", weights, below) / weights.sum(axis=1)
        return float(expected.mean(dtype=np.float64) - of_target)

    # The slope falls in T: negative already at `low` or still positive at `high` means the root is outside.
    for bound, side, outside in ((low, "low", slope(low) <= 0), (high, "high", slope(high) >= 0)):
        if outside:
            warnings.warn(
                f"the best temperature lies at or beyond the {side} bound {bound}, which is returned; "
                "the samples are separable, the model is no better than chance, or the bound is too tight",
                stacklevel=2,
            )
            return float(bound)
    return float(brentq(slope, low, high, xtol=1e-9, rtol=1e-9))


def _checked(logits, target) -> tuple[np.ndarray, np.ndarray]:
    logits = validate.array("logits", logits, ndim=2)
    target = validate.class_labels("target", target, logits.shape[1])
    validate.same_length(logits=logits, target=target)
    return logits, target
