"""What was planted comes out of the vectors, through the metrics that sections use."""

import inspect
from itertools import pairwise

import numpy as np
import pytest

from clipkit import metrics
from clipkit.errors import BadInput, UnknownName
from clipkit.models.cards import KINDS, cards
from clipkit.pocket.oracle import OracleModel, by_prompts, exact, is_planted, oracle_suite, population
from clipkit.pocket.oracle.planted import above_line
from clipkit.pocket.sets import SETS
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections.outputs import Outputs

DETECTORS = {
    "mcm": lambda model, name: metrics.mcm(model.cosines(name)),
    "msp": lambda model, name: metrics.msp(model.logits(name)),
    "max logit": lambda model, name: metrics.max_logit(model.logits(name)),
}


def accuracy_of(model, name, rows=slice(None)):
    return metrics.accuracy(model.logits(name).argmax(axis=1)[rows], model.labels(name)[rows])


def ece_of(model, name):
    return metrics.expected_calibration_error(metrics.softmax(model.logits(name)), model.labels(name))


def overconfidence_of(model, name):
    return float(metrics.msp(model.logits(name)).mean()) - accuracy_of(model, name)


def recall_of(model, ks=(1, 5, 10)):
    texts = model.texts("retrieval", "captions")
    found = metrics.recall_at_k(model.features("retrieval"), texts.features, texts.image, ks)
    return {f"image_recall@{k}": v for k, v in found.image.items()} | {
        f"text_recall@{k}": v for k, v in found.text.items()
    }


@pytest.fixture(scope="module")
def suite():
    return oracle_suite("suite")


# The model


def test_the_suite_answers_on_every_pocket_set_with_its_accuracy(suite):
    assert set(suite.sets) == set(SETS)
    for name in SETS:
        assert len(suite.features(name)) == len(suite.labels(name)) == len(suite.table(name))
        if "accuracy" in suite.truth(name):
            assert accuracy_of(suite, name) == pytest.approx(suite.truth(name)["accuracy"])
        if SETS[name].task.endswith("OOD"):
            assert set(suite.labels(name)) == {-1}


def test_it_has_the_methods_of_outputs_with_their_signatures(suite):
    asked = {k: v for k, v in vars(Outputs).items() if inspect.isfunction(v) and not k.startswith("_")}
    assert set(asked) >= {"features", "cosines", "logits", "labels", "table", "texts"}
    for name, method in asked.items():
        assert inspect.signature(getattr(OracleModel, name)) == inspect.signature(method)
    assert suite.track == "pocket"


def test_its_card_cannot_be_taken_for_a_finding(suite):
    card = suite.card
    assert (card.name, card.kind, card.source, card.track) == ("oracle/suite", "planted", "planted", "pocket")
    assert is_planted(card) and card.kind not in KINDS
    assert not any(is_planted(other) or other.name.startswith("oracle/") for other in cards().values())


def test_with_a_head_it_has_logits_but_no_prompts():
    planted = exact.classification("wild", 0.75, 0.1)
    model = OracleModel("head", planted, prompts=False)
    assert not model.card.prompts and accuracy_of(model, "wild") == 0.75
    with pytest.raises(BadInput, match="oracle/head has a head and no prompts, so no cosines"):
        model.cosines("wild")
    with pytest.raises(BadInput, match="so no texts"):
        model.texts("wild", "captions")


@pytest.mark.parametrize("name", ["factors", "cue-conflict-other", "retrieval", "far-noise"])
def test_tables_have_the_columns_of_the_rendered_sets(name, suite, small):
    rendered = small(SETS[name].draw, 2, name=name, size=8, samples=1)
    assert list(suite.table(name).columns) == list(rendered.table.columns)
    assert len(OracleModel("one", suite.sets[name]).table(name)) == len(suite.table(name))


def test_vectors_are_turned_unequally_long_and_still_give_the_planted_logits(suite):
    features, logits = suite.features("wild"), suite.logits("wild")
    assert features.dtype == suite.class_vectors().dtype == np.float32
    assert np.ptp(np.linalg.norm(features, axis=1)) > 1
    assert not np.isclose(features, 0).all(axis=0).any()  # no coordinate is idle
    np.testing.assert_allclose(suite.class_vectors().T @ suite.class_vectors(), np.eye(26), atol=1e-6)
    planted, ordered = suite.answers("wild"), np.sort(logits, axis=1)
    np.testing.assert_array_equal(logits.argmax(axis=1), planted.decision)
    np.testing.assert_allclose(ordered[:, -1] - ordered[:, -2], planted.evidence, atol=1e-4)
    np.testing.assert_allclose(logits, 100 * suite.cosines("wild"), rtol=1e-5, atol=1e-4)


