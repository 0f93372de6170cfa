"""Visual factors: accuracy under each, and what one change of the scene takes off it."""

import numpy as np

from clipkit.datasets.imagenet_x import FACTORS
from clipkit.errors import BadInput
from clipkit.metrics import factor_accuracy, resampled_mean, validate
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats.shared_draws import shared_counts

SECTION = "visual factors"
DATASETS = ("factors",)
BASE, MEAN = "base", "all factors"


def measure(outputs: Outputs) -> list[Measured]:
    """One model on the paired counterfactuals of the set "factors".

    Subsets: "base", the typical scenes; each factor, the same scenes with that one thing changed; and "all
    factors", the mean over the sixteen. Metrics: accuracy, and but for the base the drop, accuracy of the base
    minus that of its twins. Scenes are resampled with all their twins. With the smaller sets of prompts only
    the base and the means are measured.
    """
    (dataset,) = DATASETS
    table, labels, default = outputs.table(dataset), outputs.labels(dataset), default_prompts(outputs)
    found = []
    for prompts in PROMPT_SETS if outputs.card.prompts else (default,):
        correct = outputs.logits(dataset, prompts).argmax(axis=1) == labels
        numbers = counterfactuals(correct, table["factor"], table["pair"], prompts)
        found += numbers if prompts == default else [m for m in numbers if m.subset in (BASE, MEAN)]
    return found


def counterfactuals(correct, factor, pair, prompts: str = "", dataset: str = DATASETS[0]) -> list[Measured]:
    """The numbers of `measure` from paired answers.

    correct: (n,) bool; factor: (n,) "base" or a factor's name; pair: (n,) labels, one for each scene. Each
    scene has one image of the base and one of each factor; anything else raises BadInput that names it.

    >>> answers = {"base": [1, 1], "pose": [0, 1]}
    >>> found = counterfactuals(sum(answers.values(), []), np.repeat(list(answers), 2), [0, 1, 0, 1])
    >>> [(m.subset, m.metric, m.value) for m in found[:3]]
    [('base', 'accuracy', 1.0), ('pose', 'accuracy', 0.5), ('pose', 'drop', 0.5)]
    """
    names, scenes, by_scene = _by_scene(correct, factor, pair)
    base, twins = by_scene[:, names.index(BASE), None], np.delete(by_scene, names.index(BASE), axis=1)
    names.remove(BASE)
    counts = shared_counts(dataset, len(scenes), DRAWS)

    def numbers(metric, scores, subsets, better):
        draws = resampled_mean(counts, scores)
        return [
            Measured(SECTION, dataset, s, metric, float(v), d, len(scenes), prompts, higher_is_better=better)
            for s, v, d in zip(subsets, scores.mean(axis=0), draws.T, strict=True)
        ]

    scored = np.column_stack([twins, twins.mean(axis=1)])
    accuracies = numbers("accuracy", scored, [*names, MEAN], True)
    drops = numbers("drop", base - scored, [*names, MEAN], False)
    return numbers("accuracy", base, [BASE], True) + [
        m for both in zip(accuracies, drops, strict=True) for m in both
    ]


def from_annotations(
    correct, factors, names=FACTORS, typical=None, prompts: str = "", dataset: str = "imagenet-x"
) -> list[Measured]:
    """The same numbers for real photographs, whose factors people have marked.

    correct: (n,) bool for the annotated images; factors: (n, F) bool, such as the columns `FACTORS` of
    `clipkit.datasets.imagenet_x.annotations`. "base" is the accuracy of all of them, ImageNet-X's average;
    with typical, (m,) bool, that of other, typical images of the same classes, such as the prototypes.

    No photograph has a twin: here a drop compares different images, and says also whatever else sets the images
    of a factor apart. So it is called gap, not drop. All images are resampled, the typical ones apart.

    Raises BadInput for shapes that do not fit and for a factor that no image carries.

    >>> found = from_annotations([1, 0, 1, 1], [[1, 0], [1, 0], [0, 1], [0, 1]], ["pose", "style"])
    >>> [(m.subset, m.metric, m.value, m.n) for m in found[:3]]
    [('base', 'accuracy', 0.75, 4), ('pose', 'accuracy', 0.5, 2), ('pose', 'gap', 0.25, 2)]
    """
    values = factor_accuracy(correct, factors)
    correct, factors = np.asarray(correct, float), np.asarray(factors, float)
    if len(names) != factors.shape[1]:
        raise BadInput(f"{len(names)} names for {factors.shape[1]} factors", "name each column")
    carried = factors.sum(axis=0).astype(int)
    if not carried.all():
        raise BadInput(f"no image carries {names[int(np.argmin(carried))]!r}", "leave that factor out")
    counts = shared_counts(dataset, len(correct), DRAWS)
    # One pass over the counts: the mean of right answers with a factor, over that of the factor.
    right, present = np.split(resampled_mean(counts, np.hstack([correct[:, None] * factors, factors])).T, 2)
    draws = np.divide(right, present, out=np.full(right.shape, np.nan), where=present > 0)
    if typical is None:
        n_base, base, base_draws = len(correct), float(correct.mean()), resampled_mean(counts, correct)
    else:
        typical = validate.array("typical", validate.proportions("typical", typical), ndim=1).astype(float)
        n_base, base = len(typical), float(typical.mean())
        base_draws = resampled_mean(shared_counts(f"{dataset} typical", n_base, DRAWS), typical)

    def row(subset, metric, value, drawn, n, better=True):
        return Measured(
            SECTION, dataset, subset, metric, float(value), drawn, n, prompts, higher_is_better=better
        )

    subsets = [*names, MEAN]
    values, draws = np.append(values, values.mean()), np.vstack([draws, draws.mean(axis=0)])
    found = [row(BASE, "accuracy", base, base_draws, n_base)]
    for subset, value, drawn, n in zip(subsets, values, draws, [*carried, len(correct)], strict=True):
        found += [
            row(subset, "accuracy", value, drawn, int(n)),
            row(subset, "gap", base - value, base_draws - drawn, int(n), False),
        ]
    return found


def _by_scene(correct, factor, pair) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of the factors in order of appearance, scenes, and answers as 0/1 (scenes, factors)."""
    correct = validate.array("correct", validate.proportions("correct", correct), ndim=1).astype(float)
    factor, pair = np.asarray(factor), np.asarray(pair)
    validate.same_length(correct=correct, factor=factor, pair=pair)
    names = list(dict.fromkeys(factor.tolist()))
    if BASE not in names:
        raise BadInput("no image is of the base", f"mark the unchanged scenes by factor {BASE!r}")
    if len(names) == 1:
        raise BadInput("all images are of the base", "add the twins of at least one factor")
    scenes, row = np.unique(pair, return_inverse=True)
    column = np.array([names.index(name) for name in factor.tolist()])
    times = np.zeros((len(scenes), len(names)), int)
    np.add.at(times, (row, column), 1)
    if (times != 1).any():
        i, j = np.argwhere(times != 1)[0]
        raise BadInput(
            f"pair {scenes[i]} has {times[i, j]} images of {names[j]!r}",
            "give one image of each factor for each pair",
        )
    answers = np.empty(times.shape)
    answers[row, column] = correct
    return names, scenes, answers
