"""Made-up answers of pocket LMMs, with what their analysis should find planted in them."""

import numpy as np
import pandas as pd

from clipkit.pocket.instructions import EVALUATION_SETS
from clipkit.pocket.lmm.results import BLIND, COIN, LMM
from clipkit.pocket.sets import SETS
from clipkit.sections.lmm_interaction import CONTROLS


def planted(gains: dict[str, dict[str, float]], tower: float = 0.6, seed: int = 0) -> pd.DataFrame:
    """Decisions of one LMM for each tower: `gains` is tower → control → share of images that only the LMM gets right.

    Towers are right on `tower` of all images; a negative gain is the share that only the tower gets right. Coin and
    blind LMM are right on every second image; one LMM text in ten names neither, and the others the likeliest name.
    """
    rng, found = np.random.default_rng(seed), []
    for name, by_control in gains.items():
        for dataset in EVALUATION_SETS:
            n = SETS[dataset].n
            order = rng.permutation(n)
            own = np.isin(np.arange(n), order[: round(tower * n)])
            for control in CONTROLS:
                gain = by_control.get(control, 0.0)
                changed = order[-round(gain * n) :] if gain > 0 else order[: round(-gain * n)]
                lmm = own.copy()
                lmm[changed if round(abs(gain) * n) else []] = gain > 0
                for answerer, right in (
                    (LMM, lmm),
                    (BLIND, np.arange(n) % 2 == 0),
                    (COIN, np.arange(n) % 2 == 1),
                ):
                    speaks = answerer == LMM
                    said = np.where(np.arange(n) % 10 == 0, "neither", np.where(right, "right", "wrong"))
                    found.append(
                        pd.DataFrame(
                            {
                                "lmm": f"lmm-{name}",
                                "tower": name,
                                "dataset": dataset,
                                "control": control,
                                "image": np.arange(n, dtype=np.int16),
                                "mined": np.arange(n) % 4 == 0,
                                "wrong": "truck",
                                "tower_right": own,
                                "answerer": answerer,
                                "right": right,
                                "probability": np.where(right, 0.9, 0.2),
                                "said": said if speaks else "",
                                "agrees": (said != "neither") & speaks,
                            }
                        )
                    )
    return pd.concat(found, ignore_index=True)
