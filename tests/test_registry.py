"""Look-up by name."""

import pytest

from clipkit.errors import BadInput, UnknownName
from clipkit.registry import Registry


def test_unknown_name_names_the_near_miss():
    with pytest.raises(UnknownName, match="unknown section 'retreival'\n.*Did you mean retrieval?"):
        Registry("section", {"retrieval": 1, "calibration": 2})["retreival"]


def test_a_name_far_from_all_lists_what_is_known():
    with pytest.raises(UnknownName, match="Known: a, b"):
        Registry("letter", {"a": 1, "b": 2})["zebra"]


def test_a_name_is_registered_once():
    with pytest.raises(BadInput, match="section 'a' is already registered"):
        Registry("section", {"a": 1}).add("a", 2)


def test_it_is_a_mapping():
    registry = Registry("letter", {"a": 1})
    assert dict(registry) == {"a": 1} and "a" in registry and len(registry) == 1
