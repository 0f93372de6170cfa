"""OOD detection: whether a model's scores tell images of known classes from images of none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from clipkit.errors import BadInput
from clipkit.metrics import auroc, fpr_at_tpr, max_logit, mcm, msp
from clipkit.metrics.resampled import resampled_auroc, resampled_fpr_at_tpr, resampled_mean
from clipkit.models.cards import ModelCard
from clipkit.pocket.intermediate import SEEN_NEAR_OOD, UNSEEN_NEAR_OOD
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats import shared_counts

SECTION = "OOD detection"
AUROC, FPR = "auroc", "fpr95"
ALL = "all"
"""The data set of a mean over all unknown sets, and the subset of all images of a set."""


@dataclass(frozen=True)
class OODSets:
    """Which sets are told apart.

    known: the set of known classes. unknown: group → its sets; the mean over a group of several sets is given
    under the group's name, that over all sets as "all". parts: set → name → values of the column `label` of
    its table, reported as subsets.
    """

    known: str
    unknown: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The unknown sets."""
        return tuple(name for group in self.unknown.values() for name in group)

    @property
    def means(self) -> dict[str, tuple[str, ...]]:
        """Name of each mean → the sets that it is taken over, all with equal weight."""
        groups = {group: sets for group, sets in self.unknown.items() if len(sets) > 1}
        return groups | {ALL: self.names}

    @property
    def headlines(self) -> set[str]:
        """The means, and the sets that are a group by themselves."""
        return {*self.means, *(sets[0] for sets in self.unknown.values() if len(sets) == 1)}


POCKET = OODSets(
    "wild",
    {"near": ("near-ood",), "far": ("far-textures", "far-empty", "far-noise", "far-drawings")},
    {"near-ood": {"seen": SEEN_NEAR_OOD, "unseen": UNSEEN_NEAR_OOD}},
)
"""Near classes seen in intermediate training (`clipkit.pocket.intermediate`) are told from those seen nowhere."""

FULL = OODSets(
    "imagenet-val",
    {"near": ("ninco", "imagenet-o"), "far": ("inaturalist", "sun", "places", "textures")},
)
"""Against ImageNet's validation images. That NINCO and ImageNet-O are the near ones is our own grouping."""

DATASETS = (POCKET.known, *POCKET.names)


def default_score(card: ModelCard) -> str:
    """ "mcm" for a model with prompts, "msp" for one with a head.

    >>> from clipkit.models.cards import card
    >>> default_score(card("ViT-B-32/openai"))
    'mcm'
    """
    return "mcm" if card.prompts else "msp"


def detection_scores(outputs: Outputs, dataset: str, prompts: str) -> dict[str, np.ndarray]:
    """Name of each score → its values (n,), higher means more ID.

    "msp" and "max-logit" of the logits at the model's own scale or of its head; for a model with prompts also
    "mcm", at temperature 1 and without the logit scale. With prompts, msp is MCM at temperature 1/scale.
    """
    logits = outputs.logits(dataset, prompts)
    scores = {"msp": msp(logits), "max-logit": max_logit(logits)}
    if outputs.card.prompts:
        scores["mcm"] = mcm(outputs.cosines(dataset, prompts))
    return scores


def measure(outputs: Outputs, sets: OODSets = POCKET) -> list[Measured]:
    """AUROC by every score, FPR@95 by the model's default score, and accuracy on the known set.

    Rows: dataset one of the unknown sets or a mean of `sets.means`; subset "all" or one of `sets.parts`;
    metric "auroc" and "fpr95" by `default_score`, and "auroc/SCORE" by each that the model has. A model with
    prompts also has "auroc" of the sets as a whole and of the means with 1, 5 and 30 templates. Accuracy stands
    under the known set. ID is the positive class; conventions as in `clipkit.metrics.ood`. Known and unknown
    images are resampled apart.

    NINCO's authors average FPR over its classes; here each image counts alike.

    Raises BadInput where the known set holds an image without a class, or a part of a set is empty.
    """
    labels = outputs.labels(sets.known)
    if (labels < 0).any():
        raise BadInput(
            f"{sets.known!r} holds {(labels < 0).sum()} images of no known class",
            "name a set of known classes",
        )
    counts = {
        name: shared_counts(name, len(outputs.labels(name)), DRAWS) for name in (sets.known, *sets.names)
    }
    full = default_prompts(outputs)
    found = []
    for prompts in (full, *PROMPT_SETS[:-1]) if full else (full,):
        right = outputs.logits(sets.known, prompts).argmax(axis=1) == labels
        numbers = {
            (sets.known, ALL, "accuracy"): _Number(
                float(right.mean()), resampled_mean(counts[sets.known], right), len(right)
            )
        }
        numbers |= _detected(outputs, sets, counts, prompts, brief=prompts != full)
        found += [
            Measured(SECTION, *key, *number, prompts=prompts, higher_is_better=key[2] != FPR)
            for key, number in numbers.items()
        ]
    return found


class _Number(NamedTuple):
    value: float
    draws: np.ndarray
    n: int


def _detected(
    outputs: Outputs, sets: OODSets, counts: Mapping[str, np.ndarray], prompts: str, brief: bool
) -> dict[tuple[str, str, str], _Number]:
    """(dataset, subset, metric) → number. brief: only `AUROC`, of each group as a whole and of all sets."""
    default = default_score(outputs.card)
    known, known_counts = detection_scores(outputs, sets.known, prompts), counts[sets.known]
    found = {}
    for dataset in sets.names:
        unknown = detection_scores(outputs, dataset, prompts)
        for subset, rows in _parts(outputs, sets, dataset, brief).items():
            drawn = counts[dataset][:, rows]
            for score in [default] if brief else known:
                both = known[score], unknown[score][rows]
                number = _Number(auroc(*both), resampled_auroc(known_counts, drawn, *both), len(both[1]))
                if not brief:
                    found[dataset, subset, f"{AUROC}/{score}"] = number
                if score == default:
                    found[dataset, subset, AUROC] = number
            if not brief:
                both = known[default], unknown[default][rows]
                found[dataset, subset, FPR] = _Number(
                    fpr_at_tpr(*both), resampled_fpr_at_tpr(known_counts, drawn, *both), len(both[1])
                )
    metrics = [metric for dataset, subset, metric in found if (dataset, subset) == (sets.names[0], ALL)]
    for mean, members in sets.means.items():
        for metric in metrics:
            values, draws, sizes = zip(*(found[member, ALL, metric] for member in members), strict=True)
            found[mean, ALL, metric] = _Number(float(np.mean(values)), np.mean(draws, axis=0), sum(sizes))
    return {key: number for key, number in found.items() if not brief or key[0] in sets.headlines}


def _parts(outputs: Outputs, sets: OODSets, dataset: str, brief: bool) -> dict[str, np.ndarray]:
    """Subset → mask of its images, (n,) bool."""
    parts = {ALL: np.ones(len(outputs.labels(dataset)), bool)}
    for part, labels in {} if brief else sets.parts.get(dataset, {}).items():
        parts[part] = outputs.table(dataset)["label"].isin(labels).to_numpy()
        if not parts[part].any():
            raise BadInput(
                f"{dataset!r} shows none of {', '.join(labels)}, its part {part!r}", "give a set that does"
            )
    return parts
