"""One property suite for all metrics. A new metric gets its own test file first, then a line in `METRICS`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import comb

import numpy as np
import pytest
from scipy.special import expit, logit

import clipkit.metrics as m
from clipkit.errors import BadInput

CLASSES, IMAGES = 6, 12


def classified(rng, n):
    """Logits (n, CLASSES) with some signal, and targets (n,)."""
    target = rng.integers(0, CLASSES, n)
    return rng.normal(0, 2, (n, CLASSES)) + 1.5 * np.eye(CLASSES)[target], target


def detected(rng, n):
    """ID scores (n,), OOD scores (n,)."""
    return rng.normal(1, 1, n), rng.normal(0, 1, n)


def cued(rng, n):
    """Decision, shape and texture labels, each (n,)."""
    return tuple(rng.integers(0, 4, (3, n)))


def factored(rng, n):
    """Correctness (n,) and three factors (n, 3), each carried by an image at least."""
    return rng.integers(0, 2, n), np.vstack([np.ones((1, 3), int), rng.integers(0, 2, (n - 1, 3))])


def modelled(rng, n):
    """Accuracies (n,) of models on two sets."""
    x = rng.uniform(0.3, 0.8, n)
    return x, expit(logit(x) - 0.3 + 0.1 * rng.normal(size=n))


def retrieved(rng, n):
    """Features of IMAGES images, features of n captions, and the caption's image."""
    owner = np.arange(n) % IMAGES
    images = rng.normal(size=(min(n, IMAGES), 8))
    return images, images[owner] + 1.2 * rng.normal(size=(n, 8)), owner


@dataclass(frozen=True)
class Metric:
    """`make(rng, n)` gives `call` its arguments; `together` groups those whose rows are the same samples."""

    call: Callable
    make: Callable
    together: tuple[tuple[int, ...], ...] = ((0, 1),)
    constant: object = None  # value for a predictor that answers the same to everything
    one: object = None  # value for one sample


def of_probabilities(metric) -> Callable:
    return lambda logits, target: metric(m.softmax(logits), target)


def top_1_label(logits, target):
    return m.accuracy(np.argmax(logits, axis=1), target)


def biased(decision, shape, texture):
    return m.shape_bias(decision, shape, texture)


def line(method, x, y):
    fit = m.fit_line(x, y, method)
    return fit.intercept, fit.slope, fit.r


def recall(images, texts, owner):
    found = m.recall_at_k(images, texts, owner, ks=[1, 3])
    return *found.image.values(), *found.text.values()


NAN, ANY = float("nan"), object()
CHANCE = 1 / CLASSES
# 60 captions, five to an image: the chance that none of the five is among three drawn.
TEXT_MISS = comb(55, 3) / comb(60, 3)
RECALL_BY_CHANCE = (1 / IMAGES, 3 / IMAGES, 5 / 60, 1 - TEXT_MISS)
detector = partial(Metric, make=detected, together=((0,), (1,)))
classifier = partial(Metric, make=classified)
METRICS = {
    "accuracy": classifier(top_1_label, constant=ANY, one=ANY),
    "top-1": classifier(m.top_k_accuracy, constant=CHANCE, one=ANY),
    "top-3": classifier(partial(m.top_k_accuracy, k=3), constant=3 * CHANCE, one=ANY),
    "ece": classifier(of_probabilities(m.expected_calibration_error), constant=0.0, one=ANY),
    "ece, equal mass": classifier(of_probabilities(m.adaptive_calibration_error), constant=0.0, one=ANY),
    "nll": classifier(of_probabilities(m.negative_log_likelihood), constant=np.log(CLASSES), one=ANY),
    "nll from logits": classifier(m.negative_log_likelihood_from_logits, constant=np.log(CLASSES), one=ANY),
    "brier": classifier(of_probabilities(m.brier_score), constant=1 - CHANCE, one=ANY),
    "temperature": classifier(m.fit_temperature, constant=BadInput, one=ANY),
    "auroc": detector(m.auroc, constant=0.5, one=ANY),
    "fpr at 95": detector(m.fpr_at_tpr, constant=1.0, one=ANY),
    "shape bias": Metric(biased, cued, ((0, 1, 2),), constant=ANY, one=BadInput),
    "factor accuracy": Metric(m.factor_accuracy, factored, constant=ANY, one=ANY),
    "recall": Metric(recall, retrieved, ((0,), (1, 2)), constant=RECALL_BY_CHANCE, one=(1.0,) * 4),
    "correlation": Metric(m.correlation, modelled, constant=(NAN, NAN, NAN, 60), one=BadInput),
    "huber line": Metric(partial(line, "huber"), modelled, constant=(0.0, 0.0, NAN), one=BadInput),
    "theil-sen line": Metric(partial(line, "theil-sen"), modelled, constant=(0.0, 0.0, NAN), one=BadInput),
}
CLASSIFIERS = [name for name, metric in METRICS.items() if metric.make is classified]
every_metric = pytest.mark.parametrize("name", METRICS)


