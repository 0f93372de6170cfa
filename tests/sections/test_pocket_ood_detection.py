"""Evidence on OOD detection from a zoo whose effects were planted."""

import zlib

import numpy as np
import pytest
from ood_zoo import ZERO_SHOT, planted_zoo

from clipkit.claims import load
from clipkit.errors import MissingData
from clipkit.pocket.zoo.recipe import read_recipe
from clipkit.sections.pocket import ood_detection as section
from clipkit.sections.pocket import ood_scores as scores
from clipkit.sections.pocket.ood_detection import source_of

EVIDENCE = {
    "O1": section.accuracy_goes_with_detection,
    "O2": section.source_shifts_the_line,
    "O3": section.detour_differs,
    "O4": section.fewer_prompts_detect_better,
    "O5": section.curation_helps,
}


WAYS = ("resnet-wild", "cross-entropy-wild", "cross-entropy-wild-long", "cross-entropy-wild-detour")


def accuracy(recipe):
    """Somewhere between 40 and 80 %, by the name."""
    return 0.4 + 0.4 * (zlib.crc32(recipe.encode()) % 1000) / 1000


def on_the_line(recipe, dataset, subset, score, prompts):
    return 0.4 + 0.5 * accuracy(recipe)


def nothing(recipe, dataset, subset, score, prompts):
    return 0.75


@pytest.fixture(scope="module")
def line():
    return planted_zoo(on_the_line, accuracy)


@pytest.fixture(scope="module")
def flat():
    return planted_zoo(nothing, accuracy, ZERO_SHOT)


@pytest.mark.parametrize("claim", EVIDENCE)
def test_evidence_is_in_the_claims_unit_and_says_what_stands_behind_it(claim, line):
    found = EVIDENCE[claim](line)
    assert load()[claim].section == "OOD detection"
    assert found.low <= found.effect <= found.high and 0 <= found.p <= 1
    assert found.note and 0 < found.n_clusters <= found.n_models


# O1


def test_models_on_a_line_correlate_within_their_source(line):
    found = section.accuracy_goes_with_detection(line)
    assert found.effect > 0.97 and found.low > 0.9 and found.p < 0.001
    frame = section.models(line).query("kind == 'zero_shot' and source == 'wild'")
    assert (found.n_models, found.n_clusters) == (len(frame), frame.recipe.nunique())
    able = frame[frame.accuracy >= section.ABLE]
    assert f". Among the {len(able)} that know 50% of the images or more, +" in found.note
    assert f"within wild ({frame.recipe.nunique()} recipes" in found.note


def test_no_relation_is_no_evidence_and_seeds_do_not_count_as_recipes(flat):
    found = section.accuracy_goes_with_detection(flat)
    # Luck is common to accuracy and AUROC, but small against the planted accuracies.
    assert found.low < 0 < found.high and found.p > 0.05


def test_a_negative_relation_has_a_negative_sign():
    table = planted_zoo(lambda recipe, *_: 0.9 - 0.5 * accuracy(recipe), accuracy, ZERO_SHOT)
    found = section.accuracy_goes_with_detection(table)
    assert found.effect < -0.97 and found.high < -0.9


def test_too_few_recipes_are_said():
    table = planted_zoo(on_the_line, accuracy, ["resnet-wild", "vit-wild", "resnet-studio"])
    with pytest.raises(MissingData, match="no source has 5 measured recipes, the most has 2"):
        section.accuracy_goes_with_detection(table)


# O2


@pytest.mark.parametrize("shift", [0.03, -0.03])
def test_a_source_off_the_line_is_found_whichever_its_side(shift):
    def auroc(recipe, *rest):
        off = source_of(f"{recipe}-s0") == "studio"
        return on_the_line(recipe, *rest) + shift * off

    table = planted_zoo(auroc, accuracy, ZERO_SHOT)
    found = section.source_shifts_the_line(table)
    assert found.low <= 3.0 <= found.high and found.low > 0 and found.p < 0.05
    between = found.note.partition("largest between ")[2].partition(", of ")[0]
    assert "studio" in between.split(" and ")[0 if shift > 0 else 1]
    offsets = section.source_offsets(table).set_index(["a", "b"])
    assert offsets.value["mixed", "studio"] == pytest.approx(-100 * shift, abs=0.7)
    assert offsets.low["mixed", "wild"] < 0 < offsets.high["mixed", "wild"]


def test_one_line_for_all_sources_has_no_offset(line):
    found = section.source_shifts_the_line(line)
    assert found.low < 0 and found.p > 0.05
    assert not {"LAION", "WIT"} - set(found.note.replace(",", "").split())


def test_accuracies_that_do_not_overlap_are_said():
    def lower(recipe):
        return accuracy(recipe) - 0.4 * (source_of(f"{recipe}-s0") == "studio")

    def auroc(recipe, *rest):
        return 0.4 + 0.5 * lower(recipe) + 0.05 * (source_of(f"{recipe}-s0") == "studio")

    found = section.source_shifts_the_line(planted_zoo(auroc, lower, ZERO_SHOT))
    assert "do not overlap" in found.note


# O3


