"""What an experiment could have seen: the smallest effect it would probably have found."""

from scipy import stats

from clipkit.errors import BadInput


def minimal_detectable_effect(
    standard_error: float, level: float = 0.95, power: float = 0.8, df: float | None = None
) -> float:
    """The true effect that a two-sided test at 1 − `level` finds with probability `power`.

    standard_error: of the estimated effect, in its unit, which the result shares; lower is a sharper
    experiment. df: degrees of freedom of the standard error; None for the normal distribution. The other
    tail's share of the power is left out (below 0.0001 from a power of one half on). Raises BadInput for a
    negative standard error, a power of at most 1 − level, or a level or power outside (0, 1).

    Source: Bloom (1995), doi:10.1177/0193841X9501900504.

    >>> round(minimal_detectable_effect(0.01), 4)
    0.028
    """
    if not standard_error >= 0:
        raise BadInput(f"standard_error is {standard_error!r}", "give a number of 0 or more")
    if not (0 < level < 1 and 1 - level < power < 1):
        raise BadInput(
            f"level {level!r} and power {power!r} do not fit", "use fractions such as 0.95 and 0.8"
        )
    if df is not None and not df > 0:
        raise BadInput(f"df is {df!r}", "give a positive number, or None for the normal distribution")
    scale = stats.norm if df is None else stats.t(df)
    return float(standard_error * (scale.ppf((1 + level) / 2) + scale.ppf(power)))