def value(name, arguments) -> np.ndarray:
    """The metric as an array; its arguments are read-only, so that a metric that writes to them fails."""
    arguments = [np.array(a) for a in arguments]
    for array in arguments:
        array.setflags(write=False)
    return np.atleast_1d(np.asarray(METRICS[name].call(*arguments), dtype=float))


def data(name, n=60, seed=0):
    return list(METRICS[name].make(np.random.default_rng(seed), n))


def take(name, arguments, choose):
    """Arguments with `choose(length)` applied to the rows of each group of samples."""
    arguments = list(arguments)
    for group in METRICS[name].together:
        rows = choose(len(arguments[group[0]]))
        for i in group:
            arguments[i] = arguments[i][rows]
    return arguments


@every_metric
@pytest.mark.parametrize("seed", range(3))
def test_order_of_samples_does_not_matter(name, seed):
    arguments = data(name, seed=seed)
    images = []

    def choose(length):
        images.append(np.random.default_rng(seed + 10).permutation(length))
        return images[-1]

    shuffled = take(name, arguments, choose)
    if name == "recall":  # the third argument counts into the first, which was shuffled too
        shuffled[2] = np.argsort(images[0])[shuffled[2]]
    np.testing.assert_allclose(value(name, shuffled), value(name, arguments), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    "name", [n for n in METRICS if n != "recall"]
)  # twice the candidates is another task
def test_data_twice_is_worth_the_same(name):
    arguments = data(name)
    twice = take(name, arguments, lambda length: np.tile(np.arange(length), 2))
    ratio = value(name, twice) / value(name, arguments)
    counts = {"shape bias": [1, 1, 2, 2, 2], "correlation": [1, 1, 1, 2]}
    np.testing.assert_allclose(ratio, counts.get(name, np.ones_like(ratio)), rtol=1e-5)


# "accuracy" takes the label that the caller chose; argmax gives a tie to the first class.
@pytest.mark.parametrize(
    ("name", "ties"), [(n, t) for n in CLASSIFIERS for t in (False, True) if (n, t) != ("accuracy", True)]
)
def test_numbering_of_classes_does_not_matter(name, ties):
    logits, target = data(name)
    if ties:
        logits = np.round(logits / 2)
    new = np.random.default_rng(1).permutation(CLASSES)
    relabelled = logits[:, new], np.argsort(new)[target]
    np.testing.assert_allclose(value(name, relabelled), value(name, [logits, target]), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "make"), [(biased, cued), (m.accuracy, lambda r, n: r.integers(0, 4, (2, n)))]
)
def test_names_serve_as_well_as_indices(call, make):
    arguments = make(np.random.default_rng(0), 60)
    names = np.array(["cat", "dog", "car", "oven"])
    assert call(*(names[a] for a in arguments)) == call(*arguments)


@every_metric
@pytest.mark.parametrize("floats", ["float32", ">f8"])
@pytest.mark.parametrize("integers", ["int8", "uint8", "int32"])
def test_dtype_does_not_matter(name, floats, integers):
    arguments = data(name)
    cast = [a.astype(floats if a.dtype.kind == "f" else integers) for a in arguments]
    np.testing.assert_allclose(value(name, cast), value(name, arguments), rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in METRICS if METRICS[n].make is not modelled])
