"""Visual factors in the zoo: evidence for each claim."""

from itertools import combinations

import numpy as np

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.visual_factors import DATASETS, MEAN, SECTION
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import SOURCES, from_contrast, from_draws, kind_of
from clipkit.sections.pocket.factor_frames import MAIN_FACTORS, by_factor, mean_of_models
from clipkit.sections.pocket.finetuning import shares_removed, shares_text
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import compare, gather, of_kind, of_recipes
from clipkit.stats import holm

RECIPES = tuple(f"resnet-{source}" for source in SOURCES)
FILTERED, UNFILTERED = ("resnet-curated", "resnet-scored"), "resnet-uncurated"
PERMUTATIONS = 9_999
CEILING = 0.97


def off_the_line(table: MeasuredTable | None = None) -> Evidence:
    """V1: how much farther from the baselines' line zero-shot models lie than a baseline does (pp)."""
    numbers = by_factor(table, factors=MAIN_FACTORS)
    models, own = of_kind(numbers, "zero_shot"), of_kind(numbers, "baseline")
    value, draws = mean_of_models(models)
    m = len(own.models)
    # The line took two degrees of freedom from the baselines' own distances.
    distance = 100 * float(np.abs(own.value).mean()) * np.sqrt(m / (m - 2))
    note = f"{m} supervised baselines, whose own mean distance is {distance:.1f} pp; {_at_ceiling(table)}"
    return from_draws(
        100 * np.abs(value).mean() - distance,
        100 * np.abs(draws).mean(axis=1) - distance,
        models.models,
        method="basic",
        note=note,
    )


def factors_above_the_line(table: MeasuredTable | None = None) -> Evidence:
    """V2: on how many of the ten main factors zero-shot models lie above the line; see verdict.py on counts."""
    models = of_kind(by_factor(table, factors=MAIN_FACTORS), "zero_shot")
    value, draws = mean_of_models(models)
    p = holm(np.array([from_draws(v, d, []).p for v, d in zip(value, draws.T, strict=True)]))
    above, below = (value > 0) & (p < 0.05), (value < 0) & (p < 0.05)
    sure = ", ".join(f.replace("_", " ") for f, yes in zip(MAIN_FACTORS, above, strict=True) if yes)
    n = len(models.models)
    return Evidence(
        float((value > 0).sum()),
        float(above.sum()),
        float(len(value) - below.sum()),
        float(p[value > 0].min(initial=1.0)),
        n,
        n,
        f"surely above on {sure or 'none'}; {_at_ceiling(table)}",
    )


def _at_ceiling(table: MeasuredTable | None) -> str:
    """On which main factors the baselines make hardly an error, so that nothing can lie above their line."""
    accuracy = of_kind(by_factor(table, "accuracy", MAIN_FACTORS), "baseline").value.mean(axis=0)
    found = [f.replace("_", " ") for f, a in zip(MAIN_FACTORS, accuracy, strict=True) if a > CEILING]
    return f"no room above the line on {', '.join(found) or 'none'}, where baselines exceed {CEILING:.0%}"


def below_on_pose_and_partial_view(table: MeasuredTable | None = None) -> Evidence:
    """V3: by how much (pp) zero-shot models fall short on pose and on partial view, the lesser of both."""
    both = ("pose", "partial_view")
    models = of_kind(by_factor(table, factors=both), "zero_shot")
    value, draws = mean_of_models(models)
    each = ", ".join(f"{f.replace('_', ' ')} {100 * v:+.1f} pp" for f, v in zip(both, value, strict=True))
    return from_draws(-100 * value.max(), -100 * draws.max(axis=1), models.models, note=f"one by one: {each}")


