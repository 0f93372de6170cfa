"""Commands of `clipkit models`: which models there are, by the factors the paper crosses."""

import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Annotated

import typer

from clipkit.errors import BadInput, UnknownName
from clipkit.models.cards import ModelCard, tower_family
from clipkit.registry import did_you_mean

if TYPE_CHECKING:
    from rich.table import Table

TRACKS = ("full", "pocket", "all")

app = typer.Typer(
    no_args_is_help=True,
    help="The models of the full and the pocket track: list them by factor, show one, check them, see their design.",
)


@app.command("list")
def list_models(
    track: Annotated[str, typer.Option(help="full, pocket or all.")] = "full",
    architecture: Annotated[str, typer.Option(help='Shell pattern, such as "ViT-B-*".')] = "*",
    family: Annotated[str, typer.Option(help='Family of towers, such as "ConvNeXt" or "ViT(SigLIP)".')] = "",
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

      clipkit models list --family ConvNeXt --no-prompts

      clipkit models list --track pocket --finetuning none
    """
    known = of_family(family, of_track(track))
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
        listed = [json.loads(card.to_json()) | {"family": tower_family(card)} for card in chosen]
        typer.echo(json.dumps(listed, indent=1))
        return
    from rich.console import Console

    table = model_table("tower", "source", "pairs\n(M)", "fine-\ntuning", "loss", "prompts")
    table.title = f"{len(chosen)} models"
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


@app.command("design")
def show_design(
    pool: Annotated[str, typer.Option(help="core or extended.", show_default="both")] = "",
    rows: Annotated[str, typer.Option(help="Factor of the rows of the grid.")] = "training distribution",
    columns: Annotated[str, typer.Option(help="Factor of its columns.")] = "architecture",
) -> None:
    """Show which comparisons the published CLIP checkpoints can make at all: cells, pairs of levels, aliases.

    The grid counts independent training runs. Below it, how many pairs of levels of each factor can be compared while
    another factor is held, and while all others are; then the levels that always come together.

    Examples:

      clipkit models design

      clipkit models design --rows "contrastive loss" --columns "training-set size" --pool core
    """
    from clipkit.sections import factor_grid

    factors = factor_grid.real_factors(pool)
    if factors.empty:
        raise UnknownName(f"no model has pool {pool!r}", "Known: core, extended, curation-only")
    own = factor_grid.levels(factors)
    for name in (rows, columns):
        if name not in own:
            raise UnknownName(f"unknown factor {name!r}", did_you_mean(name, own))
    if rows == columns:
        raise BadInput(f"{rows!r} against itself", "name two factors")
    alone = factor_grid.hidden(factors)

    def marked(factor: str, level: str) -> str:
        return f"{level} ×" if (factor, level) in alone else level

    cells = factor_grid.counts(factors, rows, columns)
    _print_table(
        f"{len(factors)} models, {factors.run.nunique()} training runs; ×: no effect of its own",
        (rows, *(marked(columns, level) for level in cells.columns)),
        [
            (marked(rows, level), *(n or "·" for n in line))
            for level, line in zip(cells.index, cells.to_numpy(), strict=True)
        ],
    )
    pairs = factor_grid.comparisons(factors)
    _print_table(
        "pairs of levels that can be compared while another factor is held",
        ("factor", "pairs", *pairs.columns[1:]),
        [(name, *("–" if n != n else f"{n:.0f}" for n in line)) for name, line in pairs.iterrows()],
    )
    for together in factor_grid.aliasing(factors).aliased:
        typer.echo(f"always together: {' = '.join(together)}")


def _print_table(title: str, head: tuple[str, ...], rows: list[tuple]) -> None:
    from rich.console import Console

    table = model_table(*head[1:], first=head[0])
    table.title = title
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def model_table(*columns: str, first: str = "model") -> "Table":
    """A table of models. A model's name is what one copies: it has the room that frames would take, and is not cut."""
    from rich import box
    from rich.table import Column, Table

    own = Column(first, overflow="fold", no_wrap=first != "model")
    folded = (own, *(Column(name, overflow="fold") for name in columns))
    return Table(*folded, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def of_family(family: str, known: list[ModelCard]) -> list[ModelCard]:
    families = {tower_family(card) for card in known}
    if family and family.lower() not in {name.lower() for name in families}:
        raise UnknownName(f"no model has family {family!r}", did_you_mean(family, families))
    return [card for card in known if family.lower() in ("", tower_family(card).lower())]


def of_track(track: str) -> list[ModelCard]:
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