def test_the_seed_decides_everything():
    def features(seed):
        return OracleModel("m", exact.classification("wild", 0.7, n=26, seed=seed), seed=seed).features(
            "wild"
        )

    np.testing.assert_array_equal(features(1), features(1))
    assert not np.allclose(features(1), features(2))


def test_each_prompt_set_can_have_its_own_truth():
    answers = {"1": exact.classification("wild", 0.5), "80": exact.classification("wild", 0.75, -0.1)}
    model = OracleModel("prompts", by_prompts(answers))
    found = {p: model.logits("wild", p).argmax(axis=1) for p in ("1", "5", "80")}
    accuracies = {p: metrics.accuracy(d, model.labels("wild")) for p, d in found.items()}
    assert accuracies == {"1": 0.5, "5": 0.5, "80": 0.75}
    truth = model.truth("wild")
    assert (truth["accuracy"], truth["accuracy/1"], truth["accuracy/80"]) == (0.5, 0.5, 0.75)


# Exact truth


@pytest.mark.parametrize(
    "accuracy, overconfidence", [(0.75, 0.0), (0.75, 0.1), (0.75, -0.3), (0.25, 0.75), (0.5, -0.45), (1, 0)]
)
def test_accuracy_and_calibration_are_exact(accuracy, overconfidence):
    model = OracleModel("m", exact.classification("wild", accuracy, overconfidence, n=104))
    assert accuracy_of(model, "wild") == accuracy == model.truth("wild")["accuracy"]
    assert overconfidence_of(model, "wild") == pytest.approx(overconfidence, abs=1e-5)
    assert ece_of(model, "wild") == pytest.approx(abs(overconfidence), abs=1e-5)


def test_the_temperature_that_mends_confidence_is_exact_and_mends_it():
    model = OracleModel("m", exact.classification("wild", 0.75, 0.15, n=104))
    logits, labels = model.logits("wild"), model.labels("wild")
    temperature = metrics.fit_temperature(logits, labels)
    # confidence .9 is evidence ln(9 * 25), accuracy .75 is worth ln(3 * 25)
    assert temperature == pytest.approx(np.log(225) / np.log(75), abs=1e-4)
    assert temperature == pytest.approx(model.truth("wild")["temperature"], abs=1e-4)
    mended = metrics.softmax(logits, temperature)
    assert metrics.expected_calibration_error(mended, labels) == pytest.approx(0, abs=1e-3)


def test_calibration_error_can_hide_behind_a_mean_confidence_that_is_right():
    model = OracleModel("m", exact.classification("wild", 0.75, overconfidence=0.0, ece=0.2, n=104))
    assert ece_of(model, "wild") == pytest.approx(0.2, abs=1e-5)
    assert overconfidence_of(model, "wild") == pytest.approx(0, abs=1e-5)
    partly = OracleModel("m", exact.classification("wild", 0.75, overconfidence=0.1, ece=0.2, n=104))
    assert (ece_of(partly, "wild"), overconfidence_of(partly, "wild")) == pytest.approx((0.2, 0.1), abs=1e-5)


@pytest.mark.parametrize("bias, cue", [(0.4, 0.75), (0.0, 1.0), (1.0, 0.5), (0.25, 0.0)])
def test_shape_bias_is_exact(bias, cue):
    model = OracleModel("m", exact.cue_conflict("cue-conflict-neutral", bias, cue, n=80))
    table = model.table("cue-conflict-neutral")
    decision = np.array(CLASS_NAMES)[model.logits("cue-conflict-neutral").argmax(axis=1)]
    found = metrics.shape_bias(decision, table["shape"], table["texture"])
    assert (found.cue_accuracy, found.n) == (cue, 80)
    assert found.shape_bias == pytest.approx(bias if cue else np.nan, nan_ok=True)
    assert model.truth("cue-conflict-neutral")["shape_bias"] == pytest.approx(found.shape_bias, nan_ok=True)