def sources_follow_other_lines(table: MeasuredTable | None = None) -> Evidence:
    """V4: mean distance (pp, over the ten factors) of models of two sources, beyond that of two seeds of one.

    p: sources exchanged among the runs, which is exact. The interval covers images and baselines.
    """
    numbers = of_recipes(by_factor(table, factors=MAIN_FACTORS), RECIPES)
    source = np.array([split_name(m)[0] for m in numbers.models])
    i, j = np.triu_indices(len(source), 1)
    if (source[i] != source[j]).all():
        raise MissingData("no source has been measured with two seeds", "train a second seed of one at least")
    apart = 100 * np.abs(numbers.value[i] - numbers.value[j]).mean(axis=1)
    drawn = 100 * np.abs(numbers.draws[i] - numbers.draws[j]).mean(axis=1)

    def beyond_seeds(distances, labels):
        same = labels[i] == labels[j]
        return distances[~same].mean(axis=0) - distances[same].mean(axis=0)

    rng, effect = np.random.default_rng(0), float(beyond_seeds(apart, source))
    shuffled = [beyond_seeds(apart, rng.permutation(source)) for _ in range(PERMUTATIONS)]
    p = (1 + sum(s >= effect - 1e-12 for s in shuffled)) / (1 + PERMUTATIONS)
    seeds = apart[source[i] == source[j]].mean()
    names = ", ".join(s.removeprefix("resnet-") for s in RECIPES)
    pairs = {
        f"{a.removeprefix('resnet-')}–{b.removeprefix('resnet-')}": apart[
            ((source[i] == a) & (source[j] == b)) | ((source[i] == b) & (source[j] == a))
        ].mean()
        for a, b in combinations(RECIPES, 2)
    }
    note = (
        f"sources of one ResNet: {names}, in the place of LAION and WIT; "
        f"two seeds of a source lie {seeds:.1f} pp apart, "
        + ", ".join(f"{name} {d:.1f}" for name, d in pairs.items())
    )
    return from_draws(effect, beyond_seeds(drawn, source), numbers.models, method="basic", p=p, note=note)


def finetuning_moves_to_the_line(table: MeasuredTable | None = None, data: str = "wild") -> Evidence:
    """V5: share of the distance from the line that fine-tuning on `data` removes, mean over four methods.

    Distance: mean over the ten factors of the absolute effective robustness of one model. Whether the methods
    differ stands in the note.
    """
    shares = shares_removed(by_factor(table, factors=MAIN_FACTORS), data)
    return from_contrast(shares.mean, shares.models, scale=1.0, note=shares_text(shares))


def fewer_prompts_lose_accuracy(table: MeasuredTable | None = None) -> Evidence:
    """V6: loss (pp) of mean factor accuracy from eighty templates to one, over zero-shot models."""
    table = zoo_results() if table is None else table
    zero_shot = table.frame.model.map(kind_of).eq("zero_shot").to_numpy()
    only = MeasuredTable(table.frame[zero_shot].reset_index(drop=True), table.draws[zero_shot], table.said)
    key = {"section": SECTION, "dataset": DATASETS[0], "subset": MEAN}
    found = contrast_frame(only, **key, metric="accuracy", specs=[contrasts()["prompts-1"]]).iloc[0]
    drop = contrast_frame(only, **key, metric="drop", specs=[contrasts()["prompts-1"]]).iloc[0]
    note = f"the mean drop by a factor changes by {100 * drop.effect:+.1f} pp"
    return from_contrast(found, gather(only, [MEAN], **key, metric="drop").models, scale=-100.0, note=note)


def curation_raises_robustness(table: MeasuredTable | None = None) -> Evidence:
    """V7: gain (pp) in effective robustness, filtered captions (by text, by score) minus unfiltered."""
    numbers = of_kind(by_factor(table, factors=MAIN_FACTORS), "zero_shot")
    filtered, plain = (of_recipes(numbers, r).models for r in (FILTERED, [UNFILTERED]))
    found = compare(numbers, filtered, plain)
    each = {r: compare(numbers, of_recipes(numbers, [r]).models, plain) for r in FILTERED}
    accuracy = of_kind(by_factor(table, "accuracy", MAIN_FACTORS), "zero_shot")
    gain = compare(accuracy, filtered, plain)
    note = (
        ", ".join(f"{r.removeprefix('resnet-')} {100 * c.effect:+.1f} pp" for r, c in each.items())
        + f"; mean accuracy under a factor changes by {100 * gain.effect:+.1f} pp"
    )
    return from_contrast(found, [*filtered, *plain], note=note)
