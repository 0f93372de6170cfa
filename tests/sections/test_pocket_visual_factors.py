"""Evidence on visual factors, natural shifts and training data from a zoo whose effects were planted."""

import numpy as np
import pytest
from planted_zoo import BASELINES, FACTORS, named, planted_zoo
from scipy.stats import spearmanr

from clipkit.claims import load
from clipkit.errors import MissingData
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket import factor_frames, natural_shifts, training_data
from clipkit.sections.pocket import visual_factors as section
from clipkit.sections.pocket.evidence import kind_of
from clipkit.sections.pocket.finetuning import METHODS, shares_removed

EVIDENCE = {
    "V1": section.off_the_line,
    "V2": section.factors_above_the_line,
    "V3": section.below_on_pose_and_partial_view,
    "V4": section.sources_follow_other_lines,
    "V5": section.finetuning_moves_to_the_line,
    "V6": section.fewer_prompts_lose_accuracy,
    "V7": section.curation_raises_robustness,
    "E3": natural_shifts.finetuning_removes_robustness,
    "Q1": training_data.filtering_raises_accuracy,
    "Q2": training_data.filtering_helps_everywhere,
    "N1": training_data.size_at_equal_samples,
}
ZERO_SHOT = (
    *named("resnet-wild"),
    *named("resnet-studio", "resnet-mixed", "resnet-catalogue", seeds=[0, 1]),
    *named("resnet-uncurated", "resnet-curated", "resnet-scored", "resnet-wild-10", seeds=[0, 1]),
)
TUNED = named(*(f"{method}-wild" for method in METHODS))
WILD = dict(zip(BASELINES, (0.72, 0.55, 0.66, 0.68, 0.62, 0.45, 0.7, 0.3), strict=True)) | {
    "resnet-uncurated": 0.5, "resnet-curated": 0.56, "resnet-scored": 0.56, "resnet-wild-10": 0.5
}  # fmt: skip
OFF = (
    {f: 0.1 for f in FACTORS[2:6]}
    | {"subcategory": 0.1, "texture": 0.1}
    | {"pose": -0.1, "partial_view": -0.1}
)

OF_THE_SOURCE = {
    "resnet-studio": ("background", "style"),
    "resnet-mixed": ("larger", "darker"),
    "resnet-catalogue": ("shape", "brighter"),
}


def wild(model):
    return WILD.get(model, WILD.get(model[:-3], 0.62))


def beyond(model, subset):
    """How far off the line: six main factors above, two below; fine-tuning leaves two fifths of it."""
    kind = kind_of(model)
    if kind == "baseline":
        return 0.0
    far = OFF.get(subset, 0.0) if subset in FACTORS else 0.2
    far *= 0.4 if kind == "finetuned" else 1.0
    far += 0.15 * (subset in OF_THE_SOURCE.get(model[:-3], ()))
    return far + 0.1 * model.startswith(("resnet-curated", "resnet-scored"))


@pytest.fixture(scope="module")
def zoo():
    models = [*BASELINES, *ZERO_SHOT, *TUNED]
    return planted_zoo(models, wild, beyond, lambda prompts: 0.02 * (prompts == "1"), agreement=0.9)


@pytest.fixture(scope="module")
def found(zoo):
    return {name: test(zoo) for name, test in EVIDENCE.items()}


@pytest.fixture(scope="module")
def null_zoo():
    """Everything on the line, and one line for all."""
    models = [
        *BASELINES,
        *ZERO_SHOT[:9],
        *named("resnet-uncurated", "resnet-curated", "resnet-scored", seeds=[0, 1]),
    ]
    return planted_zoo(models, lambda m: WILD.get(m, 0.62), agreement=0.9)  # fmt: skip


def only(table, keep):
    chosen = np.array([keep(m) for m in table.frame.model])
    return MeasuredTable(table.frame[chosen].reset_index(drop=True), table.draws[chosen], {})


@pytest.mark.parametrize(
    ("claim", "truth", "tolerance"),
    [
        ("V3", 10.0, 4.0),
        ("V5", 0.6, 0.2),
        ("V6", 2.0, 1.0),
        ("V7", 10.0, 4.0),
        ("E3", 0.6, 0.2),
        ("Q1", 6.0, 4.0),
        ("N1", 12.0 * np.log(5) / np.log(10), 3.0),
    ],
)
def test_planted_effects_come_back(found, claim, truth, tolerance):
    evidence = found[claim]
    assert evidence.effect == pytest.approx(truth, abs=tolerance)
    assert evidence.low <= truth <= evidence.high
    assert evidence.p < 0.05