@pytest.mark.parametrize("score", DETECTORS)
@pytest.mark.parametrize(
    "auroc, fpr", [(0.8, None), (0.8, 0.25), (0.8, 0.95), (0.3, None), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0)]
)
def test_auroc_and_fpr_are_exact_whatever_the_score(score, auroc, fpr):
    known = exact.classification("wild", 0.8, 0.1, n=104)
    model = OracleModel("m", known, exact.out_of_distribution("near-ood", known, auroc, fpr, n=100))
    id_scores, ood_scores = (DETECTORS[score](model, name) for name in ("wild", "near-ood"))
    truth = model.truth("near-ood")
    assert metrics.auroc(id_scores, ood_scores) == pytest.approx(truth["auroc"], abs=1e-12)
    assert metrics.fpr_at_tpr(id_scores, ood_scores) == truth["fpr95"]
    assert truth["auroc"] == pytest.approx(auroc, abs=1 / 4000 if 0 < auroc < 1 else 1 / 200)
    if fpr is not None:
        assert truth["fpr95"] == fpr
    assert ece_of(model, "wild") == pytest.approx(0.1, abs=1e-5)  # detection costs calibration nothing


def test_each_factor_has_its_own_drop_on_the_same_pairs():
    drops = {"pose": 0.5, "style": 0.25, "larger": -0.125}
    model = OracleModel("m", exact.factors(0.75, drops, n=64))
    table, correct = model.table("factors"), model.logits("factors").argmax(axis=1) == model.labels("factors")
    marks = np.stack([table["factor"] == f for f in ("base", *FACTORS)], axis=1)
    base, *found = metrics.factor_accuracy(correct, marks)
    assert base == 0.75
    assert {f: base - a for f, a in zip(FACTORS, found, strict=True)} == {f: drops.get(f, 0) for f in FACTORS}
    by_pair = {f: correct[table["factor"] == f] for f in ("base", "pose")}
    assert not (
        by_pair["pose"] & ~by_pair["base"]
    ).any()  # nothing regained: a twin is right only if both are


def test_pairs_may_disagree_more_at_an_equal_drop():
    model = OracleModel("m", exact.factors(0.5, {"pose": 0.25}, regained=0.25, n=64))
    table, correct = model.table("factors"), model.logits("factors").argmax(axis=1) == model.labels("factors")
    base, pose = (correct[table["factor"] == f] for f in ("base", "pose"))
    assert (int((base & ~pose).sum()), int((pose & ~base).sum())) == (24, 8)  # 16 net = 0.25 * 64


def test_a_model_above_the_baselines_line_has_the_planted_effective_robustness():
    line = {"intercept": -0.4, "slope": 0.8}

    def planted(x, offset=0.0, n=260):
        y = float(above_line(x, **line, offset=offset))
        return OracleModel(
            "m", exact.classification("wild", x, n=n), exact.classification("sketch", y, n=n),
            exact.factors(x, {"pose": x - y}, n=n),
        )  # fmt: skip

    def shifted(model):
        pose = np.flatnonzero(model.table("factors")["factor"] == "pose")
        return accuracy_of(model, "sketch"), accuracy_of(model, "factors", pose)

    baselines = [planted(x) for x in (0.4, 0.5, 0.6, 0.7, 0.8)]
    model = planted(0.65, offset=0.12)
    x = [accuracy_of(b, "wild") for b in baselines]
    for k in range(2):
        fitted = metrics.fit_line(x, [shifted(b)[k] for b in baselines])
        assert (fitted.intercept, fitted.slope) == pytest.approx((-0.4, 0.8), abs=0.02)
        rho = metrics.effective_robustness(fitted, accuracy_of(model, "wild"), shifted(model)[k])
        assert float(rho.value) == pytest.approx(0.12, abs=2 / 260)


@pytest.mark.parametrize(
    "image, text",
    [
        ({1: 0.5, 5: 0.75, 10: 0.9}, {1: 0.75, 5: 0.75, 10: 1.0}),
        ({1: 1.0}, {1: 0.05}),  # captions find their image, images not their captions
        ({1: 0.05, 10: 0.5}, {1: 1.0}),  # and the reverse
        ({1: 0.05, 5: 0.25, 10: 0.5}, {1: 0.05, 5: 0.05, 10: 0.15}),  # nearly nothing is found
    ],
)
def test_recall_is_exact_in_both_directions(image, text):
    model = OracleModel("m", exact.retrieval(image, text, n=20))
    found, truth = recall_of(model), model.truth("retrieval")
    for wanted, direction in ((image, "image"), (text, "text")):
        for k, value in wanted.items():
            assert (
                found[f"{direction}_recall@{k}"] == pytest.approx(value) == truth[f"{direction}_recall@{k}"]
            )
    assert accuracy_of(model, "retrieval") == 0.8


