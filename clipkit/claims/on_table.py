"""The pocket track's verdicts on any table of measured numbers, such as one measured under another convention."""

from collections.abc import Sequence

from clipkit.claims.judge import TESTS, find, verdicts_from
from clipkit.claims.verdict import Verdict
from clipkit.sections.measured import MeasuredTable


def verdicts_on(table: MeasuredTable, only: Sequence[str] | None = None) -> list[Verdict]:
    """As `judge_all("pocket", only)`, but from `table` in the place of the zoo's shipped numbers.

    Nothing is remembered. What the table does not hold makes a claim untestable.
    """
    return verdicts_from("pocket", find("pocket", TESTS["pocket"], lambda test: test(table)), only)
