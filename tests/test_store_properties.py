"""What holds of the store for all arrays: they come back, or damage is named; other data never come."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from clipkit.errors import CorruptData
from clipkit.store import EmbeddingStore, Shard

EVERY = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
KINDS = st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64, np.uint8, np.bool_])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECIPES = st.dictionaries(
    TEXTS,
    st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.booleans(), st.none()),
    max_size=6,
)


@st.composite
def shards(draw) -> Shard:
    """Features of any type and of one to four dimensions, labels, ids and reasons in any letters."""
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    features = draw(arrays.arrays(draw(KINDS), shape))
    if draw(st.booleans()):
        features = features.T[: shape[0]].T if features.ndim == 1 else np.asfortranarray(features)
    labels = draw(arrays.arrays(np.int64, shape[0]))
    ids = draw(st.lists(TEXTS, min_size=shape[0], max_size=shape[0], unique=True))
    return Shard(features, labels, ids, draw(st.dictionaries(TEXTS, TEXTS, max_size=3)), draw(RECIPES))


def same(one: Shard, other: Shard) -> bool:
    """Equal in type, shape, bytes and words."""
    arrays = ((one.features, other.features), (one.labels, other.labels))
    return all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in arrays
    ) and (one.ids, one.corrupt, one.run) == (other.ids, other.corrupt, other.run)


def damaged(data: bytes, draw) -> bytes:
    """One byte changed, or the end cut off."""
    place = draw(st.integers(0, len(data) - 1))
    if draw(st.booleans()):
        return data[:place]
    return data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[place + 1 :]


@EVERY
@given(shards())
def test_what_is_written_comes_back(shard):
    with tempfile.TemporaryDirectory() as folder:
        entry = EmbeddingStore(folder).entry({"architecture": "any"})
        assert same(entry.read(entry.write(7, shard)), shard)
        assert list(entry.shards()) == [7]


@EVERY
@given(shards(), st.data())
def test_damage_to_a_shard_is_always_named(shard, data):
    with tempfile.TemporaryDirectory() as folder:
        entry = EmbeddingStore(folder).entry({"architecture": "any"})
        path = entry.write(0, shard)
        path.write_bytes(damaged(path.read_bytes(), data.draw))
        with pytest.raises(CorruptData, match=path.name):
            entry.read(path)


@EVERY
@given(RECIPES, st.data())
def test_a_damaged_recipe_is_named_or_says_the_same(recipe, data):
    """The same: where the byte is one of layout, or of a number's writing, such as 1E5 for 1e5."""
    with tempfile.TemporaryDirectory() as folder:
        entry = EmbeddingStore(folder).entry({"architecture": "any"})
        stated = entry.start(recipe)
        path = Path(entry.folder, "recipe.json")
        path.write_bytes(damaged(path.read_bytes(), data.draw))
        try:
            assert entry.recipe() == stated
        except CorruptData as error:
            assert str(path) in error.problem
