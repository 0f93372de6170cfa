"""`clipkit card`: one model from all sides on one page, alone or against another."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.command()
def card(
    model: Annotated[
        str, typer.Argument(help="A pocket name, ARCHITECTURE/TAG of open_clip, or a timm name.")
    ],
    against: Annotated[str, typer.Option(help="Another model of the track, for a paired comparison.")] = "",
    format: Annotated[
        Literal["html", "markdown"], typer.Option(help="Markdown is for a model hub.")
    ] = "html",
    out: Annotated[
        Path | None, typer.Option(help="The file to write.", show_default="MODEL.html or .md in this folder")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="Folder that evaluate --out wrote.", show_default="shipped, or the cache folder"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and write no page.")] = False,
) -> None:
    """Write the robustness card of a model: every headline number with interval, recipe and percentile.

    Nothing is measured: the card shows what there is, and the commands for the rest. With --against, the difference on
    each headline, from the same resampled images. The page loads nothing from other machines.

    Examples:

      clipkit card resnet-wild-s0

      clipkit card resnet-wild-s0 --against vit-wild-s0 --out comparison.html

      clipkit card ViT-B-32/openai --results OUT --format markdown
    """
    from clipkit.card import data, page
    from clipkit.card.html import to_html
    from clipkit.card.markdown import to_markdown
    from clipkit.card.numbers import compare, robustness_card

    cards = [robustness_card(name, results) for name in (model, against) if name]
    what = (*cards, compare(*cards)) if against else cards
    if as_json:
        found = data.comparison_data(*what) if against else data.card_data(*what)
        typer.echo(json.dumps(found, indent=1, allow_nan=False))
        return
    made = page.comparison_page(*what) if against else page.card_page(*what)
    render, suffix = {"html": (to_html, ".html"), "markdown": (to_markdown, ".md")}[format]
    stem = "-against-".join(c.model.name.replace("/", "--").replace(":", "-") for c in cards)
    path = out or Path(stem + suffix)
    path.write_text(render(made), encoding="utf-8")
    typer.echo(path)
    for command in dict.fromkeys(command for c in cards for command in c.missing.values()):
        typer.echo(f"not measured yet; run: {command}")