def test_hard_negatives_are_exact_per_kind():
    wanted = {"attribute": 1.0, "relation": 0.5, "order": 0.25, "count": 0.0}
    model = OracleModel("m", exact.hard_negatives(wanted, n=8))
    images, kinds = model.features("hard-negatives"), model.table("hard-negatives")["kind"]
    cosine = {}
    for column in ("caption", "negative"):
        texts = model.texts("hard-negatives", column)
        assert texts.image.tolist() == list(range(len(images)))
        norms = np.linalg.norm(images, axis=1) * np.linalg.norm(texts.features, axis=1)
        cosine[column] = (images * texts.features).sum(axis=1) / norms
    right = cosine["caption"] > cosine["negative"]
    assert {kind: right[kinds == kind].mean() for kind in wanted} == wanted


# Truth of the population


@pytest.mark.parametrize("accuracy, overconfidence", [(0.7, 0.15), (0.7, -0.3), (0.4, 0.3)])
def test_population_calibration_and_temperature(accuracy, overconfidence):
    n = 3000
    model = OracleModel("m", population.classification("wild", accuracy, overconfidence, n=n))
    noise = 4 * 0.5 / np.sqrt(n)
    assert accuracy_of(model, "wild") == pytest.approx(accuracy, abs=noise)
    assert overconfidence_of(model, "wild") == pytest.approx(overconfidence, abs=noise)
    assert ece_of(model, "wild") == pytest.approx(abs(overconfidence), abs=noise)
    temperature = metrics.fit_temperature(model.logits("wild"), model.labels("wild"))
    assert temperature == pytest.approx(model.truth("wild")["temperature"], rel=0.1)
    mended = metrics.softmax(model.logits("wild"), model.truth("wild")["temperature"])
    assert metrics.expected_calibration_error(mended, model.labels("wild")) < 0.03 < ece_of(model, "wild")


def test_population_binormal_detection():
    """d = 1.19 at AUROC .8: FPR@95 is then Φ(1.645 - 1.19) = .675."""
    n = 3000
    known, unknown = (
        population.classification("wild", 0.7, 0.1, n=n),
        population.out_of_distribution("near-ood", population.ease(0.7, 0.1), 0.8, n=n),
    )
    model = OracleModel("m", known, unknown)
    assert model.truth("near-ood")["fpr95"] == pytest.approx(0.675, abs=1e-3)
    id_scores, ood_scores = (metrics.mcm(model.cosines(name)) for name in ("wild", "near-ood"))
    assert metrics.auroc(id_scores, ood_scores) == pytest.approx(0.8, abs=4 * 0.4 / np.sqrt(n))
    assert metrics.fpr_at_tpr(id_scores, ood_scores) == pytest.approx(0.675, abs=0.05)


def test_population_accuracies_are_binomial_over_seeds():
    sets = [population.classification("wild", 0.7, n=104, seed=seed) for seed in range(200)]
    found = [accuracy_of(OracleModel("m", each), "wild") for each in sets]
    expected_sd = np.sqrt(0.7 * 0.3 / 104)
    assert np.mean(found) == pytest.approx(0.7, abs=4 * expected_sd / np.sqrt(200))
    assert np.std(found) == pytest.approx(expected_sd, rel=0.2)


def test_population_shape_bias_over_seeds():
    found = []
    for seed in range(40):
        planted = population.cue_conflict("cue-conflict-other", 0.3, 0.6, n=104, seed=seed)
        model = OracleModel("m", planted)
        decision = np.array(CLASS_NAMES)[model.logits(planted.name).argmax(axis=1)]
        found.append(metrics.shape_bias(decision, planted.table["shape"], planted.table["texture"])[:2])
    noise = 4 * 0.5 / np.sqrt(40 * 104 * 0.6)
    assert np.mean(found, axis=0) == pytest.approx([0.3, 0.6], abs=noise)


