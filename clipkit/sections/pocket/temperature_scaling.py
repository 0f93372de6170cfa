"""What one temperature, fitted on known images, does to the calibration of the zoo on known and on shifted ones."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from clipkit.errors import MissingData
from clipkit.evidence import Evidence
from clipkit.pocket.zoo.recipe import split_name
from clipkit.sections.measure.calibration import ALL, HELD_OUT, POCKET, RMS, SCALED, SHIFTED
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.calibration import KNOWN_AND_SHIFTED, numbers
from clipkit.sections.pocket.evidence import from_contrast, kind_of
from clipkit.sections.pocket.results import zoo_results
from clipkit.sections.pocket.robustness import Numbers, of_kind
from clipkit.sections.pocket.share import Family, share_avoided

_BEFORE = {POCKET.known: HELD_OUT, SHIFTED: ALL}


def gains(table: MeasuredTable) -> pd.DataFrame:
    """What temperature scaling takes off each model's calibration error (pp): model, recipe, kind, known, shifted.

    known: on the known images that the temperature was not fitted on. Negative: it got worse.
    """
    gain, _ = _gains(table)
    frame = pd.DataFrame({"model": gain.models})
    frame["recipe"], frame["kind"] = [split_name(m)[0] for m in frame.model], frame.model.map(kind_of)
    return frame.assign(**dict(zip(KNOWN_AND_SHIFTED, 100 * gain.value.T, strict=True)))


def _gains(table: MeasuredTable) -> tuple[Numbers, Numbers]:
    """Error before minus after scaling on both sets, and the error after."""
    after = numbers(table, RMS, subset=SCALED)
    before = [numbers(table, RMS, [name], _BEFORE[name]).of(after.models) for name in KNOWN_AND_SHIFTED]
    value, draws = (np.concatenate([getattr(b, f) for b in before], axis=1) for f in ("value", "draws"))
    return Numbers(after.models, value - after.value, draws - after.draws), after


def gain_carries_over(table: MeasuredTable | None = None) -> Evidence:
    """C3: over zero-shot models, mean gain on shifted images as a share of that on held-out known ones.

    The interval is Fieller's over recipes and images: where the gain on known images is not sure, it excludes
    nothing. Seeds of a recipe are averaged first.
    """
    table = table or zoo_results()
    gain, _ = _gains(table)
    chosen = of_kind(gain, "zero_shot")
    recipe = pd.Index([split_name(m)[0] for m in chosen.models])
    stacked = np.concatenate([chosen.value[..., None], chosen.draws], axis=2)
    means = np.array([stacked[recipe == r].mean(axis=0) for r in recipe.unique()])
    if len(means) < 2:
        raise MissingData("one zero-shot recipe has been measured", "train and evaluate another")
    known, shifted = means[:, 0], means[:, 1]
    found = share_avoided({"all": Family(known, np.zeros_like(known), shifted)}, "all")
    if not np.isfinite(found.effect):
        raise MissingData("temperature scaling gains nothing on known images", "measure more of the zoo")
    trend = trends(table)
    before, after = (trend.loc[name] for name in (ALL, SCALED))
    note = (
        f"mean gain {100 * known[:, 0].mean():+.2f} pp on known images, {100 * shifted[:, 0].mean():+.2f} on shifted "
        f"ones, over {len(means)} recipes; on shifted images accuracy explains {after.r2:.0%} of the zero-shot "
        f"recipes' error after scaling ({before.r2:.0%} before), and they lie {after.value:+.1f} pp "
        f"[{after.low:+.1f}, {after.high:+.1f}] from baselines of equal accuracy ({before.value:+.1f} before)"
    )
    return from_contrast(found, chosen.models, scale=1.0, note=note)


def trends(table: MeasuredTable) -> pd.DataFrame:
    """Calibration error (pp) of zero-shot recipes minus that of baselines at equal accuracy on shifted images.

    Rows "all" and "scaled": value, low, high, p of the difference between two lines of one slope (least squares
    over recipe means, Student's 95 %), and r2, the share of the zero-shot recipes' variance that their
    own line explains. Raises MissingData where there are fewer than five recipes or no baseline.
    """
    accuracy = numbers(table, "accuracy", [SHIFTED])
    rows = {}
    for subset in (ALL, SCALED):
        error = numbers(table, RMS, [SHIFTED], subset)
        frame = pd.DataFrame({"model": error.models, "error": 100 * error.value[:, 0]})
        frame["accuracy"] = accuracy.of(error.models).value[:, 0]
        frame["recipe"], frame["kind"] = [split_name(m)[0] for m in frame.model], frame.model.map(kind_of)
        scratch = frame.query("kind != 'finetuned'").groupby(["recipe", "kind"], as_index=False)
        means = scratch[["error", "accuracy"]].mean()
        own = means[means.kind == "zero_shot"]
        if len(means) < 5 or len(own) < 3 or len(own) == len(means):
            raise MissingData(
                f"{len(own)} zero-shot recipes and {len(means) - len(own)} baselines make no two trends",
                "train and evaluate more of the zoo",
            )
        fit = smf.ols("error ~ accuracy + C(kind)", means).fit()
        name = "C(kind)[T.zero_shot]"
        low, high = fit.conf_int().loc[name]
        r2 = smf.ols("error ~ accuracy", own).fit().rsquared
        rows[subset] = {"value": fit.params[name], "low": low, "high": high, "p": fit.pvalues[name], "r2": r2}
    return pd.DataFrame(rows).T
