"""The command `clipkit book`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()


@app.command()
def book(
    profile: Annotated[str, typer.Option(help="A file in notebooks/profiles/, without .yml.")] = "pocket",
    jobs: Annotated[int, typer.Option(help="Notebooks at a time. Leave 1 where they share a GPU.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(help="Execute just this notebook (repeatable); not strict.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Fail on any warning of the builder.")] = True,
    source: Annotated[Path, typer.Option(help="The clone of the book.")] = Path("."),
) -> None:
    """Execute the notebooks under a profile and build the book.

    [bold]Examples[/]

      clipkit book                             # the pocket laboratory, offline

      clipkit book --profile full              # real models on real benchmarks

      clipkit book --only retrieval            # while writing one chapter
    """
    from clipkit.book.build import build

    console = Console(soft_wrap=True, highlight=False, markup=False)
    build(source, profile, jobs=jobs, only=only or (), strict=strict, say=console.print)
