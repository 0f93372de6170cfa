"""The conventions that a verdict could have been reached by instead of ours, as data: what changes, and who does so.

Ours: debiased calibration error at the model's own logit scale, AUROC of MCM or MSP, shape bias over decided trials,
ImageNet-X's top factor, lines on logit axes (Huber, or Theil–Sen where baselines are few), percentile intervals, Holm.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.stats import false_discovery_control

from clipkit.registry import Registry
from clipkit.sections import natural_shifts
from clipkit.sections import shape_bias as record_shape_bias
from clipkit.sections.draws import bias_corrected
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.other_numbers import measured_by, other_lines, overall_from_factors, two_cues
from clipkit.sections.visual_factors import Choices
from clipkit.stats import holm

_FEWER = 1_000
"""Draws of the record's lines: enough for p after correction, at a tenth of the time."""
Options = Mapping[str, dict]
"""Claim id → keyword arguments of its test."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One choice that others make otherwise.

    family: what kind of choice; label: its short name; change: what it does; users: who does so, or where it is
    written. pocket, record: the claims that it concerns, with options for their tests. table: makes of the zoo's
    numbers those by this convention. within: a context to run the tests in. correct: of all p-values together; one
    that is not Holm's concerns all claims that p decides.
    """

    id: str
    family: str
    label: str
    change: str
    users: str
    pocket: Options = field(default_factory=dict)
    record: Options = field(default_factory=dict)
    table: Callable[[MeasuredTable], MeasuredTable] = lambda table: table
    within: Callable[[], AbstractContextManager] = nullcontext
    correct: Callable[[np.ndarray], np.ndarray] = holm


def _each(claims: str, **options) -> dict[str, dict]:
    return {claim: options for claim in claims.split()}


def _measured(id: str, family: str, claims: str, label: str, change: str, users: str) -> Convention:
    return Convention(
        id=id, family=family, label=label, change=change, users=users,
        pocket=_each(claims), table=partial(measured_by, id),
    )  # fmt: skip


def _line(
    id: str, label: str, change: str, users: str, recall: str, pocket: bool = True, **line: str
) -> Convention:
    """recall: those of R1 to R3 that read the same line or axes."""
    axes = {"axes": line["axes"]} if "axes" in line else {}
    options = {c: line if c == "R3" else axes for c in recall.split()}
    factors = Choices(draws=_FEWER, **line)
    record = _each("V1 V2 V3", choices=factors) | _each("E3", **line, draws=_FEWER)
    return Convention(
        id=id, family="line", label=label, change=change, users=users,
        pocket=_each("V1 V2 V3 V4 V5 V7 E3") | options if pocket else options,
        record=record | {c: o for c, o in options.items() if c != "R3"},
        table=partial(other_lines, **line) if pocket else lambda table: table,
    )  # fmt: skip


_ERROR, _SCALE, _SCORE, _THRESHOLD = "calibration error", "logit scale", "OOD score", "FPR@95 for AUROC"
_TRIALS, _FACTORS, _INTERVAL, _CORRECTION = "shape-bias trials", "factor accuracy", "interval", "correction"
_COMPARED, _TUNED = "models compared", "what stands for ImageNet"
_NO_DEFAULT = "No package that we know has it as its default."

