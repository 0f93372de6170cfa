"""The numbers that a card shows, by track."""

from clipkit.full.data import STANDS_FOR
from clipkit.sections.headlines import HEADLINES, Headline

_ACCURACY = {
    name: Headline(f"Accuracy, {name}", "natural shifts", name, "all", "accuracy")
    for names in STANDS_FOR.items()
    for name in names
}
_3D = (
    Headline("Share of accuracy left, 3D", "3D corruption", "3D", "all severities", "retained"),
    Headline("Share of accuracy left, 2D", "3D corruption", "2D", "all severities", "retained"),
    Headline("Points found again, mean of the sets", "3D correspondence", "all sets", "all", "recall"),
)


def _by_section(*headlines: Headline) -> tuple[Headline, ...]:
    """Those of one section together, sections in the order in which they first occur."""
    sections = list(dict.fromkeys(h.section for h in headlines))
    return tuple(sorted(headlines, key=lambda h: sections.index(h.section)))


POCKET = _by_section(*HEADLINES, *(_ACCURACY[name] for name in STANDS_FOR if name != "wild"), *_3D)
FULL = (
    *(_ACCURACY[name] for name in STANDS_FOR.values()),
    Headline("Mean accuracy over sixteen factors", "visual factors", "imagenet-x/top", "all factors", "accuracy"),
    Headline("Shape bias, a thousand classes", "shape bias", "cue-conflict", "all classes", "shape_bias", ""),
    Headline("Shape bias, sixteen names", "shape bias", "cue-conflict/names", "all classes", "shape_bias", ""),
    Headline("AUROC, near OOD", "OOD detection", "near", "all", "auroc"),
    Headline("AUROC, far OOD", "OOD detection", "far", "all", "auroc"),
    Headline("RMS calibration error", "calibration", "imagenet-val", "all", "rms_calibration_error", "lower"),
    Headline("RMS calibration error, shifted", "calibration", "shifted", "all", "rms_calibration_error", "lower"),
    Headline("Recall@1, both ways, Flickr30k", "retrieval", "flickr30k", "both", "recall@1"),
    Headline("Recall@1, both ways, COCO", "retrieval", "coco", "both", "recall@1"),
    *_3D,
)  # fmt: skip
HEADLINES_OF = {"pocket": POCKET, "full": FULL}
"""Track → headlines, those of one section together.

:meta hide-value:
"""
