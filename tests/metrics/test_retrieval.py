import numpy as np
import pytest
import torch
from clip_benchmark.metrics.zeroshot_retrieval import recall_at_k as reference

from clipkit.errors import BadInput
from clipkit.metrics import best_ranks, recall_at_k, recall_hits

KS = (1, 5, 10)


def world(captions_per_image, noise=2.0, dim=16, dtype=np.float32, seed=0):
    """Images, captions that scatter around them in shuffled order, and each caption's image."""
    rng = np.random.default_rng(seed)
    image_of_text = rng.permutation(np.repeat(np.arange(len(captions_per_image)), captions_per_image))
    images = rng.normal(size=(len(captions_per_image), dim))
    texts = images[image_of_text] + noise * rng.normal(size=(len(image_of_text), dim))
    return images.astype(dtype), texts.astype(dtype), image_of_text


@pytest.mark.parametrize(
    "captions", [[1] * 40, [5] * 30, np.tile([1, 5, 6, 7, 2], 8)], ids=["one", "five", "ragged"]
)
def test_equals_clip_benchmark(captions):
    images, texts, image_of_text = world(captions)
    i, t = (torch.nn.functional.normalize(torch.from_numpy(a), dim=1) for a in (images, texts))
    scores = t @ i.T
    positive = torch.zeros_like(scores, dtype=torch.bool)
    positive[torch.arange(len(t)), torch.from_numpy(image_of_text)] = True
    hits = recall_hits(images, texts, image_of_text, KS)
    for k in KS:
        np.testing.assert_array_equal(hits.image[k], (reference(scores, positive, k) > 0).numpy())
        np.testing.assert_array_equal(hits.text[k], (reference(scores.T, positive.T, k) > 0).numpy())
    assert 0 < hits.image[1].mean() < 1, "the comparison must see hits and misses"
    recall = recall_at_k(images, texts, image_of_text, KS)
    assert recall.image == {k: hits.image[k].mean() for k in KS}
    assert recall.text == {k: hits.text[k].mean() for k in KS}


@pytest.mark.parametrize("captions", [[1] * 40, np.tile([1, 5, 6, 7, 2], 8)], ids=["one", "ragged"])
def test_best_ranks_are_the_smallest_k_that_hits(captions):
    images, texts, image_of_text = world(captions)
    ranks = best_ranks(images, texts, image_of_text)
    hits = recall_hits(images, texts, image_of_text, range(1, len(texts) + 1))
    for rank, by_k in zip(ranks, hits, strict=True):
        np.testing.assert_array_equal(rank, 1 + np.argmax(np.stack(list(by_k.values())), axis=0))
    assert ranks.image.max() > 5, "the comparison must see misses"


def test_tied_ranks_are_those_of_random_order():
    """Twelve orders of two right and two wrong candidates put the first right one at 1 six times, at 2 four, 3 two."""
    images = [[1.0, 0.0], [0.0, 1.0]]
    ranks = best_ranks(images, [[1.0, 1.0]] * 4, [0, 0, 1, 1])
    assert ranks.text.tolist() == pytest.approx([(6 * 1 + 4 * 2 + 2 * 3) / 12] * 2)
    assert ranks.image.tolist() == [1.5] * 4


@pytest.mark.parametrize("chunk", [1, 7, 64, 10_000])
def test_chunk_does_not_change_hits_even_with_duplicates(chunk):
    images, texts, image_of_text = world([3] * 50)
    texts[10:20] = texts[:10]
    images[5] = images[6]
    whole = recall_hits(images, texts, image_of_text, KS, chunk=256)
    parts = recall_hits(images, texts, image_of_text, KS, chunk=chunk)
    for a, b in zip(whole, parts, strict=True):
        for k in KS:
            np.testing.assert_array_equal(a[k], b[k])


def test_order_of_images_and_captions_does_not_matter():
    images, texts, image_of_text = world([2, 3, 1] * 20)
    images[:15] = images[15:30]
    rng = np.random.default_rng(3)
    new_image, new_text = rng.permutation(len(images)), rng.permutation(len(texts))
    place = np.argsort(new_image)
    before = recall_at_k(images, texts, image_of_text, KS)
    after = recall_at_k(images[new_image], texts[new_text], place[image_of_text[new_text]], KS)
    for a, b in zip(before, after, strict=True):
        assert a == pytest.approx(b, abs=1e-12)


def test_identical_captions_of_two_images_share_the_first_place():
    images = np.eye(2)
    hits = recall_hits(images, [[1.0, 0.0], [1.0, 0.0]], [0, 1], ks=[1, 2])
    assert hits.text[1].tolist() == [0.5, 0.5] and hits.text[2].tolist() == [1.0, 1.0]
    assert hits.image[1].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("chunk", [1, 256])
def test_equal_features_tie_exactly_wherever_they_are_stored(chunk):
    """Each caption occurs word for word at two images; BLAS alone scores some of these pairs unequally."""
    rng = np.random.default_rng(0)
    texts = np.tile(rng.normal(size=(103, 512)), (2, 1))
    images = texts + 0.1 * rng.normal(size=texts.shape)
    hits = recall_hits(images, texts, np.arange(206), ks=[1], chunk=chunk)
    assert set(hits.text[1].tolist()) == {0.5}


def test_collapsed_model_scores_chance():
    n = 20
    hits = recall_hits(np.ones((n, 4)), np.ones((n, 4)), np.arange(n), ks=[1, 5])
    np.testing.assert_allclose(hits.image[5], 5 / n)
    np.testing.assert_allclose(hits.text[1], 1 / n)


def test_length_of_features_does_not_matter():
    images, texts, image_of_text = world([2] * 30)
    scaled = recall_at_k(images * 7, texts * np.arange(1, 61)[:, None], image_of_text)
    assert scaled == recall_at_k(images, texts, image_of_text)


def test_random_features_have_recall_k_over_n():
    rng = np.random.default_rng(0)
    recall = recall_at_k(rng.normal(size=(2000, 32)), rng.normal(size=(2000, 32)), np.arange(2000), ks=[200])
    assert recall.image[200] == pytest.approx(0.1, abs=0.02)  # 3 standard errors


def test_memory_grows_with_the_chunk_not_with_images_times_captions():
    import tracemalloc

    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(1000, 8)), rng.normal(size=(10_000, 8))
    tracemalloc.start()
    recall_at_k(images, texts, np.arange(10_000) % 1000, chunk=32)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6 < 1000 * 10_000 * 4, "the full score matrix in single precision takes 40 MB"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.eye(2), np.eye(2), [0, 0]), "image 1 has no caption\n.*leave it out"),
        ((np.eye(2), np.eye(3), [0, 1, 0]), "image features have 2 dimensions, text features 3"),
        ((np.eye(2), np.zeros((2, 2)), [0, 1]), r"text_features\[0\] is a zero vector"),
        ((np.eye(2), np.eye(2), [0, 2]), r"image_of_text\[1\] is 2, but there are 2 classes"),
        ((np.eye(2), np.eye(2), [0, 1, 1]), "text_features has 2, image_of_text has 3"),
        ((np.eye(2), np.eye(2), [0, 1], [0]), "k is 0"),
    ],
)
def test_error_texts(arguments, text):
    with pytest.raises(BadInput, match=text):
        recall_at_k(*arguments)