def test_off_the_line_is_counted_beyond_the_baselines_own_distance(found):
    assert 6.0 < found["V1"].effect < 10.0 and found["V1"].low > 0
    assert "8 supervised baselines, whose own mean distance is" in found["V1"].note


def test_factors_above_the_line_are_counted(found):
    count = found["V2"]
    assert 6 <= count.effect <= 8 and 4 <= count.low <= count.effect <= count.high <= 8
    assert "texture" in count.note and "pose" not in count.note


def test_a_source_of_its_own_is_told_from_seeds(found, null_zoo):
    assert found["V4"].effect > 1.0 and found["V4"].p < 0.01
    assert "in the place of LAION and WIT" in found["V4"].note and "wild–mixed" in found["V4"].note
    null = section.sources_follow_other_lines(null_zoo)
    assert null.p > 0.05 and null.low <= 0


def test_nothing_planted_nothing_found(null_zoo):
    assert section.off_the_line(null_zoo).low <= 0
    assert section.curation_raises_robustness(null_zoo).p > 0.05
    count = section.factors_above_the_line(null_zoo)
    assert count.low == 0 and count.high >= 9


def test_a_share_of_nothing_is_not_known_for_sure():
    """Without effective robustness the smallest share removed is about zero, and its interval has a width."""
    on_the_line = planted_zoo([*BASELINES, *ZERO_SHOT, *TUNED], wild, agreement=0.9)
    found = natural_shifts.finetuning_removes_robustness(on_the_line)
    assert found.low < -0.01 and found.low <= found.effect <= found.high < 0.5


def test_runs_are_the_clusters(found):
    assert (found["V1"].n_models, found["V1"].n_clusters) == (len(ZERO_SHOT), len(ZERO_SHOT))
    assert (found["V4"].n_models, found["V4"].n_clusters) == (9, 9)
    assert (found["V5"].n_models, found["V5"].n_clusters) == (15, 3)
    assert (found["V7"].n_models, found["V7"].n_clusters) == (6, 6)
    assert (found["E3"].n_models, found["E3"].n_clusters) == (15, 3)
    assert (found["N1"].n_models, found["N1"].n_clusters) == (5, 5)


def test_prompts_are_compared_on_zero_shot_models_alone(found, zoo):
    assert found["V6"].n_models == found["V6"].n_clusters == len(ZERO_SHOT)
    assert "the mean drop by a factor changes by" in found["V6"].note
    assert (
        found["V6"].effect == section.fewer_prompts_lose_accuracy(only(zoo, lambda m: m not in TUNED)).effect
    )


def test_shares_by_method_stand_beside_their_mean(zoo, found):
    shares = shares_removed(factor_frames.by_factor(zoo, factors=factor_frames.MAIN_FACTORS))
    assert list(shares.by_method.method) == list(METHODS) and set(shares.by_method.n) == {3}
    assert shares.by_method.value.mean() == pytest.approx(found["V5"].effect)
    assert (shares.by_method.low < shares.by_method.value).all()
    assert shares.p_methods > 0.05 and f"p = {shares.p_methods:.2g}" in found["V5"].note


def test_methods_that_differ_are_told_apart(zoo):
    """The linear probe's children are moved onto the line, those of LoRA off it as far as their parents."""
    numbers = factor_frames.by_factor(zoo, factors=factor_frames.MAIN_FACTORS)
    value, draws = numbers.value.copy(), numbers.draws.copy()
    for i, model in enumerate(numbers.models):
        factor = {"linear-probe-wild": 0.0, "lora-wild": 2.5}.get(model[:-3], 1.0)
        value[i], draws[i] = factor * value[i], factor * draws[i]
    shares = shares_removed(numbers._replace(value=value, draws=draws))
    assert shares.by_method.value["linear-probe-wild"] == pytest.approx(1.0)
    assert shares.by_method.value["lora-wild"] == pytest.approx(0.0, abs=0.3)
    assert shares.p_methods < 0.01


