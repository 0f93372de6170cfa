"""The headline metrics of the zoo: one or two a section, on which every contrast is printed."""

from typing import NamedTuple

import pandas as pd

from clipkit.errors import UnknownName
from clipkit.registry import did_you_mean
from clipkit.results import SIX_FACTORS
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.pocket.results import zoo_results


class Headline(NamedTuple):
    """A metric by name; `better` says which direction is, if one is."""

    title: str
    section: str
    dataset: str
    subset: str
    metric: str
    better: str = "higher"

    @property
    def key(self) -> dict[str, str]:
        """The row of `MeasuredTable` that it is."""
        return {k: getattr(self, k) for k in ("section", "dataset", "subset", "metric")}


HEADLINES = (
    Headline("Zero-shot or head accuracy, wild", "natural shifts", "wild", "all", "accuracy"),
    Headline(
        "Mean accuracy over sixteen visual factors", "visual factors", "factors", "all factors", "accuracy"
    ),
    Headline(
        "Shape bias, neutral background",
        "shape bias",
        "cue-conflict-neutral",
        "all classes",
        "shape_bias",
        "",
    ),
    Headline(
        "Shape bias, other background", "shape bias", "cue-conflict-other", "all classes", "shape_bias", ""
    ),
    Headline("AUROC, near OOD", "OOD detection", "near-ood", "all", "auroc"),
    Headline("AUROC, far OOD", "OOD detection", "far", "all", "auroc"),
    Headline("RMS calibration error, wild", "calibration", "wild", "all", "rms_calibration_error", "lower"),
    Headline(
        "RMS calibration error, shifted", "calibration", "shifted", "all", "rms_calibration_error", "lower"
    ),
    Headline("Recall@1, both ways", "retrieval", "retrieval", "both", "recall@1"),
    Headline(
        "True caption above its false twin", "retrieval", "hard-negatives", "overall", "caption_accuracy"
    ),
)


def headline_contrasts(
    split: str = "test", section: str = "", factor: str = ""
) -> list[tuple[Headline, pd.DataFrame]]:
    """Each headline with its `contrast_frame`, of one section or factor if named.

    The correction is over all clean contrasts of a headline, also where `factor` shows a few. Raises
    UnknownName for a section or factor that does not exist, MissingData where nothing was measured.
    """
    sections = sorted({h.section for h in HEADLINES})
    for value, known, what in ((section, sections, "section"), (factor, SIX_FACTORS, "factor")):
        if value and value not in known:
            raise UnknownName(f"unknown {what} {value!r}", did_you_mean(value, known))
    table = zoo_results(split)
    found = []
    for headline in HEADLINES:
        if section in ("", headline.section):
            frame = contrast_frame(table, **headline.key)
            found.append((headline, frame[frame.factor == factor] if factor else frame))
    return found
