"""`clipkit lmm`: ImageNet-D's questions to LLaVA and to the CLIP that it sees through."""

from pathlib import Path
from typing import Annotated

import typer

from clipkit.cli.evaluate import show_rows
from clipkit.cli.infer import AsJson, BatchSize, Device, Precision, Store, Workers

app = typer.Typer()


@app.command()
def lmm(
    sources: Annotated[list[str], typer.Argument(help="LLaVA 1.5 or 1.6: folders or hub ids.")],
    tower: Annotated[str, typer.Option(help="The CLIP that is compared.")],
    data: Annotated[Path, typer.Option(help="Folder that holds ImageNet-D.")],
    store: Store = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the numbers.", show_default="the cache folder")
    ] = None,
    batch_size: BatchSize = 64,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = "fp32",
    as_json: AsJson = False,
) -> None:
    """Ask LLaVA and a CLIP which of two names an image shows, as published and under controls.

    One LLaVA after the other; what is done is passed over. SOURCE/random as a source, or ARCHITECTURE/random as the
    tower, tries the set-up with random weights, whose numbers are refused as evidence.

    Examples:

      clipkit lmm llava-hf/llava-1.5-7b-hf --tower ViT-L-14-336/openai --data benchmarks --out results --precision fp16

      clipkit lmm llava-hf/llava-1.5-7b-hf/random --tower ViT-B-32/random --data benchmarks --out trial
    """
    from clipkit.device import choose_precision
    from clipkit.full.lmm import lmm_rows

    found = lmm_rows(
        sources, tower, data, store=store, out=out, device=device, precision=choose_precision(precision, device),
        batch_size=batch_size, workers=workers, progress=not as_json,
    )  # fmt: skip
    show_rows(found, as_json)