@pytest.mark.parametrize("shift", [0.04, -0.04])
def test_the_detour_counts_on_classes_never_seen_and_either_way(shift):
    def auroc(recipe, dataset, subset, *rest):
        detour = recipe == "cross-entropy-wild-detour"
        return 0.7 + detour * {"seen": 0.1, "unseen": shift}.get(subset, 0.0)

    table = planted_zoo(auroc, accuracy, WAYS)
    found = section.detour_differs(table)
    assert found.low <= 4.0 <= found.high and found.low > 0 and found.p < 0.05
    assert (found.n_models, found.n_clusters) == (6, 3)
    by_part = 100 * section.detour(table).effect
    np.testing.assert_allclose(by_part, [10.0, 100 * shift, 0.0], atol=0.5)
    assert f"{by_part.iloc[1]:+.1f} pp on near classes never seen" in found.note


def test_having_seen_a_class_alone_is_no_evidence():
    def auroc(recipe, dataset, subset, *rest):
        return 0.7 + 0.1 * (recipe == "cross-entropy-wild-detour" and subset == "seen")

    found = section.detour_differs(planted_zoo(auroc, accuracy, WAYS))
    assert found.high < 1.0 and "+10." in found.note


# O4, O5


def test_prompts_are_compared_within_zero_shot_models():
    def auroc(recipe, dataset, subset, score, prompts):
        gain = 0.02 if read_is_zero_shot(recipe) else -0.2
        return on_the_line(recipe, dataset, subset, score, prompts) + gain * (prompts == "1")

    table = planted_zoo(
        auroc, accuracy, ["resnet-wild", "vit-wild", "resnet-studio", "flyp-wild", "lora-wild"]
    )
    found = section.fewer_prompts_detect_better(table)
    assert found.low <= 2.0 <= found.high and found.low > 1.5
    assert found.n_models == found.n_clusters == len(section.models(table).query("kind == 'zero_shot'"))


def read_is_zero_shot(recipe):
    return getattr(read_recipe(recipe), "objective", "supervised") != "supervised"


def test_curation_is_the_mean_of_two_filters():
    gain = {"resnet-scored": 0.01, "resnet-curated": 0.05}
    recipes = [*gain, "resnet-uncurated", "resnet-wild"]
    table = planted_zoo(lambda recipe, *_: 0.7 + gain.get(recipe, 0.0), accuracy, recipes, spread=0.001)
    found = section.curation_helps(table)
    assert found.low <= 3.0 <= found.high and found.low > 2
    assert (found.n_models, found.n_clusters) == (9, 9)
    with pytest.raises(MissingData, match="no model resnet-scored has been measured"):
        section.curation_helps(planted_zoo(nothing, accuracy, recipes[1:]))


# Scores


def test_the_best_score_and_its_lead_are_those_planted():
    def auroc(recipe, dataset, subset, score, prompts):
        better = "max-logit" if dataset.startswith("far") else "mcm"
        return on_the_line(recipe, dataset, subset, score, prompts) + 0.05 * (score == better)

    table = planted_zoo(auroc, accuracy, ZERO_SHOT)
    frame = scores.score_means(table).set_index(["dataset", "score"])
    assert frame.difference["far-noise", "max-logit"] == pytest.approx(0.05, abs=0.002)
    assert frame.difference["near-ood", "max-logit"] == pytest.approx(-0.05, abs=0.002)
    assert frame.difference_low["far-noise", "max-logit"] > 0.045
    assert (frame.difference["far", "mcm"], frame.difference_high["far", "mcm"]) == (0, 0)


def test_rankings_that_a_score_turns_round_are_found():
    def auroc(recipe, dataset, subset, score, prompts):
        sign = -1 if (score, dataset) == ("max-logit", "near-ood") else 1
        return 0.6 + sign * 0.5 * (accuracy(recipe) - 0.6)

    table = planted_zoo(auroc, accuracy, ZERO_SHOT)
    agreement = scores.rank_agreement(table).set_index(["dataset", "a", "b"]).value
    assert agreement["near-ood", "mcm", "max-logit"] < -0.9
    assert agreement["far", "mcm", "max-logit"] > 0.9 and agreement["near-ood", "mcm", "msp"] > 0.9
    best = scores.best_by_score(table)
    assert best.loc["mcm", "near-ood"] != best.loc["max-logit", "near-ood"]
    assert best.loc["mcm", "far"] == best.loc["max-logit", "far"]


def test_a_change_of_score_passes_for_an_effect_of_fine_tuning_and_is_told_apart():
    """MCM is worse than MSP by ten points in every model, and fine-tuning does nothing."""
    recipes = ["resnet-wild", "cross-entropy-wild", "flyp-wild"]
    table = planted_zoo(lambda r, d, s, score, p: 0.7 + 0.1 * (score == "msp"), accuracy, recipes)
    frame = scores.finetuning_by_score(table).set_index(["id", "score"])
    assert frame.effect["cross-entropy-wild", "usual"] == pytest.approx(0.1, abs=0.01)
    assert frame.effect["cross-entropy-wild", "msp"] == pytest.approx(0.0, abs=0.01)
    assert frame.effect["flyp-wild", "usual"] == pytest.approx(0.0, abs=0.01)  # keeps its prompts, so MCM
    assert scores.contradictions(table) == []


def test_a_contrast_with_two_signs_is_a_contradiction():
    def auroc(recipe, dataset, subset, score, prompts):
        return 0.7 + (recipe == "resnet-wild-sigmoid") * (0.1 if score == "max-logit" else -0.1)

    table = planted_zoo(auroc, accuracy, ["resnet-wild", "resnet-wild-sigmoid", "resnet-wild-plain"])
    assert scores.contradictions(table) == ["loss-sigmoid"]
