"""Training data in the zoo: two filters of one uncurated pool, and three sizes at equal samples seen."""

import numpy as np
import pandas as pd

from clipkit.evidence import Evidence
from clipkit.pocket.zoo.design import contrasts
from clipkit.pocket.zoo.recipe import read_recipe, split_name
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measure.natural_shifts import ALL, ORDINARY, SECTION, SHIFTS
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.evidence import from_contrast
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.retrieval import FILTERS, recall_gains_by_filter
from clipkit.sections.pocket.robustness import Numbers, compare, gather, of_kind, of_recipes

SIZES = ("size-10", "size-30")
_WILD = {"section": SECTION, "dataset": ORDINARY, "subset": ALL, "metric": "accuracy"}


def _zero_shot(table: MeasuredTable | None, datasets) -> Numbers:
    table = zoo_results() if table is None else table
    key = {"section": SECTION, "subset": ALL, "metric": "accuracy"}
    return of_kind(gather(table, datasets, by="dataset", **key), "zero_shot")


def gains(table: MeasuredTable | None = None) -> pd.DataFrame:
    """Gain (pp) of each filter over none on each axis: filter, axis, effect, low, high, p, n_a, n_b.

    Axes as on the record track: accuracy on the wild set, mean accuracy over the shifts, recall@1.
    """
    table = zoo_results() if table is None else table
    recall = recall_gains_by_filter(table).set_index("id")
    rows = []
    for name, said in FILTERS.items():
        spec = contrasts()[name]
        for axis, datasets in (("wild", [ORDINARY]), ("natural shifts", SHIFTS)):
            numbers = _zero_shot(table, datasets)
            arms = [of_recipes(numbers, [arm]).models for arm in (spec.a, spec.b)]
            rows.append({"filter": said, "axis": axis, **compare(numbers, *arms)._asdict()})
        rows.append({"filter": said, "axis": "retrieval", **recall.loc[name].to_dict()})
    frame = pd.DataFrame(rows)[["filter", "axis", "effect", "low", "high", "p", "n_a", "n_b"]]
    return frame.assign(**{c: 100 * frame[c].astype(float) for c in ("effect", "low", "high")})


def filtering_raises_accuracy(table: MeasuredTable | None = None) -> Evidence:
    """Q1: gain (pp) in accuracy on the wild set, mean over two filters minus unfiltered, at the one scale there is."""
    numbers = _zero_shot(table, [ORDINARY])
    specs = [contrasts()[name] for name in FILTERS]
    filtered = of_recipes(numbers, [s.a for s in specs]).models
    plain = of_recipes(numbers, [specs[0].b]).models
    each = {s.id: compare(numbers, of_recipes(numbers, [s.a]).models, plain).effect for s in specs}
    note = (
        ", ".join(f"{FILTERS[name]} {100 * gain:+.1f} pp" for name, gain in each.items())
        + "; one scale instead of four, and filters leave fewer images, each seen more often"
    )
    return from_contrast(compare(numbers, filtered, plain), [*filtered, *plain], note=note)


def filtering_helps_everywhere(table: MeasuredTable | None = None) -> Evidence:
    """Q2: the smallest gain (pp) of the two filters on the three axes, with the interval of that cell."""
    table = zoo_results() if table is None else table
    cells = gains(table)
    worst = cells.loc[cells.effect.idxmin()]
    specs = [contrasts()[name] for name in FILTERS]
    models = of_recipes(_zero_shot(table, [ORDINARY]), [*(s.a for s in specs), specs[0].b]).models
    each = ", ".join(f"{c.axis} {c.filter} {c.effect:+.1f}" for c in cells.itertuples())
    note = (
        f"smallest {worst['filter']} on {worst.axis}; gains (pp): {each}; "
        f"{int((cells.high < 0).sum())} of {len(cells)} surely losses; one scale instead of four"
    )
    return from_contrast(worst, models, scale=1.0, note=note)


def size_at_equal_samples(table: MeasuredTable | None = None) -> Evidence:
    """N1: gain (pp) in accuracy on the wild set for a fivefold training set, at equal samples seen.

    From a tenth of the images to all, per fivefold step: the logarithm of the size is taken to count.
    """
    numbers = _zero_shot(table, [ORDINARY])
    spec = contrasts()[SIZES[0]]
    few, all_ = read_recipe(spec.a).data.images, read_recipe(spec.b).data.images
    step = np.log(5) / np.log(all_ / few)
    arms = [of_recipes(numbers, [r]).models for r in (spec.b, spec.a)]
    found = compare(numbers, *arms)
    sizes = {
        name: numbers.value[[split_name(m)[0] == name for m in numbers.models], 0]
        for name in (spec.a, contrasts()[SIZES[1]].a, spec.b)
    }
    steps = ", ".join(
        f"{read_recipe(name).data.images:,} images {100 * v.mean():.1f} %"
        for name, v in sizes.items()
        if len(v)
    )
    note = f"{steps}; all against a tenth of the images {100 * found.effect:+.1f} pp, {step:.2f} of it a fivefold step"
    return from_contrast(found, [*arms[0], *arms[1]], scale=100 * step, note=note)


def contrasts_on(table: MeasuredTable | None = None) -> pd.DataFrame:
    """`contrast_frame` of accuracy on the wild set."""
    return contrast_frame(zoo_results() if table is None else table, **_WILD)
