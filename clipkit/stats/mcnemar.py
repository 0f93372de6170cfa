"""Do two models err on equally many images that the other gets right? McNemar's test."""

import numpy as np
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from clipkit.errors import BadInput
from clipkit.stats.significance import TestResult

EXACT_BELOW = 25


def mcnemar(correct_a, correct_b) -> TestResult:
    """Two-sided McNemar test of equal accuracy on the same independent images.

    correct_a, correct_b: (n,) booleans (or 0/1). `effect` is accuracy a − accuracy b, a fraction. Exact
    (binomial) where fewer than 25 images are right for one model only, else χ² with one degree of freedom.
    Raises BadInput for other values or unequal lengths. Clustered images need `paired_permutation_test`.

    Source: McNemar (1947); computed by statsmodels. χ² is used without continuity correction, statsmodels'
    default, because the corrected test is too conservative: Fagerland et al. (2013),
    doi:10.1186/1471-2288-13-91.

    >>> print(mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 0]))
    +0.667, p = 0.125 (McNemar, exact, n = 6)
    """
    a, b = np.asarray(correct_a), np.asarray(correct_b)
    if a.ndim != 1 or a.shape != b.shape:
        raise BadInput(
            f"correct_a has shape {a.shape}, correct_b {b.shape}", "give (images,), paired by image"
        )
    if not len(a):
        raise BadInput("no images to compare", "give at least one")
    for name, values in (("correct_a", a), ("correct_b", b)):
        if not np.isin(values, (0, 1)).all():
            raise BadInput(
                f"{name} holds values other than true and false", "compare predictions with labels first"
            )
    a, b = a.astype(bool), b.astype(bool)
    only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
    exact = only_a + only_b < EXACT_BELOW
    if only_a == only_b:
        p = 1.0
    else:
        table = [[int((a & b).sum()), only_a], [only_b, int((~a & ~b).sum())]]
        p = float(statsmodels_mcnemar(table, exact=exact, correction=False).pvalue)
    method = f"McNemar, {'exact' if exact else 'chi-squared'}"
    return TestResult((only_a - only_b) / len(a), p, len(a), len(a), method)
