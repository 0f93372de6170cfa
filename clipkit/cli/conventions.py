"""`clipkit pocket conventions`: measure the zoo as others would have."""

from typing import Annotated

import typer

from clipkit.cli.infer import Store


def conventions(
    store: Store = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 2,
) -> None:
    """Measure the zoo by other conventions (bins, scores, thresholds, denominators): what changes goes to one file.

    Comes after `evaluate`: no image goes through a tower again. What is up to date is passed over.

    Example: clipkit pocket conventions --jobs 1
    """
    from tqdm import tqdm

    from clipkit.pocket.store import cache_folder
    from clipkit.pocket.zoo.cards import pocket_cards
    from clipkit.pocket.zoo.conventions import update_conventions
    from clipkit.sections.other_numbers import FILE
    from clipkit.sections.pocket.results import results_folder

    out, store = results_folder().parent / FILE, store or cache_folder().parent / "embeddings"
    done = tqdm(update_conventions(out, store, jobs), total=len(pocket_cards()), unit="model", desc="measure")
    measured = sum(fresh for _, fresh in done)
    typer.echo(f"{measured} models measured, the others were up to date: {out}")
