"""Ten mistakes that public libraries shipped, one test each.

Three need models or files and live with them:
4 (QuickGELU) in tests/test_models.py::test_quickgelu_is_taken_from_the_tag,
5 (prompt ensembles) in tests/test_zeroshot.py::test_prompt_ensemble_is_normalised_twice,
10 (truncated data) in tests/datasets/test_readers.py::test_fewer_samples_than_expected_is_an_error.
The unseeded bootstraps of trap 8 are the subject of tests/stats/.
"""

import numpy as np
import pytest
from scipy.stats import spearmanr

from clipkit.errors import BadInput
from clipkit.metrics import (
    accuracy,
    brier_score,
    class_probabilities,
    expected_calibration_error,
    fpr_at_tpr,
    mcm,
    msp,
    recall_hits,
    reliability_table,
    restrict_to_classes,
    shape_bias,
    softmax,
    top_k_accuracy,
)


def test_1_confidence_of_exactly_one_falls_into_the_last_of_fifteen_bins():
    p, target = [[1.0, 0.0], [1.0, 0.0], [0.95, 0.05]], [0, 1, 1]
    table = reliability_table(p, target)
    assert len(table.count) == 15
    assert table.count[-1] == table.count.sum() == 3, "neither a bin of their own nor dropped"
    # One bin: accuracy 1/3, mean confidence 2.95/3. With a bin of its own for 1.0: (2 * 0.5 + 0.95) / 3.
    assert expected_calibration_error(p, target) == pytest.approx(1.95 / 3)
    assert expected_calibration_error([[1.0, 0.0], [0.95, 0.05]], [1, 0]) == pytest.approx(0.475)


def test_2_probabilities_are_never_guessed():
    """Cosines in [0, 1] look like probabilities; each metric takes one of the two and says so."""
    cosines = np.array([[0.31, 0.22, 0.18]])
    with pytest.raises(BadInput, match="row 0 of probabilities sums to 0.71, not to 1\n.*softmax"):
        brier_score(cosines, [0])
    with pytest.raises(BadInput, match="softmax"):
        class_probabilities(cosines, {"cat": [0]})
    probabilities = softmax(cosines)
    assert msp(probabilities)[0] == pytest.approx(softmax(probabilities).max()), "logits are always softmaxed"


def test_3_mcm_takes_cosines_at_temperature_one_without_logit_scale():
    rng = np.random.default_rng(0)
    cosine = rng.uniform(0.1, 0.35, (200, 50))
    np.testing.assert_allclose(mcm(cosine), softmax(cosine).max(axis=1))
    with pytest.raises(BadInput, match="logit scale"):
        mcm(100 * cosine)
    assert spearmanr(mcm(cosine), mcm(cosine, temperature=1 / 100)).statistic < 0.99, (
        "another score, not a rescaling"
    )


def test_6_text_recall_is_any_caption_and_captions_need_not_be_five():
    images = np.eye(3)
    texts = np.array([[0, 0, 1]] * 5 + [[1, 0.1, 0]] + [[0, 1, 0]] + [[0.1, 0, 1]] * 6, dtype=float)
    image_of_text = np.array([0] * 6 + [1] + [2] * 6)
    hits = recall_hits(images, texts, image_of_text, ks=[1, 5])
    assert hits.text[1][:2].tolist() == [1, 1], "one of six captions is enough"
    assert hits.image[1].shape == (13,) and hits.image[1][:6].tolist() == [0, 0, 0, 0, 0, 1]
    # Image 2's own captions come after five better ones that belong to image 0.
    assert hits.text[5][2] == 0


def test_6_logits_are_restricted_before_they_are_compared():
    """A class that the subset lacks must neither win nor hold probability."""
    logits = np.array([[2.0, 1.0, 9.0], [0.0, 3.0, 9.0]])
    target, subset = np.array([0, 1]), np.array([0, 1])
    assert top_k_accuracy(logits, target) == 0.0
    restricted = restrict_to_classes(logits, subset)
    assert top_k_accuracy(restricted, target) == 1.0
    np.testing.assert_allclose(softmax(restricted).sum(axis=1), 1)


def test_7_shape_bias_drops_agreeing_trials_and_divides_by_decisions_for_a_cue():
    names = [f"c{i}" for i in range(16)]
    pairs = [(s, t) for s in names for t in names for _ in range(5)]
    shape, texture = (np.array(column) for column in zip(*pairs, strict=True))
    assert len(shape) == 1280
    decision = np.where(np.arange(1280) % 4 == 0, "none of them", shape)
    found = shape_bias(decision, shape, texture)
    assert found.n == 1200 and found.n_texture == 0
    assert found.shape_bias == 1.0, "divided by shape + texture decisions, not by trials"
    assert found.cue_accuracy == found.n_shape / 1200
    p = np.array([[0.2, 0.2, 0.2, 0.4]])
    assert class_probabilities(p, {"many": [0, 1, 2], "one": [3]}).argmax() == 1, "mean over members, not sum"


def test_8_fpr_calls_id_positive_and_ties_go_against_the_detector():
    id_scores, ood_scores = [3, 3, 3, 3], [3, 3, 1, 1]
    assert fpr_at_tpr(id_scores, ood_scores) == 0.5, "OOD that ties with the threshold is accepted"
    assert fpr_at_tpr(np.arange(100), np.arange(100) - 50) == pytest.approx(0.45)
    assert fpr_at_tpr(np.arange(100) - 50, np.arange(100)) == 1.0, "exchanging the two is not symmetric"


def test_9_two_way_choice_against_the_models_own_error_is_its_top_1_while_a_coin_gets_half():
    """ImageNet-D asks "truth or distractor?", the distractor being CLIP's top-1 if wrong, else its top-2."""
    rng = np.random.default_rng(0)
    n, classes = 4000, 113
    target = rng.integers(0, classes, n)
    clip = rng.normal(size=(n, classes)) + 2.0 * np.eye(classes)[target]
    order = np.argsort(-clip, axis=1)
    distractor = np.where(order[:, 0] == target, order[:, 1], order[:, 0])
    rows = np.arange(n)

    def two_way(scores, other):
        return accuracy(np.where(scores[rows, target] > scores[rows, other], target, other), target)

    top_1 = accuracy(clip.argmax(axis=1), target)
    assert 0.1 < top_1 < 0.5
    assert two_way(clip, distractor) == top_1, "wrong images are wrong by construction"
    assert two_way(rng.normal(size=(n, classes)), distractor) == pytest.approx(
        0.5, abs=0.024
    )  # 3 standard errors
    chance = rng.integers(0, classes - 1, n)
    control = chance + (chance >= target)  # a random distractor, never the truth
    assert two_way(clip, control) > 0.85, "with a fair distractor the same model is far above the coin"
