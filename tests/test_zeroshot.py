"""Prompt ensembles and zero-shot logits, against open_clip and by hand."""

import numpy as np
import open_clip
import pytest
import torch
from random_models import clip_weights
from scipy.special import softmax

from clipkit.errors import BadInput
from clipkit.models import load
from clipkit.prompts import templates
from clipkit.store import EmbeddingStore
from clipkit.zeroshot import (
    classify,
    ensemble,
    stored_classifier,
    stored_text_features,
    text_classifier,
    text_features,
)

NAMES = ("dog", "cat", "great white shark")


@pytest.fixture(scope="module")
def model():
    return load("ViT-S-32", weights=clip_weights("ViT-S-32"), quickgelu=False, device="cpu")


def test_prompt_ensemble_is_normalised_twice():
    """Two prompts of lengths 10 and 1, 90 degrees apart: the mean of units has length 1/√2, the result 1."""
    prompts = np.array([[[10.0, 0.0], [0.0, 1.0]]])
    half = np.sqrt(0.5)
    assert ensemble(prompts) == pytest.approx(np.array([[half, half]]))
    only_after = prompts.mean(axis=1) / np.linalg.norm(prompts.mean(axis=1))
    only_before = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)
    for wrong in (only_after, only_before):
        assert ensemble(prompts) != pytest.approx(wrong)


def test_the_classifier_is_open_clips(model):
    ours = text_classifier(model, NAMES, templates("7"), batch_size=4)
    net = model.net
    theirs = open_clip.build_zero_shot_classifier(net, model.tokenizer, NAMES, [t for t in templates("7")])
    assert ours.shape == (384, 3) and ours.dtype == np.float32
    assert np.abs(ours - theirs.numpy()).max() < 1e-5
    assert np.linalg.norm(ours, axis=0) == pytest.approx([1, 1, 1], abs=1e-6)


def test_logits_are_scaled_cosines_whatever_the_length_of_the_features():
    features = np.array([[3.0, 4.0], [0.0, 0.1]])
    logits = classify(features, np.eye(2), logit_scale=50)
    assert logits == pytest.approx(np.array([[30, 40], [0, 50]]))
    assert classify(features * 7, np.eye(2), logit_scale=50) == pytest.approx(logits)


def test_a_siglip_bias_moves_logits_and_not_probabilities():
    features = np.random.default_rng(0).normal(size=(5, 4))
    without, biased = (classify(features, np.eye(4), 10.0, bias) for bias in (None, -12.5))
    assert biased == pytest.approx(without - 12.5)
    assert softmax(biased, axis=1) == pytest.approx(softmax(without, axis=1))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((2, 3)), "differ in width"),
        (np.array([[1.0, 0], [0, 0]]), "image feature 1 is zero or not finite"),
        (np.array([[np.nan, 0]]), "image feature 0 is zero"),
    ],
)
def test_features_without_a_cosine_are_refused(features, message):
    with pytest.raises(BadInput, match=message):
        classify(features, np.eye(2), 100)


def test_an_empty_list_is_refused(model):
    with pytest.raises(BadInput, match="at least one class name and one template"):
        text_classifier(model, [], templates("1"))


def test_a_stored_classifier_needs_the_text_tower_once(model, tmp_path, monkeypatch):
    store = EmbeddingStore(tmp_path)
    first = stored_classifier(model, NAMES, templates("5"), store)
    calls = []
    monkeypatch.setattr(
        model, "encode_text", lambda tokens: calls.append(len(tokens)) or torch.ones(len(tokens), 384)
    )
    assert np.array_equal(stored_classifier(model, NAMES, templates("5"), store), first) and calls == []
    stored_classifier(model, NAMES, templates("1"), store)
    assert calls == [3]


def test_stored_texts_need_the_text_tower_once(model, tmp_path, monkeypatch):
    store, texts = EmbeddingStore(tmp_path), ["a cat", "two dogs", "a cat on a dog"]
    first = stored_text_features(model, texts, store)
    np.testing.assert_allclose(first, text_features(model, texts, batch_size=2), rtol=1e-3, atol=1e-4)
    calls = []
    monkeypatch.setattr(
        model, "encode_text", lambda tokens: calls.append(len(tokens)) or torch.ones(len(tokens), 384)
    )
    assert np.array_equal(stored_text_features(model, texts, store), first) and calls == []
    stored_text_features(model, texts[:2], store)
    assert calls == [2]
