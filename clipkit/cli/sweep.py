"""`clipkit sweep`: many models on many data sets, planned and run."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clipkit.cli.infer import BatchSize, Device, Precision, Store, Workers
from clipkit.cli.tables import show
from clipkit.errors import BadInput

if TYPE_CHECKING:
    from clipkit.sweep.plan import Task, Total
    from clipkit.sweep.run import Done

app = typer.Typer()


@app.command()
def sweep(
    models: Annotated[
        str,
        typer.Option(help='Names, patterns ("ViT-B-*/openai"), zero_shot, finetuned, baseline, core or all.'),
    ],
    datasets: Annotated[str, typer.Option(help="Names of data sets to embed, or all.")] = "",
    sections: Annotated[
        str, typer.Option(help="Sections to measure, or all; what they read is embedded.")
    ] = "",
    profile: Annotated[Literal["pocket", "full"], typer.Option(help="Track of models and data.")] = "pocket",
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be done, and stop.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder that holds the benchmarks (full).")] = None,
    store: Store = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the numbers.", show_default="the cache folder")
    ] = None,
    n_expected: Annotated[
        list[str] | None,
        typer.Option(help="NAME=NUMBER: how many images a part of a benchmark holds on purpose."),
    ] = None,
    batch_size: BatchSize = 64,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = "fp32",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of a task.", show_default="torch's; on Ray one"),
    ] = None,
    ray: Annotated[
        str, typer.Option(help="Run on Ray: local, auto, or a cluster's address.", show_default="no Ray")
    ] = "",
    gpus: Annotated[
        float | None,
        typer.Option(min=0, help="GPUs of a task on Ray, such as 0.25.", show_default="one if there is any"),
    ] = None,
    retries: Annotated[int, typer.Option(min=0, help="Runs more of a task whose worker was lost (Ray).")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Embed every model's features of every data set, largest first, and measure sections on them.

    What the store has is not computed again, so a stopped sweep goes on when it is called again. A task that fails
    stops no other; failures are listed at the end, and the exit status is 1. The options of batches, workers and
    precision are those of the full track; the pocket track has its own.

    Examples:

      clipkit sweep --models all --datasets all --profile full --plan

      clipkit sweep --models core,finetuned --sections all --profile full --data DIR --store STORE --out OUT --ray auto

      clipkit sweep --models "resnet-wild-s*" --sections shape-bias --ray local
    """
    from clipkit.pocket.store import cache_folder
    from clipkit.sweep.plan import plan as make_plan
    from clipkit.sweep.tracks import FullTrack, PocketTrack, choose

    cache = cache_folder().parent
    if profile == "pocket":
        track = PocketTrack(store=store or cache / "embeddings", out=out or cache / "results", device=device)
    else:
        from clipkit.device import choose_precision
        from clipkit.full.results import results_folder

        track = FullTrack(
            store=store or cache / "embeddings", out=out or results_folder(), root=data,
            n_expected=_counts(n_expected or []),
            device=device, precision=choose_precision(precision, device), batch_size=batch_size, workers=workers,
        )  # fmt: skip
    cards, measured = choose(_split(models), profile), track.sections(_split(sections))
    sizes = track.sizes(track.datasets(_split(datasets), measured))
    if not cards or not sizes:
        raise BadInput("a sweep needs models, and data sets or sections", "name some, or say all")
    if not plan:
        fingerprints = track.prepare(list(sizes))
    if threads:
        import torch

        torch.set_num_threads(threads)
    tasks = make_plan([card.name for card in cards], sizes, track.costs(cards), track.whole)
    if plan:
        _print(tasks, track.believed(sizes), as_json)
        return
    from clipkit.sweep.plan import Measure
    from clipkit.sweep.run import in_process, missing, sweep

    left = missing(tasks, track, fingerprints)
    typer.echo(f"{len(tasks) - len(left)} of {len(tasks)} tasks are in the store")
    measures = [Measure(card.name, tuple(measured)) for card in cards] if measured else []
    if ray:
        from clipkit.sweep.on_ray import on_ray

        run = partial(on_ray, address=ray, threads=threads, gpus=gpus, retries=retries)
    else:
        run = partial(in_process, threads=threads)
    _follow(sweep(track, left, measures, run), len(left) + len(measures))


def _follow(ends: Iterator["Done"], total: int) -> None:
    """A bar, or a line for each task where there is no terminal; then what failed."""
    from tqdm import tqdm

    failed = []
    with tqdm(ends, total=total, unit="task", disable=None) as bar:
        for done in bar:
            if done.error:
                failed.append(done)
            if bar.disable:
                said = done.error or ("measured" if done.found is None else f"{done.found:,} images embedded")
                typer.echo(f"{done.task}: {said}")
    for done in failed:
        typer.echo(f"failed: {done.task}: {done.error}", err=True)
    if failed:
        raise typer.Exit(1)


def _print(tasks: list["Task"], believed: list[str], as_json: bool) -> None:
    from rich.table import Column

    from clipkit.sweep.plan import total

    whole = total(tasks)
    if as_json:
        found = {"total": whole._asdict(), "believed": believed, "tasks": [task._asdict() for task in tasks]}
        # Tens of thousands of tasks: spaced out for the eye they take seconds, and nobody reads them.
        typer.echo(json.dumps(found))
        return
    for title, column in (("data set", "dataset"), ("model", "model")):
        groups = {}
        for task in tasks:
            groups.setdefault(getattr(task, column), []).append(task)
        # Names are copied from here: they are never cut.
        show(
            (Column(title, overflow="fold"), *_COLUMNS),
            [(name, *_cells(total(group))) for name, group in groups.items()],
        )
    show(("all", *_COLUMNS), [("", *_cells(whole))])
    if believed:
        typer.echo(f"sizes believed, not verified: {', '.join(believed)}")
    typer.echo(
        "Hours of one worker on this machine, for images alone: no weights to fetch, no texts, no statistics.\n"
        "measured: a batch of that tower here; by GMACs: its multiplications, at the rate of a batch of two other nets."
    )


_COLUMNS = ("tasks", "images", "embeddings, GB", "hours", "predicted")


def _cells(sum: "Total") -> tuple[str, ...]:
    return (
        f"{sum.tasks:,}",
        f"{sum.images:,}",
        f"{sum.bytes / 1e9:,.3f}",
        f"{sum.seconds / 3600:,.3g}",
        sum.how or "both",
    )


def _counts(texts: list[str]) -> dict[str, int]:
    if not texts:
        return {}
    from clipkit.evaluate import count

    return dict(map(count, texts))


def _split(names: str) -> list[str]:
    return [name for name in names.split(",") if name]
