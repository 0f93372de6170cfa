"""Recall on pairs whose truth is made up: identity, features that tell the place, features that tell nothing."""

import numpy as np
import pytest

from clipkit.datasets.pairs import Pair
from clipkit.errors import BadInput
from clipkit.sections.measure import correspondence as section
from clipkit.sections.measure.correspondence import (
    ALL,
    EVERYTHING,
    FULL_SETS,
    LEFT_OUT,
    MATCHED,
    OVERALL,
    RANDOM,
    SETS,
    TRUTH,
    coarsened,
    correspondence,
    measure,
    named,
)
from clipkit.sections.measured import DRAWS
from clipkit.stats.shared_draws import shared_counts

TICKS = (np.arange(12) + 0.5) / 12
GRID = np.stack(np.meshgrid(TICKS, TICKS), -1).reshape(-1, 2)
SIDE = 48.0


def shifted(k, cells, angle=10.0):
    """A flat world of side 2; the second image shows it moved to the left by so many of twelve cells."""
    shift = np.array([cells / 12, 0])
    query = GRID[GRID[:, 0] > cells / 12]
    place = np.column_stack([2 * GRID, np.zeros(len(GRID))])
    return Pair(2 * k, 2 * k + 1, query, query - shift, GRID, np.column_stack([2 * query, np.zeros(len(query))]),
                place + [2 * cells / 12, 0, 0], SIDE, angle)  # fmt: skip


def nothing(k):
    return shifted(k, 3)._replace(
        query=np.empty((0, 2)), target=np.empty((0, 2)), query_place=np.empty((0, 3))
    )


class Toy:
    """The same pairs in every set; maps (2 · pairs, 12, 12, d)."""

    def __init__(self, pairs, maps, track="pocket"):
        self._pairs, self._maps, self.track = pairs, maps, track

    def dense(self, dataset):
        return self._maps

    def pairs(self, dataset):
        return self._pairs


def random_maps(n, width=64, seed=0):
    return np.random.default_rng(seed).normal(size=(2 * n, 12, 12, width)).astype(np.float16)


def moved_maps(pairs, width=64):
    """Random cells; those of the second image are those of the first, moved as the pair says, and then new ones."""
    maps = random_maps(len(pairs), width)
    for pair in pairs:
        cells = round(12 * (pair.query - pair.target)[0, 0])
        maps[pair.second, :, : 12 - cells] = maps[pair.first, :, cells:]
    return maps


def by_name(found):
    return {(m.dataset, m.subset, m.metric): m for m in found}


def test_features_that_move_with_the_world_find_every_point():
    pairs = [shifted(k, cells) for k, cells in enumerate((0, 1, 2, 3))]
    found = by_name(measure(Toy(pairs, moved_maps(pairs))))
    for dataset, asked in SETS.items():
        for metric in asked.thresholds:
            assert found[dataset, ALL, metric].value == 1 and found[dataset, ALL, metric].draws.min() == 1
    assert found[EVERYTHING, ALL, OVERALL].value == 1


def test_random_features_reach_the_chance_that_is_given_for_them():
    pairs = [shifted(k, k % 4) for k in range(150)]
    found = by_name(measure(Toy(pairs, random_maps(len(pairs)))))
    for dataset, asked in SETS.items():
        own, chance = (found[dataset, ALL, named(asked.headline, c)] for c in ("", RANDOM))
        assert abs(own.value - chance.value) < 4 * (own.draws - chance.draws).std() < 0.1
    assert found["part-pairs", ALL, named("pck@0.1", RANDOM)].value == pytest.approx(0, abs=0.02), (
        "scale is pixels here, so a tenth of a pixel: only a point itself is right"
    )


def test_features_that_know_the_place_do_better_than_any_others_and_than_chance():
    pairs = [shifted(k, k % 4) for k in range(8)]
    found = by_name(measure(Toy(pairs, random_maps(8))))
    truth, chance = (found["view-pairs", ALL, named(SETS["view-pairs"].headline, c)] for c in (TRUTH, RANDOM))
    assert truth.value > 0.95 > 0.2 > chance.value


