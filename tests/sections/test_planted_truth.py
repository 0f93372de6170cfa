"""Two hundred times over: each section's intervals hold what was planted, and where nothing was, nothing is found.

Seeds are the numbers of the runs, 0 to 199. Of 200 intervals of 95 %, 190 are expected to hold the truth, with a
standard deviation of 3; of 200 families of true null hypotheses, 10 are expected to be rejected, with the same.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from clipkit.pocket.oracle import OracleModel, population
from clipkit.pocket.oracle.planted import confidence_of
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import FinetuneRecipe, shipped_recipes
from clipkit.results import SIX_FACTORS
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure import calibration, ood_detection, retrieval, shape_bias, visual_factors
from clipkit.sections.measure.calibration import CalibrationSets
from clipkit.sections.measure.ood_detection import OODSets
from clipkit.sections.measured import DRAWS, MeasuredTable, to_rows
from clipkit.sections.pocket.evidence import kind_of
from clipkit.stats import shared_counts

pytestmark = pytest.mark.slow
RUNS, HELD, REJECTED = 200, 184, 17


class Head(OracleModel):
    """A model with a classification head, asked once for each set."""

    def __init__(self, *planted):
        super().__init__("head", *planted, prompts=False)

    def logits(self, dataset, prompts=""):
        return super().logits(dataset)


def visual_factors_section(seed):
    drops = {"pose": 0.3, "larger": -0.05}
    found = visual_factors.measure(Head(population.factors(0.7, drops, regained=0.2, n=104, seed=seed)))
    truth = {("factors", "base", "accuracy"): 0.7}
    truth |= {("factors", f, "drop"): drops.get(f, 0.0) for f in ("pose", "larger", "style")}
    return found, truth | {("factors", "all factors", "drop"): sum(drops.values()) / len(FACTORS)}


def shape_bias_section(seed):
    planted = [
        population.cue_conflict(name, 0.4, 0.7, n=104, seed=seed)
        if name.startswith(shape_bias.CONFLICT)
        else population.classification(name, 0.7, n=104, seed=seed)
        for name in shape_bias.DATASETS
    ]
    truth = {
        ("cue-conflict-neutral", "all classes", m): v for m, v in (("shape_bias", 0.4), ("cue_accuracy", 0.7))
    }
    return shape_bias.measure(Head(*planted)), truth | {("shape-only-other", "all classes", "accuracy"): 0.7}


def ood_detection_section(seed):
    known = population.classification("wild", 0.7, n=208, seed=seed)
    far = population.out_of_distribution("far-noise", population.ease(0.7), 0.8, n=208, seed=seed)
    truth = {("far-noise", "all", "auroc"): 0.8, ("far-noise", "all", "fpr95"): far.truth["fpr95"]}
    sets = OODSets("wild", {"far": ("far-noise",)})
    return ood_detection.measure(Head(known, far), sets), truth | {("wild", "all", "accuracy"): 0.7}


@cache
def rms_gap(ease):
    """The root mean square of the gaps of fifteen bins, by quadrature."""
    u = ndtri((np.arange(200_000) + 0.5) / 200_000)
    confidence = confidence_of(ease.evidence(u))
    which = np.ceil(confidence * 15).astype(int)
    gap = np.bincount(which, weights=ease.chance_right(u) - confidence)
    return np.sqrt((gap**2 / np.maximum(np.bincount(which), 1)).sum() / len(u))


def calibration_section(seed):
    planted = [population.classification(name, 0.7, 0.1, n=416, seed=seed) for name in ("wild", "sketch")]
    ease = population.ease(0.7, 0.1)
    truth = {("sketch", "all", "rms_calibration_error"): rms_gap(ease), ("sketch", "all", "signed_gap"): 0.1}
    truth |= {("wild", "held out", "temperature"): ease.temperature, ("shifted", "scaled", "signed_gap"): 0.0}
    truth |= {("wild", "all", "ece"): 0.1}
    return calibration.measure(Head(*planted), CalibrationSets("wild", ("sketch",))), truth


def retrieval_section(seed):
    planted = population.retrieval(4.0, n=208, seed=seed)
    ways = [(way, k) for way in ("image", "text") for k in retrieval.KS]
    truth = {("retrieval", way, f"recall@{k}"): planted.truth[f"{way}_recall@{k}"] for way, k in ways}
    return retrieval.recalls(OracleModel("retrieval", planted), "retrieval", "captions"), truth


SECTIONS = (
    visual_factors_section,
    shape_bias_section,
    ood_detection_section,
    calibration_section,
    retrieval_section,
)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.__name__.removesuffix("_section"))
def test_intervals_hold_what_was_planted(section):
    held = {}
    for run in range(RUNS):
        found, truth = section(run)
        rows = {(r.dataset, r.subset, r.metric): r for r in to_rows(found, "oracle", "pocket")}
        for key, value in truth.items():
            held[key] = held.get(key, 0) + (rows[key].low <= value <= rows[key].high)
    assert min(held.values()) >= HELD, held


KEY = {"section": "made up", "dataset": "wild", "subset": "all", "metric": "accuracy"}
IMAGES = 400
RECIPES = [recipe for recipe in shipped_recipes() if recipe.role != "reference"]
ONE_OF_EACH_FACTOR = list({c.factor: c for c in list(contrasts().values())[::-1] if c.clean}.values())


def equal_zoo(seed: int, counts: np.ndarray) -> MeasuredTable:
    """All models of the zoo as if equally good: images, recipes, seeds and both with images decide who is right.

    Children and other prompts agree with their parents and with all templates as far as chance lets them.
    """
    rng = np.random.default_rng(seed)
    of_recipe = {recipe.name: 0.5 * rng.normal(size=IMAGES) for recipe in RECIPES}
    models = [(recipe, s) for recipe in RECIPES for s in recipe.seeds]
    own = {
        (recipe.name, s): of_recipe[recipe.name] + 0.06 * rng.normal() + 0.6 * rng.normal(size=IMAGES)
        for recipe, s in models
    }
    image, rows = 0.8 * rng.normal(size=IMAGES), {}
    for recipe, s in models:
        latent, name = own[recipe.name, s], f"{recipe.name}-s{s}"
        if isinstance(recipe, FinetuneRecipe):
            latent = np.sqrt(0.7) * own[recipe.parent, s] + np.sqrt(0.3) * latent
        rows[name, "80" if kind_of(name) == "zero_shot" else ""] = latent
        if kind_of(name) == "zero_shot":
            spread = np.std(list(own.values()))
            rows[name, "1"] = np.sqrt(0.8) * latent + np.sqrt(0.2) * spread * rng.normal(size=IMAGES)
    right = (np.array(list(rows.values())) + image + 0.4 > 0).astype(float)
    frame = pd.DataFrame(list(rows), columns=["model", "prompts"])
    return MeasuredTable(frame.assign(**KEY, value=right.mean(axis=1)), right @ counts.T, {})


def test_where_no_factor_has_an_effect_none_is_found():
    counts = shared_counts("wild", IMAGES, DRAWS) / IMAGES
    frames = [contrast_frame(equal_zoo(run, counts), **KEY, specs=ONE_OF_EACH_FACTOR) for run in range(RUNS)]
    assert {frozenset(frame.factor) for frame in frames} == {frozenset(SIX_FACTORS)}
    assert sum((frame.p_holm < 0.05).any() for frame in frames) <= REJECTED
