"""Contrasts of the design on made-up numbers: what was planted comes out, and what is missing stays out."""

import numpy as np
import pandas as pd
import pytest

from clipkit.errors import MissingData
from clipkit.pocket.zoo.design import contrasts
from clipkit.sections import contrasts as section
from clipkit.sections.contrasts import COLUMNS, contrast_frame
from clipkit.sections.measured import DRAWS, MeasuredTable
from clipkit.stats import holm

KEY = {"section": "toy", "dataset": "wild", "subset": "all", "metric": "accuracy"}
SCRATCH = {
    "resnet-wild": 0.7, "resnet-wild-10": 0.6, "resnet-wild-10-epochs": 0.4, "resnet-studio": 0.3, "vit-wild": 0.65,
}  # fmt: skip
TUNED = {"cross-entropy-studio": -0.2, "linear-probe-wild": 0.02, "lora-wild": 0.03}
PROMPT_LOSS = {"80": 0.0, "30": 0.0, "5": -0.01, "1": -0.04}


def zoo(scratch=SCRATCH, tuned=TUNED, seeds=(0, 1, 2), spread=0.004, prompts=PROMPT_LOSS, extra=()):
    """Models whose number is their recipe's, plus the luck of a seed, which the children of a seed inherit."""
    rng = np.random.default_rng(0)
    luck = {(r, s): spread * rng.standard_normal() for r in scratch for s in seeds}
    images = 0.01 * rng.standard_normal(DRAWS)
    rows = []
    for (recipe, s), by_seed in luck.items():
        rows += [(f"{recipe}-s{s}", p, scratch[recipe] + by_seed + loss) for p, loss in prompts.items()]
    for recipe, change in tuned.items():
        for s in seeds:
            value = (
                scratch["resnet-wild"] + luck["resnet-wild", s] + change + spread / 4 * rng.standard_normal()
            )
            rows += [(f"{recipe}-s{s}", "80" if recipe.startswith("lora") else "", value)]
    frame = pd.DataFrame([*rows, *extra], columns=["model", "prompts", "value"]).assign(**KEY)
    draws = frame.value.to_numpy()[:, None] + images + 0.002 * rng.standard_normal((len(frame), DRAWS))
    return MeasuredTable(frame, draws, {})


@pytest.fixture(scope="module")
def found():
    return contrast_frame(zoo(), **KEY).set_index("id")


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("size-10", 0.6 - 0.7),
        ("distribution-studio", 0.3 - 0.7),
        ("architecture-vit", 0.65 - 0.7),
        ("cross-entropy-studio", -0.2),
        ("linear-probe-wild", 0.02),
        ("prompts-1", -0.04),
        ("prompts-5", -0.01),
    ],
)
def test_planted_effects_come_out(found, name, effect):
    row = found.loc[name]
    assert abs(row.effect - effect) < 3 * row.se
    assert row.p < 0.05
    assert (row.low + row.high) / 2 == pytest.approx(row.effect)


def test_an_effect_that_is_not_there_is_not_found(found):
    row = found.loc["prompts-30"]
    assert row.low < 0 < row.high
    assert abs(row.effect) < row.mde


def test_contrasts_of_models_that_were_not_measured_are_left_out(found):
    measured = {*SCRATCH, *TUNED}
    specs = [c for c in contrasts().values() if c.kind == "prompts" or {c.a, c.b} <= measured]
    assert list(found.index) == [c.id for c in specs]
    assert 5 < len(specs) < len(contrasts())
    assert found.reset_index().columns.tolist() == COLUMNS


def test_counts_are_those_of_seeds_and_fine_tuned_models_add_none_to_prompts(found):
    assert found.loc["size-10", ["n_a", "n_b"]].tolist() == [3, 3]
    assert found.loc["cross-entropy-studio", ["n_a", "n_b"]].tolist() == [3, 3]
    assert found.loc["prompts-1", ["n_a", "n_b"]].tolist() == [3 * len(SCRATCH)] * 2


