"""`clipkit evaluate`: sections on models, on the pocket or the full track."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clipkit.cli.infer import BatchSize, Device, Precision, QuickGelu, Store, Weights, Workers
from clipkit.cli.tables import show

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer()


@app.command()
def evaluate(
    section: Annotated[str, typer.Argument(help="A section, such as shape-bias, or all.")],
    models: Annotated[
        str, typer.Option(help="Models, separated by commas; on pocket all if none is named.")
    ] = "",
    profile: Annotated[Literal["pocket", "full"], typer.Option(help="Track of models and data.")] = "pocket",
    data: Annotated[Path | None, typer.Option(help="Folder that holds the benchmarks (full).")] = None,
    store: Store = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the numbers.", show_default="the cache folder")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure pocket models again instead of reading.")
    ] = False,
    weights: Weights = None,
    quickgelu: QuickGelu = None,
    n_expected: Annotated[
        list[str] | None,
        typer.Option(help="NAME=NUMBER: how many images a part of a benchmark holds on purpose."),
    ] = None,
    batch_size: BatchSize = 64,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = "fp32",
    as_json: Annotated[bool, typer.Option("--json", help="Print Result rows as JSON.")] = False,
) -> None:
    """Measure models on a section, or on all, by the same functions on both tracks.

    pocket prints the shipped numbers, or with --fresh measures again. full checks the benchmarks, embeds each image
    once and measures; what is done is passed over, so that a stopped run goes on. ARCHITECTURE/random as a model
    tries the set-up with random weights, whose numbers are refused as evidence.

    Examples:

      clipkit evaluate shape-bias --models resnet-wild-s0,vit-wild-s0

      clipkit evaluate all --profile full --models ViT-B-32/openai,RN50/openai --data benchmarks --out results

      clipkit evaluate retrieval --profile full --models ViT-B-32/random --data benchmarks --out trial

      clipkit evaluate calibration --profile full --models ViT-B-32 --weights mine.safetensors --no-quickgelu --data DIR
    """
    from clipkit.evaluate import full_rows, pocket_rows

    names = [name for name in models.split(",") if name]
    if profile == "pocket":
        found = pocket_rows(section, names, fresh=fresh, store=store, out=out)
    else:
        found = full_rows(
            section, names, data, store=store, out=out, weights=weights, quickgelu=quickgelu,
            n_expected=n_expected or [], device=device, precision=precision,
            batch_size=batch_size, workers=workers, progress=not as_json,
        )  # fmt: skip
    show_rows(found, as_json)


def show_rows(found: "pd.DataFrame", as_json: bool) -> None:
    """Print result rows as JSON, or one table for each model and section."""
    if as_json:
        clean = [{k: None if v != v else v for k, v in row.items()} for row in found.to_dict("records")]
        typer.echo(json.dumps(clean, indent=1, allow_nan=False))
        return
    for (model, title), rows in found.groupby(["model", "section"], sort=False):
        show(
            ("data set", "subset", "metric", "value", "95 % interval", "n"),
            [
                (r.dataset, r.subset, r.metric, f"{r.value:.4f}", f"{r.low:.4f} to {r.high:.4f}", r.n)
                for r in rows.itertuples()
            ],
            title=f"{model}, {title}",
        )
