"""Commands of `clipkit models`: which models there are, by the factors the paper crosses."""

import json
from fnmatch import fnmatch
from typing import Annotated

import typer

from clipkit.errors import UnknownName
from clipkit.models.cards import ModelCard
from clipkit.registry import did_you_mean

TRACKS = ("full", "pocket", "all")

app = typer.Typer(
    no_args_is_help=True, help="The models of the full and the pocket track: list them by factor, show one."
)


@app.command("list")
def list_models(
    track: Annotated[str, typer.Option(help="full, pocket or all.")] = "full",
    architecture: Annotated[str, typer.Option(help='Shell pattern, such as "ViT-B-*".')] = "*",
    tower: Annotated[str, typer.Option(help="CNN, ViT or hybrid.")] = "",
    source: Annotated[str, typer.Option(help='Training distribution, such as "LAION-2B".')] = "",
    min_pairs: Annotated[float, typer.Option(help="At least so many million training pairs.")] = 0,
    max_pairs: Annotated[float, typer.Option(help="At most so many million training pairs.")] = float("inf"),
    finetuning: Annotated[str, typer.Option(help='none, or what it was fine-tuned on, such as "in1k".')] = "",
    loss: Annotated[str, typer.Option(help='Contrastive loss, such as "softmax" or "sigmoid".')] = "",
    prompts: Annotated[bool | None, typer.Option(help="Whether test-time prompts can be chosen.")] = None,
    kind: Annotated[str, typer.Option(help="zero_shot, finetuned or baseline.")] = "",
    pool: Annotated[str, typer.Option(help="core, extended, curation-only or exclude.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list with every column.")] = False,
) -> None:
    """List models, filtered by the six factors: architecture, source, size, fine-tuning, loss, prompts.

    Examples:

      clipkit models list --source LAION-2B --tower CNN

      clipkit models list --pool core --loss sigmoid --json

      clipkit models list --track pocket --finetuning none
    """
    known = _of_track(track)
    exact = {"tower_kind": tower, "source": source, "finetuning": finetuning, "loss": loss, "kind": kind}
    _check(exact, known)
    sized = min_pairs > 0 or max_pairs < float("inf")
    chosen = [
        card
        for card in known
        if fnmatch(card.architecture, architecture)
        and all(getattr(card, name).lower() == value.lower() for name, value in exact.items() if value)
        and (not sized or min_pairs <= card.training_pairs <= max_pairs)
        and (prompts is None or card.prompts == prompts)
        and card.pool.startswith(pool)
    ]
    if as_json:
        typer.echo(json.dumps([json.loads(card.to_json()) for card in chosen], indent=1))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    # A model's name is what one copies from here: it gets the room that frames would take, and is never cut.
    table = Table(
        Column("model", overflow="fold"),
        Column("tower", overflow="fold"),
        "source",
        "pairs\n(M)",
        "fine-\ntuning",
        "loss",
        "prompts",
        title=f"{len(chosen)} models",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for card in chosen:
        # Names of the full track begin with the architecture; only its kind is news there.
        tower = card.architecture.removeprefix("pocket-") if card.track == "pocket" else card.tower_kind
        pairs = "" if card.training_pairs != card.training_pairs else f"{card.training_pairs:g}"
        prompted = "yes" if card.prompts else "no"
        table.add_row(card.name, tower, card.source, pairs, card.finetuning, card.loss, prompted)
    Console().print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="ARCHITECTURE/TAG of open_clip, a timm or a pocket name.")],
    as_json: Annotated[bool, typer.Option("--json", help="The card as JSON.")] = False,
) -> None:
    """Show all that is known of one model before it is loaded.

    Examples:

      clipkit models show ViT-B-32/openai

      clipkit models show resnet-wild-s0
    """
    from clipkit.models import card

    text = card(name).to_json()
    if as_json:
        typer.echo(text)
        return
    for field, value in json.loads(text).items():
        typer.echo(f"{field:16} {'' if value is None else value}")


def _of_track(track: str) -> list[ModelCard]:
    from clipkit.models import cards

    if track not in TRACKS:
        raise UnknownName(f"unknown track {track!r}", did_you_mean(track, TRACKS))
    return [card for card in cards().values() if track in (card.track, "all")]


def _check(exact: dict[str, str], known: list[ModelCard]) -> None:
    """A value that no model has is a mistake in the question, not an empty answer."""
    for column, value in exact.items():
        values = {getattr(card, column) for card in known} - {""}
        if value and value.lower() not in {name.lower() for name in values}:
            raise UnknownName(f"no model has {column} {value!r}", did_you_mean(value, values))
