"""Which images a contact sheet shows, and what it says of them."""

import pandas as pd
import pytest

from clipkit.pocket.sheet import describe, spread


@pytest.mark.parametrize("n, cells", [(1664, 48), (520, 48), (500, 7), (30, 60)])
def test_one_image_is_shown_of_each_equal_stretch(n, cells):
    shown = spread(pd.DataFrame({"label": [""] * n}), cells)
    assert len(shown) == min(n, cells)
    assert all(k * n // len(shown) <= p < (k + 1) * n // len(shown) for k, p in enumerate(shown))
    assert n < 26 * cells or len({p % 26 for p in shown}) > len(shown) // 3  # the classes come in turn


def test_families_are_shown_whole_but_for_the_last_cells():
    table = pd.DataFrame({"pair": [*range(40)] * 17})
    shown = spread(table, 34)
    assert [table.pair[p] for p in shown[:17]] == [shown[0]] * 17
    assert len(set(shown)) == 34 and len({table.pair[p] for p in shown}) == 2
    assert len(spread(table, 5)) == 5


@pytest.mark.parametrize(
    "row, expected",
    [
        ({"label": "mug", "captions": ["a red mug", "my mug"]}, ["a red mug"]),
        (
            {"label": "dog", "caption": "a dog on a car", "negative": "a car on a dog"},
            ["a dog on a car", "not: a car on a dog"],
        ),
        ({"label": ""}, ["none of the classes"]),
        ({"label": "mug", "nuisance": "snow"}, ["mug", "nuisance: snow"]),
    ],
)
def test_an_image_is_described_by_what_its_set_knows(row, expected):
    assert describe(pd.Series({**row, "scene": "{}"})) == expected
