"""Evidence on shape bias from a zoo whose decisions were made up."""

import numpy as np
import pytest
from planted_shape_bias import planted

from clipkit.claims import judge, load
from clipkit.errors import MissingData
from clipkit.pocket.world.sampling import DISTRIBUTIONS
from clipkit.sections.measure.shape_bias import BACKGROUNDS
from clipkit.sections.pocket import shape_bias, shape_bias_frames
from clipkit.sections.pocket.share import Family, share, share_avoided

TUNED = [f"{m}-{d}" for m in ("cross-entropy", "flyp", "lora") for d in shape_bias.DATA]


def finetuned(recipe, background, prompts=""):
    """Cross-entropy on catalogue data drops from .6 to .2, to .3 on the other background; FLYP and LoRA half."""
    if not recipe.endswith("catalogue"):
        return 0.6
    drop = 0.4 if background == "neutral" else 0.3
    return 0.6 - (drop if recipe.startswith("cross-entropy") else drop / 2)


@pytest.fixture(scope="module")
def tuned():
    return planted(["resnet-wild", *TUNED], finetuned)


# B1


def test_pairs_are_alike_but_for_language():
    pairs = dict(shape_bias.matched_pairs())
    assert pairs["resnet-wild"] == "supervised-resnet-wild"
    assert pairs["vit-wild-muon"] == "supervised-vit-wild"  # the baseline was trained with Muon
    assert len(pairs) == 7 and "reference-resnet" not in pairs.values()


@pytest.mark.parametrize("gap", [0.2, -0.2])
def test_b1_compares_like_with_like(gap):
    pairs = shape_bias.matched_pairs()
    levels = {
        r: 0.3 + 0.05 * i for i, pair in enumerate(pairs) for r in pair
    }  # pairs differ; the gap does not

    def bias(recipe, background, prompts):
        return levels[recipe] + (0 if recipe.startswith("supervised") else gap)

    found = shape_bias.clip_against_baselines(planted([r for p in pairs for r in p], bias, seeds=[0, 1]))
    assert found.low < gap < found.high + 0.02 and found.effect == pytest.approx(gap, abs=0.04)
    assert found.p < 0.01 and np.sign(found.low) == np.sign(found.high) == np.sign(gap)
    assert (found.n_models, found.n_clusters) == (28, 28)
    assert "7 pairs" in found.note and "the very images that CLIP saw" in found.note


def test_b1_leaves_out_a_pair_with_one_half():
    table = planted(
        [
            "resnet-wild",
            "supervised-resnet-wild",
            "edgenext-wild",
            "supervised-edgenext-wild",
            "resnet-mixed",
        ],
        lambda recipe, background, prompts: 0.4,
        seeds=[0],
    )
    found = shape_bias.clip_against_baselines(table)
    assert found.n_models == 4 and "2 pairs" in found.note and found.low < 0 < found.high


# B2


def test_b2_takes_the_smaller_drop_and_names_the_other_data(tuned):
    found = shape_bias.drop_by_finetuning(tuned)
    assert found.effect == pytest.approx(0.3, abs=0.05) and found.low > 0.2 and found.p < 1e-4
    assert (found.n_models, found.n_clusters) == (6, 3)
    assert "cross-entropy on catalogue data" in found.note
    assert ". On wild data the drop is" in found.note and "; on studio data" in found.note
    assert judge(load()["B2"], "pocket", found, found.p).verdict == "holds"


@pytest.mark.parametrize("data", ["wild", "studio"])
def test_b2_on_data_that_change_nothing(tuned, data):
    found = shape_bias.drop_by_finetuning(tuned, data=data)
    assert found.effect == pytest.approx(0, abs=0.05) and found.low < 0


