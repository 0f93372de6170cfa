"""An oracle that answers on every pocket set, so that each section can be run on it as on a trained model."""

from collections.abc import Mapping

from clipkit.pocket.oracle import exact
from clipkit.pocket.oracle.model import OracleModel
from clipkit.pocket.oracle.planted import PlantedSet
from clipkit.pocket.sets import SETS


def oracle_suite(
    name: str,
    *planted: PlantedSet,
    accuracy: float = 0.8,
    overconfidence: float = 0.05,
    shape_bias: float = 0.4,
    cue_accuracy: float = 0.75,
    auroc: float = 0.8,
    image_recall: Mapping[int, float] = {1: 0.5, 5: 0.8, 10: 0.9},
    text_recall: Mapping[int, float] = {1: 0.6, 5: 0.85, 10: 0.95},
    drops: Mapping[str, float] = {"pose": 0.4, "style": 0.3},
    n: int = 52,
    seed: int = 0,
) -> OracleModel:
    """An OracleModel with the whole evaluation suite, planted exactly.

    planted: sets to use instead of those made from the values below. Each set of unknown things is told from
    "wild"; all others, controls and pairs of views included, get the same accuracy and overconfidence.
    """
    sets = {each.name: each for each in planted}
    known = sets.get("wild") or exact.classification("wild", accuracy, overconfidence, n=n, seed=seed)
    sets["wild"] = known
    for each, spec in SETS.items():
        if each in sets:
            continue
        if spec.task.endswith("OOD"):
            sets[each] = exact.out_of_distribution(each, known, auroc, n=n, seed=seed)
        elif spec.task == "cue conflict":
            sets[each] = exact.cue_conflict(each, shape_bias, cue_accuracy, n=n, seed=seed)
        elif each == "factors":
            sets[each] = exact.factors(accuracy, drops, n=n, seed=seed)
        elif each == "retrieval":
            sets[each] = exact.retrieval(image_recall, text_recall, accuracy, n=n, seed=seed)
        elif each == "hard-negatives":
            sets[each] = exact.hard_negatives(accuracy, n=n, seed=seed)
        else:
            sets[each] = exact.classification(each, accuracy, overconfidence, n=n, seed=seed)
    return OracleModel(name, *sets.values(), seed=seed)
