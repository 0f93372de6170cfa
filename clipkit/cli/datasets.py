"""Commands of `clipkit datasets`: the benchmarks of the full track, getting them, and whether a copy is right."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipkit.cli.tables import show as show_table

if TYPE_CHECKING:
    from clipkit.datasets.check import Checked

app = typer.Typer(
    no_args_is_help=True, help="The benchmarks of the full track: list them, show one, get one, check a copy."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("list")
def list_datasets(as_json: AsJson = False) -> None:
    """List the benchmarks: task, number of images where it is verified, classes.

    Example: clipkit datasets list
    """
    from clipkit.datasets.benchmarks import DATASETS

    if as_json:
        typer.echo(json.dumps([asdict(card) for card in DATASETS.values()], indent=1))
        return
    show_table(
        ("data set", "task", "images", "classes"),
        [(c.name, c.task, f"{c.n_expected:,}" if c.n_expected else "", c.classes) for c in DATASETS.values()],
        title=f"{len(DATASETS)} benchmarks",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A benchmark.")],
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one benchmark: licence, where to get it, how it must lie on disk.

    Example: clipkit datasets show objectnet
    """
    from clipkit.datasets.benchmarks import DATASETS

    card = asdict(DATASETS[name])
    if as_json:
        typer.echo(json.dumps(card, indent=1))
        return
    for field, value in card.items():
        if value not in ("", (), None, False, 0):
            typer.echo(f"{field:12} {', '.join(value) if isinstance(value, tuple) else value}")


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="A benchmark.")],
    to: Annotated[Path, typer.Option(help="Folder that holds the benchmarks.")] = Path("benchmarks"),
) -> None:
    """Download a benchmark that its authors leave open, unpack it and check it; of the others, say how they are had.

    A download that broke off goes on, and one with a wrong checksum is refused. Where nobody publishes a checksum, that
    of the first download is kept beside it and asked of later ones. What is there is not downloaded again. Ends with
    status 1 if the check finds anything wrong.

    Examples:

      clipkit datasets get ninco

      clipkit datasets get imagenet-r --to /data/benchmarks
    """
    from clipkit.datasets.check import check_benchmarks
    from clipkit.datasets.get import get_benchmark

    got = get_benchmark(name, to)
    if not got.archives:
        typer.echo(f"{name} is in {to} already; to check it: clipkit datasets check {to} {name}")
        return
    for archive, digest in got.trusted:
        typer.echo(
            f"taken on trust: nobody publishes a checksum of {archive.name}; sha256 {digest} is kept in "
            f"{archive}.sha256, and asked of later downloads"
        )
    (found,) = check_benchmarks(to, [name])
    _tell(found)
    typer.echo(f"no longer needed: {got.archives[0].parent}")
    raise typer.Exit(1 if found.problems else 0)


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(help="Folder that holds the benchmarks, each in a place its card names.")
    ],
    names: Annotated[list[str] | None, typer.Argument(help="Benchmarks; all if none is named.")] = None,
    n_expected: Annotated[
        list[str] | None,
        typer.Option(help="NAME=NUMBER: how many images a part of a benchmark holds on purpose."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare a copy with the cards: images and classes missing or unknown, and images that cannot be decoded.

    Ends with status 1 if anything is wrong.

    Examples:

      clipkit datasets check benchmarks

      clipkit datasets check benchmarks imagenet-val cue-conflict --json
    """
    from clipkit.datasets.check import check_benchmarks
    from clipkit.evaluate import count

    counts = dict(map(count, n_expected or []))
    wrong = 0
    reports = []
    for found in check_benchmarks(folder, names or [], counts, progress=not as_json):
        wrong += bool(found.problems)
        reports.append(asdict(found) | {"path": str(found.path) if found.path else None})
        if as_json:
            continue
        _tell(found)
    if as_json:
        typer.echo(json.dumps(reports, indent=1))
    raise typer.Exit(1 if wrong else 0)


def _tell(found: "Checked") -> None:
    if found.problems:
        typer.echo(f"{found.name}: wrong, in {found.path}" if found.path else f"{found.name}: wrong")
        for problem in found.problems:
            typer.echo(f"  {problem}")
    elif found.path:
        typer.echo(f"{found.name}: right, {found.n_found:,} images in {found.path}")
    else:
        typer.echo(f"{found.name}: not there")
