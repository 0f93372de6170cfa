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
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: a parameter of the notebooks of --only (repeatable)."),
    ] = None,
    strict: Annotated[bool, typer.Option(help="Fail on any warning of the builder.")] = True,
    pdf: Annotated[
        Path | None, typer.Option(help="Execute nothing: print the built book into this file, by Chromium.")
    ] = None,
    source: Annotated[Path, typer.Option(help="The clone of the book.")] = Path("."),
) -> None:
    """Execute the notebooks under a profile and build the book.

    [bold]Examples[/]

      clipkit book                             # the pocket laboratory, offline

      clipkit book --profile full              # real models on real benchmarks

      clipkit book --only retrieval            # while writing one chapter

      clipkit book --only retrieval --set query=31

      clipkit book --pdf book.pdf              # print the built book (with --only, some pages)
    """
    import yaml

    from clipkit.book.build import build
    from clipkit.errors import BadInput

    console = Console(soft_wrap=True, highlight=False, markup=False)
    if pdf:
        from clipkit.book.pdf import make_pdf

        make_pdf(source, pdf, only=only or (), say=console.print)
        return
    values = {}
    for said in set_ or ():
        name, equals, value = said.partition("=")
        if not equals:
            raise BadInput(f"--set {said} has no value", "write NAME=VALUE, as in --set query=31")
        values[name] = yaml.safe_load(value)

    build(source, profile, jobs=jobs, only=only or (), values=values, strict=strict, say=console.print)
