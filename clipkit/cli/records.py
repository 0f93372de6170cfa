"""Commands of `clipkit records`: what public records there are, and how they come onto this machine."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from clipkit.memo import forget
from clipkit.records import cache, minderer

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Public records: list, fetch, add, verify."
)
Pattern = Annotated[str, typer.Argument(help="Shell pattern on the record's path; * also matches /.")]


@app.command("list")
def list_records(
    pattern: Pattern = "*",
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable, with address, commit and sha256.")
    ] = False,
) -> None:
    """List the public records, and whether each lies in the cache.

    Example: [bold]clipkit records list "*imagenetx*" --json[/]
    """
    table = cache.manifest(pattern)
    table["cached"] = ~table["path"].isin(cache.missing(pattern))
    if as_json:
        typer.echo(json.dumps(table.to_dict("records"), indent=2))
        return
    shown = Table("cached", "repository", "path", "kB", "licence")
    for row in table.itertuples():
        within = row.path.removeprefix(row.repository + "/")
        shown.add_row(
            "yes" if row.cached else "no", row.repository, within, f"{row.bytes / 1000:.0f}", row.licence
        )
    console = Console()
    console.print(shown)
    console.print(f"{table.cached.sum()} of {len(table)} records in {cache.folder()}", soft_wrap=True)


@app.command()
def fetch(
    pattern: Pattern = "*",
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
    accept_unpinned: Annotated[
        bool,
        typer.Option(
            "--accept-unpinned",
            help="Take the calibration table of Minderer et al. instead, which has no published checksum: what comes "
            "first is trusted.",
        ),
    ] = False,
) -> None:
    """Download records from their published addresses and check their sha256.

    Examples: [bold]clipkit records fetch[/] · [bold]clipkit records fetch "mlfoundations/*"[/]
    """
    if accept_unpinned:
        return _tell_unpinned(minderer.fetch())
    report = cache.fetch(pattern, progress=progress)
    typer.echo(f"{len(report.fetched)} fetched, {len(report.already)} already in {cache.folder()}")


@app.command()
def add(folder: Annotated[Path, typer.Argument(help="A folder that holds records, at any depth.")]) -> None:
    """Copy records from a folder, each only if its sha256 is right; a part of them is fine.

    The calibration table of Minderer et al., df_main_2021_06_15.zip, has no published checksum: if it is there, what
    comes first is trusted.

    Example: [bold]clipkit records add ~/Downloads/records[/]
    """
    report = cache.add(folder)
    typer.echo(f"{len(report.added)} added, {len(report.already)} already in {cache.folder()}")
    _tell_missing(report.missing)
    _tell_unpinned(minderer.add(folder))


@app.command()
def verify(pattern: Pattern = "*") -> None:
    """Hash the cached records anew.

    Exit status: 0 all right, 1 some have wrong bytes, 3 none is wrong but some are missing.

    Example: [bold]clipkit records verify[/]
    """
    report = cache.verify(pattern)
    typer.echo(
        f"{len(report.right)} right, {len(report.wrong)} wrong, {len(report.missing)} missing "
        f"in {cache.folder()}"
    )
    for name in report.wrong:
        typer.echo(f"wrong: {name}")
    _tell_missing(report.missing)
    raise typer.Exit(1 if report.wrong else 3 if report.missing else 0)


def _tell_unpinned(digest: str) -> None:
    if digest:
        forget()  # verdicts that were computed without it, or from another
        typer.echo(f"taken on trust, and pinned from now on: {minderer.NAME}, sha256 {digest}")


def _tell_missing(names: list[str]) -> None:
    for name in names[:5]:
        typer.echo(f"missing: {name}")
    if len(names) > 5:
        typer.echo(f"missing: … and {len(names) - 5} more")
