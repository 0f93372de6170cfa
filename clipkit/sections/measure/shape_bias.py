"""Shape bias: which cue decides where shape and texture disagree, and what a model makes of each cue alone."""

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import resampled_mean, resampled_ratio, validate
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats.shared_draws import shared_counts

SECTION = "shape bias"
BACKGROUNDS = ("neutral", "other")
ALL_CLASSES, TWO_CUES = "all classes", "two cues"
CONFLICT, CONTROLS = "cue-conflict", ("shape-only", "texture-only")
DATASETS = tuple(f"{kind}-{background}" for background in BACKGROUNDS for kind in (CONFLICT, *CONTROLS))


def measure(outputs: Outputs) -> list[Measured]:
    """Shape bias, cue accuracy and controls of one model, on both backgrounds.

    The controls are the accuracy on the same shapes in plain grey and on balls, cubes and tubes in each class's
    texture. With the smaller sets of prompts only the two shape biases are measured.
    """
    default = default_prompts(outputs)
    found = []
    for background in BACKGROUNDS:
        conflict = f"{CONFLICT}-{background}"
        cues = _cues(outputs, conflict)
        for prompts in PROMPT_SETS if outputs.card.prompts else (default,):
            numbers = cue_conflict(conflict, outputs.logits(conflict, prompts), *cues, prompts)
            found += numbers if prompts == default else [m for m in numbers if m.metric == "shape_bias"]
        found += [_accuracy(outputs, f"{control}-{background}", default) for control in CONTROLS]
    return found


def cue_conflict(dataset: str, scores, shape, texture, prompts: str = "") -> list[Measured]:
    """Numbers of one model on cue-conflict images, of any track, decided in two ways.

    scores: (n, k), higher is more likely: logits of k prompts, or what
    `clipkit.metrics.class_probabilities` makes of a thousand classes. shape, texture: (n,) indices of the two
    cues among the k. Trials whose cues agree are dropped, as in `clipkit.metrics.shape_bias`.

    Subset "all classes": the decision is the highest of the k scores. shape_bias (NaN where neither cue was
    ever chosen; n counts the trials decided for one of them), and of all trials the shape_share, the
    texture_share and their sum, cue_accuracy. Subset "two cues": whichever of the two named classes scores
    higher decides, a tie counts half; every trial then has a decision, also those of a model that sees neither
    cue well. Shape bias has no better direction.

    Raises BadInput where no trial is in conflict, or an index is none of the k.

    >>> scores = [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]
    >>> for m in cue_conflict("toy", scores, shape=[0, 0, 0, 0], texture=[1, 1, 1, 0]):
    ...     print(m.subset, m.metric, round(m.value, 3), m.n)
    all classes shape_bias 0.5 2
    all classes cue_accuracy 0.667 3
    all classes shape_share 0.333 3
    all classes texture_share 0.333 3
    two cues shape_bias 0.333 3
    """
    scores = validate.array("scores", scores, ndim=2)
    n, k = scores.shape
    shape, texture = (
        validate.class_labels(name, v, k) for name, v in (("shape", shape), ("texture", texture))
    )
    validate.same_length(scores=scores, shape=shape, texture=texture)
    if (shape == texture).all():
        raise BadInput(f"{dataset}: shape and texture agree in all {n} trials", "pass cue-conflict images")
    decision = scores.argmax(axis=1)
    conflict = (shape != texture).astype(float)
    by_shape, by_texture = (conflict * (decision == cue) for cue in (shape, texture))
    by_either = by_shape + by_texture
    lead = np.take_along_axis(scores, np.stack([shape, texture], axis=1), axis=1) @ [1.0, -1.0]
    two_way = conflict * (np.sign(lead) + 1) / 2
    counts = shared_counts(dataset, n, DRAWS)

    def number(subset, metric, hits, among=conflict, better=None):
        value = hits.sum() / among.sum() if among.any() else np.nan
        draws = resampled_ratio(counts, hits, among)
        return Measured(
            SECTION,
            dataset,
            subset,
            metric,
            float(value),
            draws,
            int(among.sum()),
            prompts,
            "fraction",
            better,
        )

    return [
        number(ALL_CLASSES, "shape_bias", by_shape, by_either),
        number(ALL_CLASSES, "cue_accuracy", by_either, better=True),
        number(ALL_CLASSES, "shape_share", by_shape),
        number(ALL_CLASSES, "texture_share", by_texture),
        number(TWO_CUES, "shape_bias", two_way),
    ]


def _accuracy(outputs: Outputs, dataset: str, prompts: str) -> Measured:
    correct = (outputs.logits(dataset, prompts).argmax(axis=1) == outputs.labels(dataset)).astype(float)
    draws = resampled_mean(shared_counts(dataset, len(correct), DRAWS), correct)
    return Measured(
        SECTION, dataset, ALL_CLASSES, "accuracy", float(correct.mean()), draws, len(correct), prompts
    )


def _cues(outputs: Outputs, dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Class index of each image's shape, which is its label, and of its texture: (n,) int64."""
    table, shape = outputs.table(dataset), outputs.labels(dataset)
    index = dict(zip(table["shape"], shape, strict=True))
    unknown = set(table["texture"]) - index.keys()
    if unknown:
        raise BadInput(f"{dataset}: no image has the shape of {sorted(unknown)[0]!r}", "use the whole set")
    return shape, np.array([index[name] for name in table["texture"]], dtype=np.int64)