def test_b2_does_not_hold_on_one_background_alone():
    def bias(recipe, background, prompts):
        return 0.5 - (0.3 if background == "neutral" else -0.1) * recipe.endswith("catalogue")

    found = shape_bias.drop_by_finetuning(planted(["resnet-wild", *TUNED], bias))
    assert found.effect == pytest.approx(-0.1, abs=0.05) and "(neutral)" in found.note
    assert judge(load()["B2"], "pocket", found, found.p).verdict == "fails"


def test_texture_is_most_telling_in_the_data_on_which_b2_is_judged():
    own = {data: sum(p * d.own_texture for d, p in DISTRIBUTIONS[data].items()) for data in shape_bias.DATA}
    assert own == {"wild": 0.6, "studio": 0.9, "catalogue": 1.0}


# B3


def test_b3_is_the_share_avoided(tuned):
    found = shape_bias.drop_avoided(tuned)
    assert found.low < 0.5 < found.high and found.effect == pytest.approx(0.5, abs=0.15)
    assert found.low > 0.2 and found.p < 0.01
    assert (found.n_models, found.n_clusters) == (12, 3)
    assert "FLYP 0." in found.note and "LoRA 0." in found.note


def test_b3_cannot_tell_where_nothing_drops(tuned):
    found = shape_bias.drop_avoided(tuned, data="wild")
    assert found.high - found.low > 50 and found.p == 1
    assert judge(load()["B3"], "pocket", found, found.p).verdict == "not testable here"


def test_b3_needs_all_of_the_family():
    table = planted(["resnet-wild", "cross-entropy-catalogue", "flyp-catalogue"], finetuned)
    with pytest.raises(MissingData, match="not all models fine-tuned on catalogue data"):
        shape_bias.drop_avoided(table)


def families(rng, avoided, sets=3, seeds=3, draws=30, images=0.02, luck=0.03):
    made = {}
    for name in range(sets):
        arms = []
        for level in (0.6, 0.2, 0.2 + 0.4 * avoided):
            estimate = level + luck * rng.normal(size=(seeds, 1)) + images * rng.normal(size=(seeds, 1))
            arms.append(np.hstack([estimate, estimate + images * rng.normal(size=(seeds, draws))]))
        made[str(name)] = Family(*arms)
    return made


def test_the_interval_of_a_share_covers_it():
    rng, covered = np.random.default_rng(0), 0
    for _ in range(100):
        found = share_avoided(families(rng, 0.7), "0")
        covered += found.low <= 0.7 <= found.high
    assert 0.88 <= covered / 100


def test_a_share_of_nothing_is_nan():
    same = np.array([[0.5, 0.4]])
    assert np.isnan(share(Family(same, same, same)))


# B5


@pytest.mark.parametrize(("shift", "verdict"), [(0.12, "holds"), (0.0, "fails")])
def test_b5_finds_the_prompt_set_that_differs(shift, verdict):
    def bias(recipe, background, prompts):
        return 0.4 + shift * (prompts == "1")

    recipes = ["resnet-wild", "vit-wild", "resnet-mixed", "supervised-resnet-wild"]
    found = shape_bias.spread_over_prompts(planted(recipes, bias, sets=("80", "30", "5", "1")))
    assert found.effect == pytest.approx(shift, abs=0.03)
    assert (found.n_models, found.n_clusters) == (9, 9)
    assert judge(load()["B5"], "pocket", found, found.p).verdict == verdict
    assert not shift or "largest between 1 and " in found.note


# Tables


def test_the_ladder_has_every_step_that_was_taken(tuned):
    frame = shape_bias_frames.ladder(tuned)
    own = frame[(frame.metric == "shape bias") & (frame.background == "neutral")]
    assert own.groupby("data").size().to_dict() == dict.fromkeys(shape_bias.DATA, 4)
    steps = own[own.data == "catalogue"].sort_values("step")
    assert steps.step.tolist() == ["zero-shot", "LoRA", "FLYP", "cross-entropy"]
    for step in own.itertuples():
        assert step.value == pytest.approx(np.mean(step.each)) and len(step.each) == step.seeds == 3
        assert step.low < finetuned(step.recipe, "neutral") < step.high
    controls = frame[frame.metric == "grey shapes"]
    assert np.allclose(controls.value, 0.2) and set(controls.background) == set(BACKGROUNDS)


