"""3D corruptions: accuracy by corruption and severity, and the share of clean accuracy that is left.

Beside the six corruptions that follow depth stand common ones that do not. All cells show the same pictures, which
are resampled together with their clean versions.
"""

from collections.abc import Mapping

import numpy as np

from clipkit.corruptions import DEPTH
from clipkit.errors import BadInput
from clipkit.metrics import resampled_mean
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats.shared_draws import shared_counts

SECTION = "3D corruption"
SOURCE = "wild"
IN_2D = ("gaussian_noise", "defocus_blur", "motion_blur", "fog", "brightness", "contrast", "pixelate",
         "jpeg_compression")  # fmt: skip
FAMILIES = {"3D": DEPTH, "2D": IN_2D}
"""Family → its corruptions; also the name of the `dataset` under which the means over a family stand."""
DATASETS = (SOURCE, *(f"{SOURCE}+{name}" for names in FAMILIES.values() for name in names))
ALL = "all severities"
WORST = "severity 5"
CLEAN = "clean"


def measure(outputs: Outputs) -> list[Measured]:
    """Every number with all templates or a head; the means of 3D, over all severities and at five, with fewer."""
    default = default_prompts(outputs)
    found = _with(outputs, default)
    if outputs.card.prompts:
        for prompts in PROMPT_SETS[:-1]:
            found += [m for m in _with(outputs, prompts) if m.dataset == "3D" and m.subset in (ALL, WORST)]
    return found


def _with(outputs: Outputs, prompts: str) -> list[Measured]:
    def right(dataset):
        return outputs.logits(dataset, prompts).argmax(axis=1) == outputs.labels(dataset)

    clean, answers, pictures = right(SOURCE), {}, None
    for dataset in DATASETS[1:]:
        table, correct = outputs.table(dataset), right(dataset)
        for severity, rows in table.groupby("severity").indices.items():
            shown = table["source"].to_numpy()[rows]
            if pictures is not None and not np.array_equal(shown, pictures):
                raise BadInput(f"{dataset} shows other pictures at severity {severity}", "render it again")
            pictures = shown
            answers[dataset.removeprefix(f"{SOURCE}+"), int(severity)] = correct[rows]
    counts = shared_counts(SOURCE, len(clean), DRAWS)[:, pictures]
    return under_corruption(clean[pictures], answers, counts, prompts)


def under_corruption(
    clean, answers: Mapping[tuple[str, int], np.ndarray], counts: np.ndarray, prompts: str = ""
) -> list[Measured]:
    """Accuracies and shares from right answers, the same n pictures in each cell.

    clean: (n,) whether the clean picture is classified right; answers: (corruption, severity) → the same for the
    corrupted ones; counts (DRAWS, n): the resamples. Rows: accuracy of the clean pictures; accuracy of each cell,
    `dataset` "wild+CORRUPTION", `subset` "severity S"; and for each family, at each severity it was measured
    at and over all: "accuracy", the mean over its cells, and "retained", that mean over the clean accuracy.

    >>> cells = {("fog_3d", 1): [1, 1, 0, 1], ("fog_3d", 5): [0, 1, 0, 0], ("fog", 5): [1, 1, 1, 0]}
    >>> found = under_corruption([1, 1, 0, 1], cells, np.ones((500, 4), int))
    >>> [(m.subset, round(m.value, 2)) for m in found if (m.dataset, m.metric) == ("3D", "retained")]
    [('all severities', 0.67), ('severity 1', 1.0), ('severity 5', 0.33)]
    """
    cells = list(answers)
    matrix = np.column_stack([clean, *answers.values()]).astype(float)
    value, draws = matrix.mean(axis=0), resampled_mean(counts, matrix)
    n = len(matrix)

    def row(dataset, subset, metric, value, drawn):
        return Measured(SECTION, dataset, subset, metric, float(value), drawn, n, prompts)

    found = [row(SOURCE, CLEAN, "accuracy", value[0], draws[:, 0])]
    found += [
        row(f"{SOURCE}+{name}", f"severity {severity}", "accuracy", value[k], draws[:, k])
        for k, (name, severity) in enumerate(cells, start=1)
    ]
    for family, names in FAMILIES.items():
        own = [(severity, k) for k, (name, severity) in enumerate(cells, start=1) if name in names]
        groups = {ALL: [k for _, k in own]}
        groups |= {f"severity {s}": [k for t, k in own if t == s] for s in sorted({s for s, _ in own})}
        for subset, columns in groups.items():
            mean, drawn = value[columns].mean(), draws[:, columns].mean(axis=1)
            found += [
                row(family, subset, "accuracy", mean, drawn),
                row(family, subset, "retained", mean / value[0], drawn / draws[:, 0]),
            ]
    return found