def test_children_are_compared_with_their_own_parents(found):
    """What a parent had by luck its child has, too: only what is left of it counts."""
    assert found.se_seeds["linear-probe-wild"] < found.se_seeds["size-10"] / 2


def test_correction_is_over_the_clean_contrasts_that_are_shown(found):
    clean = found[found.clean]
    assert found.p_holm[~found.clean].isna().all() and (~found.clean).any()
    np.testing.assert_allclose(clean.p_holm, holm(clean.p.to_numpy()))
    alone = contrast_frame(zoo(), **KEY, specs=[contrasts()["size-10"]])
    assert alone.p_holm.tolist() == alone.p.tolist() == [found.p["size-10"]]


def test_single_seeds_borrow_the_variance_of_recipes_with_repeats(found):
    table = zoo()
    keep = ~table.frame.model.isin(["resnet-wild-10-s1", "resnet-wild-10-s2"])
    fewer = MeasuredTable(table.frame[keep].reset_index(drop=True), table.draws[keep], {})
    row = contrast_frame(fewer, **KEY).set_index("id").loc["size-10"]
    assert (row.n_a, row.n_b) == (1, 3)
    assert row.se_seeds > found.se_seeds["size-10"]
    assert row.low < 0.6 - 0.7 < row.high


def test_without_any_second_seed_nothing_can_be_said():
    with pytest.raises(MissingData, match="none has a second seed"):
        contrast_frame(zoo(seeds=[0], prompts={"80": 0}), **KEY)


def test_a_paired_arm_without_its_parents_is_left_out():
    table = zoo()
    keep = ~table.frame.model.str.startswith("resnet-wild-s")
    names = contrast_frame(
        MeasuredTable(table.frame[keep].reset_index(drop=True), table.draws[keep], {}), **KEY
    ).id
    assert "cross-entropy-studio" not in set(names) and "size-10" not in set(names)
    assert "architecture-vit" not in set(names) and "prompts-1" in set(names)


def test_only_seeds_that_both_paired_arms_have_are_compared():
    table = zoo()
    keep = table.frame.model != "cross-entropy-studio-s1"
    fewer = MeasuredTable(table.frame[keep].reset_index(drop=True), table.draws[keep], {})
    row = contrast_frame(fewer, **KEY).set_index("id").loc["cross-entropy-studio"]
    assert (row.n_a, row.n_b) == (2, 2)
    assert row.low < -0.2 < row.high


def test_an_undefined_number_leaves_out_its_model_and_nothing_else(found):
    holed = contrast_frame(zoo(extra=[("resnet-wild-10-s3", "80", np.nan)]), **KEY).set_index("id")
    assert list(holed.index) == list(found.index)
    assert holed.effect.to_numpy() == pytest.approx(found.effect.to_numpy())


def test_numbers_without_prompts_have_no_contrast_of_prompts():
    names = contrast_frame(zoo(prompts={"": 0.0}, tuned={}), **KEY).id
    assert "size-10" in set(names)
    assert not {"prompts-1", "prompts-5", "prompts-30"} & set(names)


def test_other_metrics_do_not_mix_in(found):
    other = zoo({r: 0.1 for r in SCRATCH})
    both = MeasuredTable(
        pd.concat([zoo().frame, other.frame.assign(metric="other")], ignore_index=True),
        np.concatenate([zoo().draws, other.draws]),
        {},
    )
    again = contrast_frame(both, **KEY)
    assert again.effect.tolist() == found.effect.tolist()
    with pytest.raises(MissingData, match="have toy/wild/all/neither"):
        contrast_frame(both, **{**KEY, "metric": "neither"})


def test_relations_part_children_from_siblings():
    relations = {c.id: section._relation(c) for c in contrasts().values() if c.paired}
    assert relations["linear-probe-wild"] == relations["wise-catalogue-25"] == "child and parent"
    assert relations["flyp-data-studio"] == relations["detour"] == "siblings"
    assert relations["prompts-30"] == "prompts"
