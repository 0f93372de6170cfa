"""`clipkit compare`: two ledgers side by side."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from clipkit.cli.tables import show

app = typer.Typer()
RELEASES = Path("book/releases")


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="A release, a track, a file, or `now`.")],
    after: Annotated[str, typer.Argument(help="The same.")] = "now",
    moved: Annotated[bool, typer.Option("--moved", help="Show only verdicts that differ.")] = False,
    releases: Annotated[Path, typer.Option(help="Folder of released ledgers.")] = RELEASES,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put two ledgers side by side: what moved between two releases, two runs, or two tracks?

    Examples:

      clipkit compare 0.1 --moved

      clipkit compare record pocket

      clipkit claims --json > mine.json; clipkit compare now mine.json
    """
    from clipkit.claims.compare import compare as compared
    from clipkit.claims.compare import verdicts_of
    from clipkit.claims.ledger import load
    from clipkit.plots.ledger import effect_text

    pairs = compared(verdicts_of(before, releases), verdicts_of(after, releases))
    pairs = [pair for pair in pairs if pair.moved or not moved]
    if as_json:
        sides = [(p.id, *(v and v._asdict() for v in (p.before, p.after)), p.moved) for p in pairs]
        rows = [dict(zip(("id", "before", "after", "moved"), side, strict=True)) for side in sides]
        typer.echo(json.dumps(rows, indent=1, allow_nan=False))
        return
    if moved and not pairs:
        typer.echo(f"No verdict differs between {before} and {after}.")
        return
    claims = load()

    def cell(verdict):
        if verdict is None:
            return "not in this ledger"
        number = "" if verdict.effect is None else f" {effect_text(claims[verdict.id], verdict)}"
        return escape(f"{verdict.shown}{number}")

    show(
        ("claim", "track", before, after),
        [
            (p.id, "/".join(dict.fromkeys(v.track for v in p[1:] if v)), cell(p.before), cell(p.after))
            for p in pairs
        ],
        title=f"{sum(p.moved for p in pairs)} verdicts differ",
    )