CONVENTIONS: Registry[Convention] = Registry("convention")
for _c in (
    _measured("ece-15", _ERROR, "C1 C3 C4 C5", "ECE, 15 bins",
              "Plain expected calibration error in place of the debiased root mean square.",
              "Guo et al. 2017; TorchMetrics' default; the calibration code of the paper's first author."),
    _measured("ece-10", _ERROR, "C1 C3 C4 C5", "ECE, 10 bins", "The same with ten bins.",
              "The default of R's package CalibratR."),
    _measured("ece-20", _ERROR, "C1 C3 C4 C5", "ECE, 20 bins", "The same with twenty bins.", _NO_DEFAULT),
    _measured("ece-100", _ERROR, "C1 C3 C4 C5", "ECE, 100 bins",
              "The same with a hundred bins, for which these sets are small.", _NO_DEFAULT),
    _measured("ece-from-below", _ERROR, "C1 C3 C4 C5", "ECE, bins [lo, hi)",
              "Fifteen bins that hold their lower edge in place of the upper one.",
              "NumPy's digitize, and what is built on it."),
    _measured("ece-equal-mass", _ERROR, "C1 C3 C4 C5", "adaptive ECE",
              "Fifteen bins of equally many images.", "Nguyen and O'Connor 2015."),
    _measured("scale-100", _SCALE, "C1 C2 C3 C4 C5", "logits × 100",
              "Cosines times 100 in place of the logit scale that the model has learnt.",
              "OpenAI's example of zero-shot classification; the evaluation code of ImageNet-D."),
    _measured("msp", _SCORE, "O1 O2 O3 O4 O5", "MSP",
              "Largest softmax probability at the model's own logit scale in place of MCM's, at temperature 1.",
              "Hendrycks and Gimpel 2017: what is usual for a model with a head."),
    _measured("msp-100", _SCORE, "O1 O2 O3 O4 O5", "MSP, logits × 100",
              "The same with cosines times 100.", "Whoever takes OpenAI's example for the logits."),
    _measured("max-logit", _SCORE, "O1 O2 O3 O4 O5", "max logit",
              "The largest logit; of a model with prompts, the largest cosine.", "Hendrycks et al. 2022."),
    _measured("fpr-closest", _THRESHOLD, "O1 O2 O3 O4 O5", "FPR, closest to 95 %",
              "Unknown images rejected where the share of known ones accepted is closest to 95 %, in place of AUROC.",
              "The official code of MCM (Ming et al. 2022)."),
    _measured("fpr-at-least", _THRESHOLD, "O1 O2 O3 O4 O5", "FPR, at least 95 %",
              "The same where at least 95 % of the known are accepted.",
              "A ROC curve cut at the first point that reaches 95 %."),
    _measured("fpr-ood-positive", _THRESHOLD, "O1 O2 O3 O4 O5", "FPR, OOD positive",
              "Known images kept where at least 95 % of the unknown ones are found, in place of AUROC.",
              "OpenOOD, which counts the unknown images as the positive class."),
    Convention(
        id="all-trials", family=_TRIALS, label="all trials",
        change="Decisions for the shape among all trials in conflict, also those decided for neither cue.",
        users="The two fractions of model-vs-human, whose denominators are all trials.",
        pocket=_each("B1 B2 B3 B5"), table=partial(measured_by, "all-trials"),
        record=_each("B1 B2 B4 B5", counted=record_shape_bias.Trials(undecided=True)),
    ),
    Convention(
        id="agreeing", family=_TRIALS, label="cues that agree kept",
        change="The 80 trials whose cues agree count, for both cues.",
        users="Whoever takes all 1,280 stimuli; the pocket sets hold no such trial.",
        record=_each("B1 B2 B4 B5", counted=record_shape_bias.Trials(agreeing=True)),
    ),
    Convention(
        id="two-cues", family=_TRIALS, label="two cues",
        change="Whichever of the two cues' classes scores higher decides; every trial then has a decision.",
        users="Forced choice, as psychophysics asks. The public decisions do not tell the second-best class.",
        pocket=_each("B1 B2 B3 B5"), table=two_cues,
    ),
    Convention(
        id="multi", family=_FACTORS, label="all factors of an image",
        change="An image counts under every factor that it shows, in place of the most salient one.",
        users="ImageNet-X publishes both.",
        record=_each("V1 V2 V3", choices=Choices(annotation="multi", draws=_FEWER)),
    ),
    Convention(
        id="all-baselines", family=_FACTORS, label="all baselines",
        change="Lines through all baselines, not only those with an accuracy of 50 to 72 %.",
        users="The usual reading of effective robustness (Taori et al. 2020).",
        record=_each("V1 V2 V3", choices=Choices(accuracy_range=(0.0, 1.0), draws=_FEWER)),
    ),
    Convention(
        id="average-of-factors", family=_FACTORS, label="overall: changed scenes",
        change="Overall accuracy is the mean over the factors' own images, in place of another test set.",
        users="ImageNet-X, whose average leaves the prototypes out; the record has no other.",
        pocket=_each("V1 V2 V3 V4 V5 V7"), table=partial(overall_from_factors, typical=False),
    ),
    Convention(
        id="average-with-typical", family=_FACTORS, label="overall: typical ones too",
        change="The same with the typical scenes in it.",
        users="ImageNet-X without its filter of prototypes, an option that its package offers.",
        pocket=_each("V1 V2 V3 V4 V5 V7"), table=partial(overall_from_factors, typical=True),
    ),
    _line("theil-sen", "Theil–Sen", "The median of pairwise slopes in place of Huber's line.",
          "The protocol's check on Huber's line; the laboratory's lines through baselines are such.",
          recall="R3", pocket=False, method="theil-sen"),
    _line("least-squares", "least squares", "A line that is not robust.",
          "Taori et al. 2020; Miller et al. 2021.", recall="R3", method="least-squares"),
    _line("probit", "probit axes", "Normal quantiles in place of logits.",
          "Miller et al. 2021; WiSE-FT's plotting code offers it.", recall="R1 R2 R3", axes="probit"),
    _line("linear", "linear axes", "Accuracies as they are in place of their logits.",
          "Whoever draws a line through a scatter plot.", recall="R1 R2 R3", axes="linear"),
    Convention(
        id="own-parents", family=_COMPARED, label="own parents",
        change="Fine-tuned CLIP against the zero-shot models of its own training runs, not against all.",
        users="Whoever compares a model with what it was made from, as the laboratory does throughout.",
        record={"E3": {"which": natural_shifts.PARENTS, "draws": _FEWER}},
    ),
    Convention(
        id="inside", family=_COMPARED, label="nothing extrapolated",
        change="Only CLIP models whose accuracy on ImageNet lies within the baselines'.",
        users="Whoever trusts a line no farther than it was drawn.",
        record={"E3": {"which": natural_shifts.INSIDE, "draws": _FEWER}},
    ),
    *(
        Convention(
            id=f"tuned-on-{data}", family=_TUNED, label=f"tuned on {data}",
            change=f"Fine-tuning on {data} data stands for fine-tuning on ImageNet, for every claim that speaks of it.",
            users=users, pocket=_each(claims, data=data),
        )
        for data, claims, users in (
            ("wild", "B2 B3 C4", "Whoever holds that ImageNet is to CLIP's images what more of the same would be."),
            ("studio", "V5 B2 B3 C4 E3", "Whoever holds that ImageNet is narrower: one object, in the middle."),
            ("catalogue", "V5 C4 E3", "Whoever holds that ImageNet's textures tell its classes, as B2 and B3 do."),
        )
    ),
    Convention(
        id="bias-corrected", family=_INTERVAL, label="bias-corrected",
        change="Bootstrap intervals corrected for the median bias of their draws, in place of percentiles.",
        users="Efron 1987; BCa with its acceleration left at zero.",
        pocket=_each("V2 V3 B4 O1 R1 R2 L1 L2 E3"),
        record=_each("V2 V3 B1 B2 B4 B5 C1 R1 R2 R3 Q1 Q2 N1 E3"), within=bias_corrected,
    ),
    Convention(
        id="false-discovery", family=_CORRECTION, label="Benjamini–Hochberg",
        change="Of the claims shown, 5 % may be wrong, in place of a 5 % chance that any is.",
        users="Benjamini and Hochberg 1995.", correct=false_discovery_control,
    ),
    Convention(
        id="uncorrected", family=_CORRECTION, label="no correction",
        change="Each claim is tested as if it were the only one.",
        users="Papers that report one p-value for each finding.", correct=np.asarray,
    ),
):  # fmt: skip
    CONVENTIONS.add(_c.id, _c)