def test_bins_hold_the_pairs_of_their_angle_and_empty_ones_are_not_given():
    pairs = [shifted(0, 0, 5.0), shifted(1, 2, 40.0), shifted(2, 2, 50.0)]
    maps = moved_maps(pairs)
    maps[4:] = random_maps(1, seed=9)
    found = by_name(measure(Toy(pairs, maps)))
    headline = SETS["view-pairs"].headline
    near, far = (found["view-pairs", subset, headline] for subset in ("0–30°", "30–60°"))
    lost = found["view-pairs", ALL, headline].value * 3 - 2
    assert (near.value, near.n, far.n) == (1, 1, 2) and far.value == pytest.approx((1 + lost) / 2)
    assert ("view-pairs", "60–90°", headline) not in found
    scene = {subset for dataset, subset, _ in found if dataset == "scene-pairs"}
    assert scene == {ALL, "0–15°", "30–60°"}


def test_pairs_are_resampled_whole_and_the_same_for_all_models():
    pairs = [shifted(k, 2) for k in range(5)]
    maps = moved_maps(pairs)
    maps[6:] = random_maps(2, seed=3)
    found = by_name(measure(Toy(pairs, maps)))["scene-pairs", ALL, "recall@5 px"]
    each = [
        section.pair_scores(maps[p.first], maps[p.second], p, SETS["scene-pairs"])["recall@5 px"]
        for p in pairs
    ]
    counts = shared_counts("scene-pairs", 5, DRAWS)
    np.testing.assert_allclose(found.draws, counts @ each / 5)
    assert found.value == pytest.approx(np.mean(each)) and each[:3] == [1, 1, 1] and each[4] < 0.5


def test_a_pair_without_overlap_is_left_out_and_counted():
    pairs = [shifted(0, 1), nothing(1), shifted(2, 1), shifted(3, 1)._replace(candidates=GRID[:1])]
    found = by_name(measure(Toy(pairs, moved_maps([shifted(k, 1) for k in range(4)]))))
    left = found["view-pairs", ALL, LEFT_OUT]
    assert (left.value, left.n, left.higher_is_better) == (0.5, 4, None)
    own = found["view-pairs", ALL, SETS["view-pairs"].headline]
    assert (own.value, own.n) == (1, 2)
    undefined = shared_counts("view-pairs", 4, DRAWS)[:, [0, 2]].sum(1) == 0
    assert np.array_equal(np.isnan(own.draws), undefined) and undefined.any()


def test_the_full_track_has_its_own_sets_and_no_ground_truth_where_places_are_not_known():
    pairs = [shifted(k, 1, 20.0) for k in range(3)]
    whole = by_name(measure(Toy(pairs, moved_maps(pairs), "full")))
    assert {dataset for dataset, *_ in whole} == {*FULL_SETS, EVERYTHING}
    assert (
        whole["navi", "0–30°", "recall@0.02 m"].value == 1
        and (EVERYTHING, ALL, named(OVERALL, TRUTH)) in whole
    )
    blind = [p._replace(query_place=None, candidate_place=None) for p in pairs]
    spair = FULL_SETS["spair-71k"]
    found = {m.metric for m in correspondence("spair-71k", moved_maps(pairs), blind, spair)}
    assert found == {"pck@0.1", "pck@0.1, matched grid", "pck@0.1, random features", LEFT_OUT}


def test_a_set_without_any_usable_pair_is_an_error():
    with pytest.raises(BadInput, match="none of the 2 pairs of view-pairs can be matched"):
        measure(Toy([nothing(0), nothing(1)], random_maps(2)))


def test_the_matched_grid_is_the_map_averaged_and_a_coarse_map_itself():
    fine = np.random.default_rng(0).normal(size=(12, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(coarsened(fine), fine.reshape(6, 2, 6, 2, 3).mean((1, 3)), rtol=1e-5)
    np.testing.assert_allclose(coarsened(fine[:7, :6])[5, 0], fine[5:7, 0].mean(0), rtol=1e-5)
    pair, coarse = shifted(0, 2), random_maps(1)[:, :6, :6]
    scores = section.pair_scores(*coarse, pair, SETS["view-pairs"])
    headline = SETS["view-pairs"].headline
    assert scores[named(headline, MATCHED)] == scores[headline]


def test_only_the_most_confident_matches_count():
    """Half of the cells are alike everywhere, so that their matches are worth nothing, and known to be."""
    pairs = [shifted(0, 0)]
    maps = moved_maps(pairs)
    maps[:, 6:] = 1
    kept = section.pair_scores(*maps, pairs[0], SETS["view-pairs"])["recall@2.5 px"]
    asked = SETS["view-pairs"]._replace(kept=None)
    assert kept == 1 > section.pair_scores(*maps, pairs[0], asked)["recall@2.5 px"]
