"""`clipkit models check`: whether architectures fit clipkit, with random weights."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipkit.cli.models import model_table, of_family, of_track
from clipkit.errors import BadInput
from clipkit.models.cards import ModelCard, tower_family

if TYPE_CHECKING:
    from clipkit.models.check import Checked

app = typer.Typer()


@app.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models of the list, or ARCHITECTURE/random for any other.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every model of the list.")] = False,
    family: Annotated[str, typer.Option(help='Every model of a family, such as "ConvNeXt".')] = "",
    largest: Annotated[
        float,
        typer.Option(help="Run models of up to so many million parameters; of larger ones shapes alone."),
    ] = 160,
    hub: Annotated[
        bool, typer.Option("--hub", help="Fetch tokenizers and configurations that lie on the hub.")
    ] = False,
    every_family: Annotated[
        bool, typer.Option("--every-family", help="Run the smallest model of each family, however large.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Keep what was found in this file, one line a model; called again, go on from there."
        ),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Write a table of the families, in Markdown.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, with every hook.")] = False,
) -> None:
    """Build models with random weights and try every hook: whether they fit clipkit, before weights are fetched.

    Tried are preprocessing, features, dense maps, activation, logit scale and bias, tokenizer and text tower, or the
    classification head. Up to 160 million parameters they run on pictures and texts; larger ones are built on PyTorch's
    meta device, which has shapes and no numbers. Tokenizers and text configurations that lie on a hub have a stand-in
    of the same class, which is named. The exit status is 1 if anything failed. All models take hours: with --record
    a run that was stopped goes on, and one that was mended tries again what failed.

    Examples:

      clipkit models check ViT-B-32/openai resnet50.tv2_in1k

      clipkit models check --family ConvNeXt --largest 0

      clipkit models check --all --every-family --record checked.jsonl --table book/checked.txt
    """
    from tqdm import tqdm

    from clipkit.models import card
    from clipkit.models.check import check_all
    from clipkit.models.check_record import Record
    from clipkit.models.check_record import table as family_table
    from clipkit.models.random import SUFFIX, random_card

    listed = of_family(family, of_track("full")) if everything or family else []
    listed += [random_card(n.removesuffix(SUFFIX)) if n.endswith(SUFFIX) else card(n) for n in names or []]
    if not listed:
        raise BadInput("no model to check", "name some, or say --all or --family")
    if pocket := [c.name for c in listed if c.track == "pocket"]:
        raise BadInput(
            f"{pocket[0]} comes with its weights", f"clipkit evaluate all --models {pocket[0]} --fresh"
        )
    found = check_all(
        listed, largest, hub, _smallest(listed) if every_family else (), record and Record(record)
    )
    done = list(tqdm(found, total=len(listed), unit="model", disable=None))
    if table:
        table.write_text(family_table(done))
    if as_json:
        typer.echo(json.dumps([asdict(c) | {"ok": not c.failed} for c in done], indent=1))
    else:
        _print_checked(done)
    if any(c.failed for c in done):
        raise typer.Exit(1)


def _print_checked(done: list["Checked"]) -> None:
    from rich.console import Console

    table = model_table("M", "image", "width", "map", "head or texts", "")
    for c in done:
        image, width, cells = (
            c.said.get(hook, "–").replace(" ", "") for hook in ("image", "features", "map")
        )
        ends = ", ".join(c.said[hook] for hook in ("head", "text", "scale", "activation") if hook in c.said)
        where = "OK" if c.device == "cpu" else "OK, shapes"
        ok = "failed: " + ", ".join(c.failed) if c.failed else where
        table.add_row(c.model, f"{c.millions:.0f}", image, width, cells, ends, ok)
    Console().print(table)
    for c in done:
        for hook, why in c.failed.items():
            typer.echo(f"failed: {c.model}: {hook}: {why}")
    for what in dict.fromkeys(what for c in done for what in c.stand_ins):
        users = [c.model for c in done if what in c.stand_ins]
        typer.echo(f"stand-in: {what}: {', '.join(users)}")
    ok = [c for c in done if not c.failed]
    ran, stood = sum(c.device == "cpu" for c in ok), sum(bool(c.stand_ins) for c in ok)
    typer.echo(
        f"{len(ok)} of {len(done)} models OK, with random weights: {ran} ran, {len(ok) - ran} were built on the meta"
        f" device, which has shapes alone; {stood} with a stand-in"
    )


def _smallest(listed: list[ModelCard]) -> set[str]:
    """Of each family of CLIPs and of classifiers, the model whose image tower multiplies least."""
    from clipkit.sweep.towers import tower

    found: dict[tuple, str] = {}
    for card in sorted(listed, key=lambda card: tower(card).gmacs):
        found.setdefault((card.prompts, tower_family(card)), card.name)
    return set(found.values())