def test_integers_serve_as_well_as_floats(name):
    whole = [np.round(3 * a) if a.dtype.kind == "f" else a for a in data(name)]
    cast = [a.astype(np.int64) for a in whole]
    np.testing.assert_allclose(value(name, cast), value(name, whole), rtol=1e-12)


@every_metric
def test_lists_serve_as_well_as_arrays(name):
    arguments = data(name)
    from_lists = METRICS[name].call(*(a.tolist() for a in arguments))
    np.testing.assert_array_equal(np.atleast_1d(np.asarray(from_lists, dtype=float)), value(name, arguments))


def constant(name, arguments):
    """The arguments with every prediction the same; where it is about many models, all models alike."""
    if name == "recall":
        return [np.ones_like(arguments[0]), np.ones_like(arguments[1]), arguments[2]]
    if METRICS[name].make is detected:
        return [np.zeros_like(a) for a in arguments]
    if METRICS[name].make is modelled:
        return [arguments[0], np.full_like(arguments[1], 0.5)]
    if name == "ece" or name == "ece, equal mass":  # balanced targets, so that chance is exactly calibrated
        return [np.zeros_like(arguments[0]), np.arange(len(arguments[1])) % CLASSES]
    return [np.zeros_like(arguments[0]), *arguments[1:]]


def check(name, arguments, expected):
    if expected is BadInput:
        with pytest.raises(BadInput):
            value(name, arguments)
    else:
        found = value(name, arguments)
        if expected is not ANY:
            np.testing.assert_allclose(found, np.atleast_1d(expected), atol=1e-9)
        assert not np.isinf(found).any()


@every_metric
def test_constant_predictor_gets_chance(name):
    check(name, constant(name, data(name)), METRICS[name].constant)


@every_metric
@pytest.mark.filterwarnings("ignore:the best temperature lies")
def test_one_sample(name):
    arguments = data(name, n=1)
    if name == "shape bias":
        arguments[2] = arguments[1]
    check(name, arguments, METRICS[name].one)


@every_metric
def test_no_sample_is_an_error(name):
    with pytest.raises(BadInput):
        METRICS[name].call(*(a[:0] for a in data(name)))


@pytest.mark.parametrize("name", [n for n in METRICS if METRICS[n].make is not detected])  # not paired
def test_samples_of_different_number_are_an_error(name):
    arguments = data(name)
    arguments[-1] = arguments[-1][:-1]
    with pytest.raises(BadInput, match="sample counts differ"):
        METRICS[name].call(*arguments)


@pytest.mark.parametrize("score", [m.mcm, m.msp, m.max_logit])
def test_scores_follow_their_samples_and_ignore_the_numbering_of_classes(score):
    rng = np.random.default_rng(0)
    values = rng.uniform(-1, 1, (20, CLASSES))
    rows, columns = rng.permutation(20), rng.permutation(CLASSES)
    np.testing.assert_allclose(score(values[rows][:, columns]), score(values)[rows], rtol=1e-12)
    np.testing.assert_allclose(score(values.astype(np.float32)), score(values), rtol=1e-6)


def test_every_public_function_is_in_this_suite_or_has_its_own_file():
    # fmt: off
    elsewhere = {
        "best_ranks", "calibration_error", "class_probabilities", "confidence_and_correct", "effective_robustness",
        "error_ratio", "max_logit", "mcm", "msp", "recall_hits", "reliability_table", "resampled_auroc",
        "resampled_calibration_error", "resampled_fpr_at_tpr", "resampled_lines", "resampled_mean",
        "resampled_ratio", "resampled_temperature", "restrict_to_classes", "rms_calibration_error", "softmax",
        "calibration_noise_floor",
    }
    here = {
        "accuracy", "adaptive_calibration_error", "auroc", "brier_score", "correlation",
        "expected_calibration_error", "factor_accuracy", "fit_line", "fit_temperature", "fpr_at_tpr",
        "negative_log_likelihood", "negative_log_likelihood_from_logits", "recall_at_k", "shape_bias",
        "top_k_accuracy",
    }
    # fmt: on
    functions = {name for name in m.__all__ if not isinstance(getattr(m, name), type)}
    assert functions == here | elsewhere
