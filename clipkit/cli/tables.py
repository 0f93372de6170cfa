"""One way to print a table."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print `rows` under `columns`, wrapped to the terminal's width."""
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)
