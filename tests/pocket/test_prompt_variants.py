"""The ways to ask: which there are, and that they make the classifiers that text makes anywhere else."""

import numpy as np
import pytest

from clipkit.errors import BadInput
from clipkit.models import load
from clipkit.pocket.prompt_variants import NAMES, TEMPLATE, classifiers, prompt_variants, renamed
from clipkit.pocket.prompts import HELD_OUT_TEMPLATES, TRAIN_TEMPLATES
from clipkit.pocket.vocabulary import CLASS_SYNONYMS
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.store import EmbeddingStore
from clipkit.zeroshot import text_classifier

VARIANTS = prompt_variants()


def test_no_way_to_ask_is_there_twice():
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)
    assert len({(v.templates, v.class_names) for v in VARIANTS}) == len(VARIANTS) - 1, (
        "a set of one is a template"
    )


def test_single_templates_are_held_out_ones():
    alone = [v for v in VARIANTS if v.kind == TEMPLATE]
    assert all(v.templates == (v.name,) and v.class_names == CLASS_NAMES for v in alone)
    assert {v.name for v in alone} < set(HELD_OUT_TEMPLATES[:80]) - set(TRAIN_TEMPLATES)


def test_in_the_first_renaming_every_class_with_a_synonym_goes_by_it():
    synonyms, *mixes = (v for v in VARIANTS if v.kind == NAMES)
    for own, called, known in zip(CLASS_NAMES, synonyms.class_names, CLASS_SYNONYMS.values(), strict=True):
        assert called == (known[0] if known else own)
    assert all(0 < sum(a != b for a, b in zip(v.class_names, CLASS_NAMES, strict=True)) < 21 for v in mixes)


@pytest.mark.parametrize("words", [["cup", "beaker"], ["plane", "aircraft"]])
def test_a_word_of_no_class_and_a_second_word_are_refused(words):
    with pytest.raises(BadInput, match=f"'{words[1]}' is no synonym of a class, or the second of one"):
        renamed(words)


def test_classifiers_are_those_of_text_and_every_text_is_read_once(tmp_path, monkeypatch):
    model, store, read = load("resnet-wild-s0"), EmbeddingStore(tmp_path), []
    chosen = [v for v in VARIANTS if v.name in ("5", "here is a {}")]
    chosen.append(chosen[0]._replace(name="renamed", class_names=renamed(["cup"])))
    tokenize = model.tokenize
    monkeypatch.setattr(type(model), "tokenize", lambda self, texts: read.extend(texts) or tokenize(texts))
    found = classifiers(model, chosen, store)
    assert len(read) == len(set(read)) == 5 * (len(CLASS_NAMES) + 1)
    again = classifiers(model, chosen, store)
    assert len(read) == 5 * (len(CLASS_NAMES) + 1)
    for variant in chosen:
        expected = text_classifier(model, variant.class_names, variant.templates)
        np.testing.assert_allclose(found[variant.name], expected, atol=1e-6)
        np.testing.assert_array_equal(found[variant.name], again[variant.name])
