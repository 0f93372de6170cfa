"""`clipkit claims`: the ledger on the command line."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

COLOURS = {"holds": "green", "weaker": "yellow", "fails": "red", "not testable here": "bright_black"}

app = typer.Typer(no_args_is_help=True)


@app.command()
def claims(
    track: Annotated[str, typer.Option(help="Which evidence: record, pocket, full, or all.")] = "all",
    only: Annotated[list[str] | None, typer.Option(help="A claim's id; repeat for several.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Compute again what was kept from earlier runs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one object for each id and track.")
    ] = False,
) -> None:
    """Judge the paper's claims: verdict, effect, interval, and how many models stand behind it.

    Examples:

      clipkit claims --track record

      clipkit claims --only B1 --only R2 --json
    """
    from clipkit.claims import judge_all
    from clipkit.errors import UnknownName
    from clipkit.memo import forget
    from clipkit.registry import did_you_mean
    from clipkit.results import TRACKS

    if track not in (*TRACKS, "all"):
        raise UnknownName(f"unknown track {track!r}", did_you_mean(track, (*TRACKS, "all")))
    if fresh:
        forget()
    verdicts = [v for t in (TRACKS if track == "all" else (track,)) for v in judge_all(t, only)]
    if as_json:
        typer.echo(json.dumps([v._asdict() for v in verdicts], indent=1, allow_nan=False))
        return
    console = Console(highlight=False, width=max(60, min(110, Console().width)))
    for v in verdicts:
        number = "" if v.effect is None else f"  {v.effect:.3g} [{v.low:.3g}, {v.high:.3g}]"
        console.print(
            f"[bold]{v.id}[/]  {v.track}  [bold {COLOURS[v.verdict]}]{v.verdict}[/]{escape(number)}"
        )
        behind = (
            f"{v.n_models} models, {v.n_clusters} independent, p {v.p_corrected:.2g}: " if v.n_models else ""
        )
        console.print(Padding(escape(behind + v.reason), (0, 0, 0, 4)))
