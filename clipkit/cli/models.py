"""Commands of `clipkit models`: which models there are, by the factors the paper crosses."""

import json
from fnmatch import fnmatch
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The models of the full track: list them by factor, show one.")


@app.command("list")
def list_models(
    architecture: Annotated[str, typer.Option(help='Shell pattern, such as "ViT-B-*".')] = "*",
    tower: Annotated[str, typer.Option(help="CNN, ViT or hybrid.")] = "",
    source: Annotated[str, typer.Option(help='Training distribution, such as "LAION-2B".')] = "",
    min_pairs: Annotated[float, typer.Option(help="At least so many million training pairs.")] = 0,
    max_pairs: Annotated[float, typer.Option(help="At most so many million training pairs.")] = float("inf"),
    finetuning: Annotated[str, typer.Option(help="none, in1k, in12k or in12k_in1k.")] = "",
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
    """
    from clipkit.models import cards

    exact = {"tower_kind": tower, "source": source, "finetuning": finetuning, "loss": loss, "kind": kind}
    _check(exact)
    sized = min_pairs > 0 or max_pairs < float("inf")
    chosen = [
        card
        for card in cards().values()
        if fnmatch(card.architecture, architecture)
        and all(getattr(card, name).lower() == value.lower() for name, value in exact.items() if value)
        and (not sized or min_pairs <= card.training_pairs <= max_pairs)
        and (prompts is None or card.prompts == prompts)
        and card.pool.startswith(pool)
    ]
    if as_json:
        typer.echo(json.dumps([json.loads(card.to_json()) for card in chosen], indent=1))
        return
    from rich.console import Console
    from rich.table import Column, Table

    # A model's name is what one copies from here, so it is folded rather than cut.
    table = Table(
        Column("model", overflow="fold"),
        "tower",
        "source",
        "pairs (M)",
        "fine-tuning",
        "loss",
        title=f"{len(chosen)} models",
    )
    for card in chosen:
        pairs = "" if card.training_pairs != card.training_pairs else f"{card.training_pairs:g}"
        table.add_row(card.name, card.tower_kind, card.source, pairs, card.finetuning, card.loss)
    Console().print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="ARCHITECTURE/TAG of open_clip, or a timm name.")],
    as_json: Annotated[bool, typer.Option("--json", help="The card as JSON.")] = False,
) -> None:
    """Show all that is known of one model before it is loaded.

    Example: clipkit models show ViT-B-32/openai
    """
    from clipkit.models import card

    text = card(name).to_json()
    if as_json:
        typer.echo(text)
        return
    for field, value in json.loads(text).items():
        typer.echo(f"{field:16} {'' if value is None else value}")


def _check(exact: dict[str, str]) -> None:
    """A value that no model has is a mistake in the question, not an empty answer."""
    from clipkit.errors import UnknownName
    from clipkit.models import cards
    from clipkit.registry import did_you_mean

    for column, value in exact.items():
        known = {getattr(card, column) for card in cards().values()} - {""}
        if value and value.lower() not in {name.lower() for name in known}:
            raise UnknownName(f"no model has {column} {value!r}", did_you_mean(value, known))
