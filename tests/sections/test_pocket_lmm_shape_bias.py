"""The shape bias of LMMs and their towers is counted by hand, and their difference judged."""

import numpy as np
import pandas as pd
import pytest

from clipkit.sections.pocket.lmm_shape_bias import biases, lmm_against_its_tower

N = 400
SHAPE, TEXTURE, OTHER = 0, 1, 2


def decided(tower: str, said: float, alone: float, undecided: float = 0.25) -> pd.DataFrame:
    """Answers with the shape biases `said` and `alone`; every fifth trial has two equal cues and must not count."""
    frames = []
    for dataset in ("cue-conflict-neutral", "cue-conflict-other"):
        place = np.random.default_rng(len(dataset)).permutation(N) / N
        columns = {
            name: np.where(
                place < undecided, OTHER, np.where(place < undecided + (1 - undecided) * bias, SHAPE, TEXTURE)
            )
            for name, bias in (("said", said), ("alone", alone))
        }
        frame = pd.DataFrame({"image": range(N), "shape": SHAPE, "texture": TEXTURE, **columns})
        same = pd.DataFrame(
            {"image": range(N, N + 100), "shape": SHAPE, "texture": SHAPE, "said": SHAPE, "alone": OTHER}
        )
        frames.append(pd.concat([frame, same]).assign(tower=tower, lmm=f"lmm-{tower}", dataset=dataset))
    return pd.concat(frames, ignore_index=True)


def test_biases_count_decided_trials_in_conflict():
    found = biases(decided("resnet-wild-s0", said=0.6, alone=0.3))
    assert len(found) == 2
    for row in found.itertuples():
        assert (row.said, row.alone, row.value) == pytest.approx((0.6, 0.3, 0.3))
        assert (row.said_decided, row.alone_decided) == pytest.approx((0.75, 0.75))
        assert row.low < 0.3 < row.high


def test_b4_is_the_mean_over_zero_shot_towers():
    table = pd.concat(
        [
            decided("resnet-wild-s0", 0.6, 0.3),
            decided("vit-wild-s0", 0.4, 0.3),
            decided("cross-entropy-studio-s0", 0.9, 0.1),
        ]
    )
    found = lmm_against_its_tower(table)
    assert found.effect == pytest.approx(0.2) and found.low < 0.2 < found.high and found.p < 1e-6
    assert found.n_models == found.n_clusters == 2 and "+0.30 (resnet-wild-s0)" in found.note
    even = lmm_against_its_tower(decided("vit-wild-s0", 0.4, 0.4))
    assert even.effect == 0 and even.p == 1
