"""Accuracies under corruption, and what is left of clean accuracy, from answers that are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clipkit.errors import BadInput
from clipkit.sections.measure.corruption_3d import DATASETS, FAMILIES, measure, under_corruption
from clipkit.sections.measured import DRAWS

N, WILD = 40, 60


class Planted:
    """Outputs of which a chosen share of the first pictures is right in each cell; the clean ones all are but one
    in five.
    """

    def __init__(self, right, prompts=True):
        self.right, self.card, self.asked = right, SimpleNamespace(prompts=prompts), set()

    def _severities(self, dataset):
        if dataset == "wild":
            return []
        return (1, 2, 3, 4, 5) if dataset.partition("+")[2] in FAMILIES["3D"] else (3, 5)

    def labels(self, dataset):
        return np.zeros(WILD if dataset == "wild" else N * len(self._severities(dataset)), int)

    def table(self, dataset):
        levels = self._severities(dataset)
        return pd.DataFrame({"severity": np.repeat(levels, N), "source": np.tile(np.arange(N), len(levels))})

    def logits(self, dataset, prompts):
        self.asked.add(prompts)
        if dataset == "wild":
            correct = np.arange(WILD) % 5 > 0
        else:
            name = dataset.partition("+")[2]
            shares = [self.right(name, s) for s in self._severities(dataset)]
            correct = np.concatenate([np.arange(N) < round(share * N) for share in shares])
        return np.stack([correct, ~correct], 1).astype(float)


def numbers(found, prompts="80"):
    return {(m.dataset, m.subset, m.metric): m for m in found if m.prompts == prompts}


def test_what_was_planted_comes_back():
    found = numbers(measure(Planted(lambda name, s: 0.7 - 0.1 * s if name in FAMILIES["3D"] else 0.5)))
    assert found["wild", "clean", "accuracy"].value == 0.8
    for severity in range(1, 6):
        assert found["wild+fog_3d", f"severity {severity}", "accuracy"].value == pytest.approx(
            0.7 - 0.1 * severity
        )
    assert found["3D", "severity 5", "accuracy"].value == pytest.approx(0.2)
    assert found["3D", "severity 5", "retained"].value == pytest.approx(0.25)
    assert found["3D", "all severities", "retained"].value == pytest.approx(0.4 / 0.8)
    assert found["2D", "all severities", "retained"].value == pytest.approx(0.5 / 0.8)
    assert {m.n for m in found.values()} == {N} and {m.draws.shape for m in found.values()} == {(DRAWS,)}


def test_a_model_has_at_most_ninety_rows_and_one_with_a_head_has_no_prompts():
    zero_shot, head = Planted(lambda *_: 0.5), Planted(lambda *_: 0.5, prompts=False)
    found, own = measure(zero_shot), measure(head)
    assert zero_shot.asked == {"80", "30", "5", "1"} and head.asked == {""}
    assert numbers(own, "").keys() == numbers(found).keys()
    assert len(own) == 1 + 6 * 5 + 8 * 2 + 2 * 6 + 2 * 3 and len(found) == len(own) + 3 * 4 <= 90
    fewer = {("3D", s, m) for s in ("all severities", "severity 5") for m in ("accuracy", "retained")}
    assert numbers(found, "1").keys() == fewer


def test_a_picture_is_resampled_with_all_its_versions():
    """Where corruption changes no answer, no resample may show a loss, though accuracy varies."""
    clean, counts = np.arange(N) % 5 > 0, np.random.default_rng(0).multinomial(N, [1 / N] * N, DRAWS)
    found = numbers(
        under_corruption(clean, {(name, 5): clean for name in FAMILIES["3D"]} | {("fog", 5): clean}, counts),
        "",
    )
    assert found["3D", "severity 5", "accuracy"].draws.std() > 0.05
    assert np.allclose(found["3D", "severity 5", "retained"].draws, 1)


def test_draws_are_those_of_the_wild_set():
    """So that accuracy under corruption can be subtracted from, and plotted against, accuracy on the wild set."""
    from clipkit.metrics import resampled_mean
    from clipkit.stats import shared_counts

    found = numbers(measure(Planted(lambda *_: 0.5)))
    expected = resampled_mean(
        shared_counts("wild", WILD, DRAWS)[:, :N], (np.arange(N) < N // 2).astype(float)
    )
    assert np.array_equal(found["wild+flash", "severity 1", "accuracy"].draws, expected)


def test_sets_of_other_pictures_are_refused():
    class Shifted(Planted):
        def table(self, dataset):
            table = super().table(dataset)
            return table.assign(source=table.source + (dataset == DATASETS[3]))

    with pytest.raises(
        BadInput, match=rf"{DATASETS[3].replace('+', '.')} shows other pictures at severity 1"
    ):
        measure(Shifted(lambda *_: 0.5))
