"""Intervals, tests and fits: paired, clustered and seeded; numpy, scipy and statsmodels, no torch."""

from clipkit.stats.bootstrap import bootstrap_draws, bootstrap_mean, paired_difference
from clipkit.stats.contrast import Contrast, SeedVariance, contrast, pooled_seed_variance
from clipkit.stats.groups import LeaveOneGroupOut, leave_one_group_out
from clipkit.stats.identifiability import Identifiability, identify
from clipkit.stats.interval import Interval, bca_limits, jackknife_acceleration, percentile_limits
from clipkit.stats.mcnemar import mcnemar
from clipkit.stats.mixed import MixedFit, random_intercept
from clipkit.stats.multiplicity import holm
from clipkit.stats.permutation import paired_permutation_test
from clipkit.stats.power import minimal_detectable_effect
from clipkit.stats.proportion import wilson, wilson_published
from clipkit.stats.resample import bootstrap
from clipkit.stats.shared_draws import shared_counts
from clipkit.stats.significance import TestResult

__all__ = [
    "Contrast",
    "Identifiability",
    "Interval",
    "LeaveOneGroupOut",
    "MixedFit",
    "SeedVariance",
    "TestResult",
    "bca_limits",
    "bootstrap",
    "bootstrap_draws",
    "bootstrap_mean",
    "contrast",
    "holm",
    "identify",
    "jackknife_acceleration",
    "leave_one_group_out",
    "mcnemar",
    "minimal_detectable_effect",
    "paired_difference",
    "paired_permutation_test",
    "percentile_limits",
    "pooled_seed_variance",
    "random_intercept",
    "shared_counts",
    "wilson",
    "wilson_published",
]