def test_population_factor_drops_over_seeds():
    found = []
    for seed in range(40):
        planted = population.factors(0.7, {"pose": 0.4, "larger": -0.05}, regained=0.2, n=52, seed=seed)
        model = OracleModel("m", planted)
        correct = model.logits("factors").argmax(axis=1) == model.labels("factors")
        found.append([correct[planted.table["factor"] == f].mean() for f in ("base", "pose", "larger")])
    assert np.mean(found, axis=0) == pytest.approx([0.7, 0.3, 0.75], abs=4 * 0.5 / np.sqrt(40 * 52))


@pytest.mark.parametrize("advantage", [0.0, 4.0])
def test_population_recall_has_a_closed_form(advantage):
    """Without advantage every ranking is equally likely, and k / n of the images are found."""
    models = [OracleModel("m", population.retrieval(advantage, n=52, seed=seed)) for seed in range(20)]
    truth = {k: v for k, v in models[0].truth("retrieval").items() if "recall" in k}
    if not advantage:
        assert truth["image_recall@5"] == pytest.approx(5 / 52)
    found = [recall_of(model) for model in models]
    for name, value in truth.items():
        assert np.mean([f[name] for f in found]) == pytest.approx(value, abs=4 * 0.5 / np.sqrt(20 * 52))
    values = [truth[f"text_recall@{k}"] for k in (1, 5, 10)]
    assert all(a < b for a, b in pairwise(values))


# What cannot be


KNOWN = exact.classification("wild", 0.8, n=52)


@pytest.mark.parametrize(
    "request_, why",
    [
        (lambda: exact.classification("wild", 1.2), "accuracy holds 1.2, outside"),
        (lambda: exact.classification("wild", 0.75, 0.3), "needs a mean confidence of 1.050"),
        (lambda: exact.classification("wild", 0.25, -0.25), "needs a mean confidence of 0.000"),
        (lambda: exact.classification("wild", 0.75, 0.2, ece=0.1), "less than the overconfidence"),
        (lambda: exact.classification("wild", 0.75, 0.0, ece=0.01), "share one of 15 bins"),
        (lambda: exact.classification("near-ood", 0.5), "no known class"),
        (lambda: exact.cue_conflict("cue-conflict-neutral", 0.5, 1.1), "cue_accuracy holds 1.1"),
        (lambda: exact.out_of_distribution("near-ood", KNOWN, 1.2), "auroc holds 1.2"),
        (lambda: exact.out_of_distribution("near-ood", KNOWN, 0.9, fpr=0.01), "fpr between 0.100 and 1.000"),
        (lambda: exact.out_of_distribution("near-ood", KNOWN, 0.99, fpr=0.5), "fpr between 0.010 and 0.200"),
        (lambda: exact.factors(0.5, {"pose": 0.6}, n=26), "'pose': a drop of 0.6"),
        (lambda: exact.factors(0.5, {"mood": 0.1}, n=26), "unknown factor 'mood'"),
        (lambda: exact.retrieval({1: 0.5, 5: 0.4}, {1: 0.5}, n=26), "never falls as k grows"),
        (lambda: exact.retrieval({1: 0.0}, {1: 0.5}, n=26), "image_recall is lower"),
        (lambda: exact.hard_negatives(-0.1, n=2), "accuracy of attribute holds -0.1"),
        (lambda: population.classification("wild", 0.7, 0.4), "is out of reach"),
        (lambda: population.classification("wild", 1.0), "no room for images of unequal ease"),
        (lambda: population.out_of_distribution("near-ood", population.ease(0.7), 1.0), "no finite distance"),
        (lambda: population.factors(0.5, {"pose": 0.5}, regained=0.2, n=26), "'pose': a drop of 0.5"),
        (lambda: above_line([0.8], intercept=0, slope=1, offset=0.3), "above the line holds 1.1"),
        (lambda: by_prompts({"80": KNOWN}), "without 1"),
        (lambda: OracleModel("empty"), "has no data set"),
    ],
)
def test_what_no_sample_can_have_is_refused_with_the_reason(request_, why):
    with pytest.raises(BadInput, match=why):
        request_()


def test_unknown_sets_texts_and_prompts_are_named(suite):
    with pytest.raises(UnknownName, match="unknown planted set 'wilde'\n.*Did you mean wild"):
        suite.features("wilde")
    with pytest.raises(UnknownName, match="'caption' of 'retrieval'\n.*captions"):
        suite.texts("retrieval", "caption")
    with pytest.raises(UnknownName, match="unknown prompt set '7'"):
        suite.logits("wild", "7")
