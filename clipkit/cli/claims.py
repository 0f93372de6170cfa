"""`clipkit claims`: the ledger on the command line."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from clipkit.cli.tables import show
from clipkit.wording import p_text

COLOURS = {"holds": "green", "weaker": "yellow", "fails": "red", "not testable here": "bright_black"}

app = typer.Typer(no_args_is_help=True)


@app.command()
def claims(
    track: Annotated[str, typer.Option(help="Which evidence: record, pocket, full, or all.")] = "all",
    only: Annotated[list[str] | None, typer.Option(help="A claim's id; repeat for several.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Compute again what was kept from earlier runs.")
    ] = False,
    conventions: Annotated[
        bool, typer.Option("--conventions", help="Judge under other conventions: which verdicts survive?")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one object for each id and track.")
    ] = False,
) -> None:
    """Judge the paper's claims: verdict, effect, interval, and how many models stand behind it.

    Examples:

      clipkit claims --track record

      clipkit claims --only B1 --only R2 --json

      clipkit claims --track pocket --conventions
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
    tracks = TRACKS if track == "all" else (track,)
    if conventions:
        _conventions(tracks, only, as_json)
        return
    verdicts = [v for t in tracks for v in judge_all(t, only)]
    if as_json:
        typer.echo(json.dumps([v._asdict() for v in verdicts], indent=1, allow_nan=False))
        return
    console = Console(highlight=False, width=max(60, min(110, Console().width)))
    for v in verdicts:
        number = "" if v.effect is None else f"  {v.effect:.3g} [{v.low:.3g}, {v.high:.3g}]"
        console.print(f"[bold]{v.id}[/]  {v.track}  [bold {COLOURS[v.verdict]}]{v.shown}[/]{escape(number)}")
        behind = (
            f"{v.n_models} models, {v.n_clusters} independent, {p_text(v.p_corrected)}: "
            if v.n_models
            else ""
        )
        console.print(Padding(escape(behind + v.reason), (0, 0, 0, 4)))


def _conventions(tracks: Sequence[str], only: list[str] | None, as_json: bool) -> None:
    """Print what becomes of the verdicts that a track can tell; as JSON, one object for each claim and convention."""
    from clipkit.claims.ledger import load
    from clipkit.claims.multiverse import multiverse, survival
    from clipkit.claims.verdict import on_evidence

    wanted = [load()[name].id for name in only or load()]
    rows = []
    for track in tracks:
        frame = multiverse(track)
        frame = frame[frame.id.isin(wanted)]
        if as_json:
            rows += frame.assign(track=track).to_dict("records")
        elif len(frame):
            show(
                ("claim", "verdict", "stands under", "otherwise"),
                [
                    (name, on_evidence(r.verdict), f"{r.same} of {r.conventions}", on_evidence(r.otherwise))
                    for name, r in survival(frame).iterrows()
                ],
                title=f"track: {track}",
            )
    if as_json:
        clean = [{k: None if v != v else v for k, v in row.items()} for row in rows]
        typer.echo(json.dumps(clean, indent=1, allow_nan=False))
