"""Commands of `clipkit workshop`: student copies, a folder that runs offline, and how long it all takes."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="The workshop: check a machine, make copies for students, pack a folder."
)
Source = Annotated[Path, typer.Option(help="Folder of the instructor's notebooks.")]
SOURCES = Path("book/workshop")


@app.command()
def setup() -> None:
    """Check that everything is here that the workshop needs; missing pictures are rendered (about half a minute).

    Example: clipkit workshop setup
    """
    from clipkit.workshop.setup import check_setup

    found = check_setup()
    typer.echo(str(found))
    if not found.ready:
        raise typer.Exit(1)


@app.command()
def students(
    out: Annotated[Path, typer.Option(help="Folder for the copies.")],
    path: Annotated[str, typer.Option(help="ninety-minutes, half-a-day or self-study.")] = "self-study",
    source: Source = SOURCES,
) -> None:
    """Write the students' notebooks of a path: the instructor's without solutions.

    Example: clipkit workshop students --path ninety-minutes --out students
    """
    from clipkit.workshop.exercises import write_student_copies
    from clipkit.workshop.paths import paths

    for written in write_student_copies(source, paths()[path], out):
        typer.echo(written)


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="The zip file to write.")] = Path("_build/workshop.zip"),
    path: Annotated[str, typer.Option(help="Which path's notebooks go in.")] = "self-study",
    source: Source = SOURCES,
) -> None:
    """Pack what a class needs into one file that runs without a network: notebooks, models, pictures, a handout.

    Examples:

      clipkit workshop build

      clipkit workshop build --path ninety-minutes --out ninety.zip
    """
    from clipkit.workshop.bundle import build as pack

    for line in pack(source, path, out):
        typer.echo(line)


@app.command()
def time(
    out: Annotated[Path | None, typer.Option(help="JSON file.", show_default="the shipped one")] = None,
    source: Source = SOURCES,
) -> None:
    """Measure how long each notebook computes on this machine, with its solutions (about ten minutes).

    Example: clipkit workshop time --out here.json
    """
    from clipkit.workshop.paths import COMPUTE, paths
    from clipkit.workshop.timing import measure, write

    found = measure(source, paths()["self-study"].notebooks)
    write(found, out or Path(str(COMPUTE)))
    for name, said in found["notebooks"].items():
        longest = said["longest"]
        typer.echo(
            f"{name:10} {said['seconds']:6.1f} s, {longest['seconds']:.1f} s of them in {longest['cell']}"
        )
