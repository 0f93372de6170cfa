"""The command `clipkit pocket lmm`: ask the small language models that see through pocket towers."""

from pathlib import Path
from typing import Annotated

import typer

from clipkit.cli.infer import Store


def lmm(
    names: Annotated[
        list[str] | None, typer.Argument(help="LMMs; all that are shipped if none is named.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the answers.", show_default="the shipped ones")
    ] = None,
    store: Store = None,
    split: Annotated[str, typer.Option(help="test or validation.")] = "test",
) -> None:
    """Ask the pocket LMMs, and their towers, every question: hard and easy pictures under each control.

    What is up to date is passed over. To train them: python -m clipkit.pocket.lmm.train --out DIR

    Examples:

      clipkit pocket lmm

      clipkit pocket lmm lmm-resnet-wild-s0 --split validation --out answers
    """
    from tqdm import tqdm

    from clipkit.pocket.lmm.evaluate import evaluate
    from clipkit.pocket.lmm.loading import lmm_names
    from clipkit.pocket.lmm.results import results_folder
    from clipkit.pocket.store import cache_folder

    done = evaluate(
        names or [], store or cache_folder().parent / "embeddings", out or results_folder(), split
    )
    asked = sum(fresh for _, fresh in tqdm(done, "ask", len(names or lmm_names()), unit="LMM"))
    typer.echo(f"{asked} LMMs asked, the others were up to date: {(out or results_folder()) / split}")