def test_robustness_that_is_not_there_cannot_be_removed(null_zoo):
    onto = planted_zoo([*BASELINES, *named("resnet-wild"), *TUNED], wild, agreement=0.9)
    evidence = natural_shifts.finetuning_removes_robustness(onto)
    assert (evidence.effect, evidence.p) == (0.0, 1.0)


def test_groups_of_models_on_each_shift(zoo):
    frame = natural_shifts.group_frame(zoo).set_index(["group", "shift"])
    assert set(frame.index.get_level_values("shift")) == set(natural_shifts.SHIFTS)
    zero_shot, tuned = frame.loc[("zero-shot, wild", "sketch")], frame.loc[("fine-tuned on wild", "sketch")]
    assert zero_shot.value == pytest.approx(20, abs=5) and tuned.value == pytest.approx(8, abs=5)
    assert (zero_shot.n_models, tuned.n_models, tuned.n_runs) == (5, 12, 3)
    assert (frame.low < frame.value).all() and (frame.value < frame.high).all()


def test_worst_cell_of_the_filters_is_named(zoo, found):
    cells = training_data.gains(zoo)
    assert len(cells) == 6 and set(cells.axis) == {"wild", "natural shifts", "retrieval"}
    worst = cells.loc[cells.effect.idxmin()]
    assert (found["Q2"].effect, found["Q2"].low, found["Q2"].high) == (worst.effect, worst.low, worst.high)
    assert f"smallest {worst['filter']} on {worst.axis}" in found["Q2"].note
    shifts = cells[cells.axis == "natural shifts"]
    assert (
        shifts.effect > cells[cells.axis == "wild"].effect.max()
    ).all()  # accuracy, and robustness beyond it


def test_both_measures_of_a_factor_stand_side_by_side(zoo):
    frame = factor_frames.factor_frame(zoo)
    assert list(frame.index) == list(FACTORS)
    assert frame.robustness["texture"] == pytest.approx(10, abs=5)
    assert frame.robustness["pose"] == pytest.approx(-10, abs=5)
    for name in ("robustness", "drop", "spared"):
        assert (frame[f"{name}_low"] < frame[name]).all() and (frame[name] < frame[f"{name}_high"]).all()
    drops = factor_frames.by_factor(zoo, "drop")
    zero_shot = [kind_of(m) == "zero_shot" for m in drops.models]
    assert frame["drop"].to_numpy() == pytest.approx(100 * drops.value[zero_shot].mean(axis=0))


def test_ranks_of_both_measures_are_compared(zoo):
    agreement, frame = factor_frames.agreement(zoo), factor_frames.factor_frame(zoo)
    for name, other in (("drop", -frame["drop"]), ("spared", frame.spared)):
        assert agreement.value[name] == pytest.approx(spearmanr(frame.robustness, other).statistic)
        assert agreement.low[name] <= agreement.value[name] <= agreement.high[name]
    assert set(agreement.otherwise["drop"].split(", ")) <= set(FACTORS) | {""}


def test_contrasts_cover_every_set_of_prompts(zoo):
    for metric in (factor_frames.METRIC, "drop"):
        frame = factor_frames.contrasts_on(metric, zoo).set_index("id")
        assert {"size-10", "curation-text", "cross-entropy-wild", "prompts-1", "prompts-30"} <= set(
            frame.index
        )
    assert "prompts-1" in set(natural_shifts.contrasts_on(zoo).id)


def test_twins_with_and_without_language_are_compared(zoo):
    frame = factor_frames.language(table=zoo).set_index("aspect")
    assert {"resnet-wild", "resnet-wild-10", "resnet-mixed", "resnet-studio"} == set(frame.index)
    assert not frame.clean.any() and frame.effect["resnet-wild"] > 0


def test_missing_models_are_named(zoo):
    with pytest.raises(MissingData, match="no model resnet-catalogue has been measured"):
        section.sources_follow_other_lines(only(zoo, lambda m: "resnet-catalogue" not in m))
    with pytest.raises(MissingData, match="no source has been measured with two seeds"):
        section.sources_follow_other_lines(only(zoo, lambda m: kind_of(m) == "baseline" or m.endswith("-s0")))
    with pytest.raises(MissingData, match="have 1 measured seeds in common"):
        section.finetuning_moves_to_the_line(only(zoo, lambda m: m not in ("lora-wild-s0", "lora-wild-s1")))


def test_every_claim_is_one_of_the_ledgers():
    assert set(EVIDENCE) <= set(load())
