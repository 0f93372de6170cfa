"""Score predictions that were made elsewhere: a file in, Result rows with intervals out."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from clipkit.datasets import cue_conflict, imagenet_x
from clipkit.errors import BadInput, MissingData
from clipkit.metrics import error_ratio, factor_accuracy, shape_bias
from clipkit.registry import did_you_mean
from clipkit.results import Result, row_maker
from clipkit.stats import wilson

DRAWS = 10_000
SHAPE_COLUMNS = (("image", "pred_label"), ("imagename", "object_response"), ("image", "decision"))
SHOWN = 5


def score_visual_factors(
    path: str | Path,
    annotations: str = "top",
    *,
    model: str = "",
    allow_missing: bool = False,
    allow_unknown: bool = False,
    seed: int = 0,
) -> list[Result]:
    """Accuracy and error ratio for each ImageNet-X factor, from a CSV of predicted classes.

    path: columns file_name (ImageNet validation images), predicted_class (0–999) and, unused here,
    predicted_probability, as the imagenet-x package writes them. annotations: "top" or "multi"; prototypes
    are left out and the error is by class. Accuracy has a Wilson interval; the error ratio, whose two
    accuracies share images, a percentile bootstrap over images. Raises BadInput naming images that are
    missing, unknown or given twice, unless allowed.
    """
    truth = imagenet_x.annotations(annotations)
    table = _read(path, [("file_name", "predicted_class")])
    table["file_name"] = table.file_name.str.rsplit("/", n=1).str[-1]
    known = {f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, 50_001)}
    _check_names(path, table.file_name, set(truth.file_name), known, allow_missing, allow_unknown)
    predicted = pd.to_numeric(table.predicted_class, errors="coerce")
    wrong = table.file_name[~predicted.isin(range(1000))]
    if len(wrong):
        raise BadInput(
            f"{path}: predicted_class of {_some(wrong)} is no ImageNet class",
            "give whole numbers from 0 to 999",
        )
    seen = truth.merge(
        table.assign(predicted=predicted.astype(int))[["file_name", "predicted"]], on="file_name"
    )
    correct = (seen.predicted == seen["class"]).to_numpy()
    members = seen[list(imagenet_x.FACTORS)].to_numpy(bool)
    row = row_maker(
        section="visual factors",
        track="full",
        model=model or Path(path).stem,
        dataset=f"imagenet-x/{annotations}",
        n_expected=len(truth),
        n_seen=len(seen),
        seed=seed,
    )
    accuracy_row = partial(row, metric="accuracy", interval_method="wilson", higher_is_better=True)
    overall = wilson(correct.sum(), len(correct))
    rows = [
        accuracy_row(subset="all", value=overall.value, interval=(overall.low, overall.high), n=len(correct))
    ]
    accuracies = factor_accuracy(correct, members)
    for factor, accuracy, inside in zip(imagenet_x.FACTORS, accuracies, members.T, strict=True):
        n = int(inside.sum())
        interval = wilson(correct[inside].sum(), n)[1:3] if n else (np.nan, np.nan)
        rows.append(accuracy_row(subset=factor, value=float(accuracy), interval=interval, n=n))
        rows.append(
            row(
                subset=factor,
                metric="error_ratio",
                value=float(error_ratio(accuracy, correct.mean())),
                n=n,
                unit="ratio",
                interval=_error_ratio_interval(correct, inside, seed),
                interval_method="percentile bootstrap",
                higher_is_better=False,
            )
        )
    return rows


def score_shape_bias(
    path: str | Path,
    *,
    model: str = "",
    allow_missing: bool = False,
    allow_unknown: bool = False,
    seed: int = 0,
) -> list[Result]:
    """Shape bias and cue accuracy from a CSV of cue-conflict decisions.

    path: an image-name column and a decision column, named as any of the public sources does: image and
    pred_label; imagename and object_response; or image and decision. Decisions are among the sixteen
    classes; anything else counts as neither shape nor texture. Images whose shape and texture agree are
    dropped. Intervals are Wilson's. Raises BadInput naming images that are missing, unknown or given
    twice, unless allowed.
    """
    table = _read(path, SHAPE_COLUMNS)
    table["stem"] = table.iloc[:, 0].map(_stimulus)
    stimuli = set(cue_conflict.stimuli())
    conflicts = {s for s in stimuli if len(set(cue_conflict.parse(s))) == 2}
    _check_names(path, table.stem, conflicts, stimuli, allow_missing, allow_unknown)
    table = table[table.stem.isin(stimuli)]
    shape, texture = zip(*table.stem.map(cue_conflict.parse), strict=True)
    decision = table.iloc[:, 1].astype("string").str.strip().str.lower().fillna("").to_numpy(str)
    found = shape_bias(decision, np.array(shape), np.array(texture))
    decided = found.n_shape + found.n_texture
    row = row_maker(
        section="shape bias",
        track="full",
        model=model or Path(path).stem,
        dataset="cue-conflict",
        subset="all",
        interval_method="wilson",
        n_expected=len(conflicts),
        n_seen=found.n,
        seed=seed,
    )
    bias_interval = wilson(found.n_shape, decided)[1:3] if decided else (np.nan, np.nan)
    cue = wilson(decided, found.n)
    return [
        row(
            metric="shape_bias",
            value=found.shape_bias,
            interval=bias_interval,
            n=decided,
            higher_is_better=None,
        ),
        row(
            metric="cue_accuracy",
            value=float(cue.value),
            interval=(cue.low, cue.high),
            n=found.n,
            higher_is_better=True,
        ),
    ]


def _stimulus(name: str) -> str:
    """The stimulus that a name speaks of; a name of another kind as it is, to be refused (or ignored) as unknown."""
    try:
        return cue_conflict.stimulus(name)
    except BadInput:
        return name


def _read(path, conventions) -> pd.DataFrame:
    """The two columns of the first convention that fits, as text."""
    if not Path(path).is_file():
        raise MissingData(f"no file {path}", "give a CSV file of predictions")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not a CSV file: {error}") from None
    for columns in conventions:
        if set(columns) <= set(table.columns):
            if table.empty:
                raise BadInput(f"{path} has no rows")
            return table[list(columns)].copy()
    wanted = sorted({c for columns in conventions for c in columns})
    near = next((did_you_mean(c, table.columns) for c in wanted if c not in table.columns), "")
    choices = " or ".join(" and ".join(c) for c in conventions)
    raise BadInput(f"{path} lacks the columns {choices}; it has {', '.join(table.columns)}", near)


def _check_names(
    path, names: pd.Series, needed: set, known: set, allow_missing: bool, allow_unknown: bool
) -> None:
    twice = names[names.duplicated()].unique()
    if len(twice):
        raise BadInput(
            f"{path} holds {len(twice)} image(s) more than once: {_some(twice)}",
            "keep one row for each image",
        )
    unknown = sorted(set(names) - known)
    if unknown and not allow_unknown:
        raise BadInput(
            f"{path} holds {len(unknown)} unknown image(s): {_some(unknown)}",
            "remove them, or pass --allow-unknown to ignore them",
        )
    missing = sorted(needed - set(names))
    if len(missing) == len(needed):
        raise BadInput(
            f"{path} holds none of the {len(needed)} images of the data set",
            "check the column of image names",
        )
    if missing and not allow_missing:
        raise BadInput(
            f"{path} lacks {len(missing)} of {len(needed)} images: {_some(missing)}",
            "add them, or pass --allow-missing to score the rest",
        )


def _some(names) -> str:
    names = list(names)
    return ", ".join(map(str, names[:SHOWN])) + (
        f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    )


def _error_ratio_interval(correct, inside, seed) -> tuple[float, float]:
    """Percentile bootstrap over images. An image is in one of four cells (inside or not, correct or not), so that
    resampling images is drawing the four counts from a multinomial distribution: exact, and fast."""
    n = len(correct)
    cells = np.array(
        [
            np.sum(inside & correct),
            np.sum(inside & ~correct),
            np.sum(~inside & correct),
            np.sum(~inside & ~correct),
        ]
    )
    draws = np.random.default_rng(seed).multinomial(n, cells / n, size=DRAWS)
    inside_n, wrong = draws[:, 0] + draws[:, 1], draws[:, 1] + draws[:, 3]
    usable = (inside_n > 0) & (wrong > 0)
    if usable.mean() < 0.95:
        return np.nan, np.nan
    ratios = (draws[usable, 1] / inside_n[usable]) / (wrong[usable] / n)
    return tuple(np.quantile(ratios, [0.025, 0.975]))
