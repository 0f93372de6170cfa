"""`clipkit pocket conventions`: measure the zoo as others would have."""

from pathlib import Path
from typing import Annotated

import typer


def conventions(
    out: Annotated[
        Path | None, typer.Option(help="File for the numbers.", show_default="the shipped one")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Folder of stored embeddings.", show_default="the cache folder")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 2,
) -> None:
    """Measure the zoo by other conventions (bins, scores, thresholds, denominators): what changes goes to one file.

    Images come from the embeddings that `clipkit pocket evaluate` left. What is up to date is passed over.

    Example: clipkit pocket conventions --jobs 1
    """
    from tqdm import tqdm

    from clipkit.pocket.store import cache_folder
    from clipkit.pocket.zoo.cards import pocket_cards
    from clipkit.pocket.zoo.conventions import update_conventions
    from clipkit.sections.other_numbers import SHIPPED

    out, store = out or SHIPPED, store or cache_folder().parent / "embeddings"
    done = tqdm(update_conventions(out, store, jobs), total=len(pocket_cards()), unit="model", desc="measure")
    measured = sum(fresh for _, fresh in done)
    typer.echo(f"{measured} models measured, the others were up to date: {out}")