def test_levels_without_repeats_have_no_interval():
    table = planted(["resnet-wild", "vit-wild"], lambda *_: 0.5, seeds=[0])
    frame = shape_bias_frames.levels(
        table, ["vit-wild", "resnet-wild", "resnet-mixed"], **shape_bias.key("neutral")
    )
    assert frame.recipe.tolist() == ["vit-wild", "resnet-wild"]
    assert frame[["low", "high"]].isna().all(axis=None)


def test_data_move_it_and_the_loss_does_not():
    def bias(recipe, background, prompts):
        return 0.6 - 0.3 * recipe.endswith("catalogue")

    frame = shape_bias_frames.loss_or_data(planted(["resnet-wild", *TUNED], bias))
    assert frame.groupby("change").id.nunique().to_dict() == {"data": 4, "loss": 3}
    moved = frame[frame.id.str.endswith("data-catalogue")]
    assert len(moved) == 4 and (moved.p_holm < 0.05).all() and (moved.effect < -0.2).all()
    assert (frame[frame.change == "loss"].effect.abs() < 0.1).all()


def test_recipes_are_sorted_and_keep_their_kind():
    levels = {"vit-wild": 0.2, "resnet-wild": 0.5, "supervised-resnet-wild": 0.35}
    frame = shape_bias_frames.by_recipe(planted([*levels, "flyp-wild"], lambda r, *_: levels.get(r, 0.6)))
    assert frame.recipe.tolist() == [
        r for r in ("resnet-wild", "supervised-resnet-wild", "vit-wild") for _ in "no"
    ]
    assert frame.kind.tolist() == [k for k in ("zero_shot", "baseline", "zero_shot") for _ in "no"]
    assert frame.cue_accuracy.between(0.5, 0.7).all()


def test_both_ways_of_deciding_stand_side_by_side(tuned):
    frame = shape_bias_frames.decided_twice(tuned)
    assert list(frame.columns) == ["all classes", "two cues"] and list(frame.index) == [
        "B1",
        "B2",
        "B3",
        "B5",
    ]
    assert frame.loc["B1"].tolist() == ["–", "–"] and frame.loc["B2", "two cues"].startswith("0.")


@pytest.mark.parametrize(
    ("decided", "other", "expected"), [(0.7, 0.2, (True, True)), (0.4, 0.5, (False, False))]
)
def test_bars(decided, other, expected):
    table = planted(
        ["resnet-wild", "vit-wild"],
        lambda r, *_: 0.5 if r == "resnet-wild" else other,
        decided=decided,
        seeds=[0],
    )
    found = shape_bias_frames.bars(table)
    assert tuple(found.passed.values()) == expected
    assert found.decided.shape == (2, 2) and found.decided.to_numpy() == pytest.approx(decided, abs=0.1)
    if expected[1]:
        (pair,) = found.apart.itertuples()
        assert (pair.higher, pair.lower) == ("resnet-wild-s0", "vit-wild-s0")


def test_models_that_change_places_with_the_background_are_not_apart():
    def bias(recipe, background, prompts):
        return 0.2 + 0.5 * ((recipe == "vit-wild") == (background == "neutral"))

    assert shape_bias_frames.bars(planted(["resnet-wild", "vit-wild"], bias, seeds=[0])).apart.empty


@pytest.mark.parametrize(
    "evidence",
    [shape_bias.clip_against_baselines, shape_bias.drop_by_finetuning, shape_bias.drop_avoided,
     shape_bias.spread_over_prompts, shape_bias_frames.loss_or_data],
)  # fmt: skip
def test_nothing_is_said_without_models(evidence):
    table = planted(["resnet-wild"], lambda *_: 0.5, seeds=[0])
    with pytest.raises(MissingData):
        evidence(table)
