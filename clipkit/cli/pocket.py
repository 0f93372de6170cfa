"""Commands of `clipkit pocket`: the rendered sets of the pocket laboratory, and the recipes of its models."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clipkit.cli.conventions import conventions
from clipkit.cli.infer import Store
from clipkit.cli.pocket_lmm import lmm
from clipkit.cli.tables import show as show_table

app = typer.Typer(
    no_args_is_help=True, help="The pocket laboratory: rendered sets, and small models trained on them."
)
Split = Annotated[str, typer.Option(help="test or validation.")]
Cache = Annotated[
    Path | None, typer.Option(help="Folder of rendered sets.", show_default="pocket/ in the cache folder")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def sets(cache: Cache = None, as_json: AsJson = False) -> None:
    """List the sets of the evaluation suite, and which splits are rendered already.

    Example: clipkit pocket sets --json
    """
    from clipkit.pocket.cards import n_images
    from clipkit.pocket.dataset import SPLITS
    from clipkit.pocket.images import is_rendered
    from clipkit.pocket.sets import SETS, set_spec

    rows = [
        {
            "name": name,
            "task": spec.task,
            "n": n_images(spec),
            "rendered": [split for split in SPLITS if is_rendered(set_spec(name, split), cache)],
        }
        for name, spec in SETS.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    show_table(
        ("set", "task", "images", "rendered"),
        [(r["name"], r["task"], f"{r['n']:,}", ", ".join(r["rendered"]) or "no") for r in rows],
        title=f"{len(rows)} sets",
    )


@app.command()
def render(
    names: Annotated[list[str] | None, typer.Argument(help="Sets; all of them if none is named.")] = None,
    split: Split = "test",
    cache: Cache = None,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Render sets into the cache; one that is there already is checked against its checksums.

    Examples:

      clipkit pocket render

      clipkit pocket render wild factors --split validation
    """
    from clipkit.pocket.cards import address
    from clipkit.pocket.sets import SETS, load_set, set_spec

    chosen = names or list(SETS)
    for name in chosen:
        set_spec(name, split)  # a mistake in the last name is told before the first set is rendered
    for name in chosen:
        data = load_set(name, split, cache, progress)
        typer.echo(f"{address(name, split)}: {len(data):,} images in {data.folder}")


@app.command()
def sheet(
    name: Annotated[str, typer.Argument(help="A set of the suite.")],
    out: Annotated[Path, typer.Option(help="The picture to write: .png, .pdf or .svg.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows of images.")] = 6,
    columns: Annotated[int, typer.Option(min=1, help="Images in a row.")] = 8,
    split: Split = "test",
    cache: Cache = None,
) -> None:
    """Draw a contact sheet of a set: images spread evenly over it, and what is known of each.

    Examples:

      clipkit pocket sheet wild --out wild.png

      clipkit pocket sheet factors --out factors.png --rows 5 --columns 17
    """
    from clipkit.pocket.sheet import write_sheet

    write_sheet(out, name, split, rows, columns, cache)
    typer.echo(out)


@app.command()
def recipes(as_json: AsJson = False) -> None:
    """List the recipes of the pocket models: what is trained, for how long, and what of it is shipped.

    Minutes are those of one seed on one thread; MB those of all shipped seeds.

    Example: clipkit pocket recipes
    """
    from clipkit.pocket.zoo.files import WEIGHTS
    from clipkit.pocket.zoo.recipe import shipped_recipes

    rows = []
    for recipe in shipped_recipes():
        files = [WEIGHTS / f"{recipe.name}-s{seed}.safetensors" for seed in recipe.seeds]
        sizes = [file.stat().st_size for file in files if file.is_file()]
        parent = getattr(recipe, "parent", "")
        rows.append(
            {
                "name": recipe.name,
                "kind": recipe.method if parent else recipe.objective,
                "model": "" if parent else recipe.model,
                "parent": parent,
                "seeds": recipe.seeds,
                "minutes": recipe.minutes,
                "shipped": len(sizes),
                "mb": sum(sizes) / 1e6,
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.table import Column

    show_table(
        (
            Column("recipe", no_wrap=True),
            Column("kind", no_wrap=True),
            Column("model or parent", overflow="fold"),
            "seeds",
            "min",
            "MB",
        ),
        [
            (
                r["name"],
                r["kind"],
                r["model"].removeprefix("pocket-") or r["parent"],
                len(r["seeds"]),
                f"{r['minutes']:g}",
                f"{r['mb']:.1f}" if r["shipped"] else "",
            )
            for r in rows
        ],
        title=f"{len(rows)} recipes",
    )


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a TOML file.")],
    out: Annotated[Path, typer.Option(help="Folder for weights and checkpoints.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of initialisation and order.")] = 0,
) -> None:
    """Train one model, or go on with it where an earlier run stopped; on one thread.

    Examples:

      clipkit pocket train resnet-wild --out models

      clipkit pocket train my-recipe.toml --out models --seed 1
    """
    from clipkit.pocket.zoo.recipe import read_recipe

    chosen = read_recipe(recipe)  # a mistake in it is told before torch is loaded
    from clipkit.pocket.zoo.train import run_recipe

    typer.echo(run_recipe(chosen, out, seed))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A model, RECIPE-sSEED, such as resnet-wild-s0.")],
    folder: Annotated[
        Path | None, typer.Option(help="Folder of models you trained.", show_default="the shipped ones")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one trained model: its recipe, how training went, and the sha256 of its weights.

    Examples:

      clipkit pocket show resnet-wild-s0

      clipkit pocket show my-recipe-s1 --folder models --json
    """
    from clipkit.pocket.zoo.describe import describe

    found = describe(name, folder)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    import pandas as pd

    curve = found.pop("curve")
    for field, value in pd.json_normalize(found).iloc[0].items():
        typer.echo(f"{field:30} {value}")
    if curve["rows"]:
        show_table(
            curve["columns"],
            [[f"{v:,.3g}" if v < 100 else f"{v:,.0f}" for v in row] for row in curve["rows"]],
        )


@app.command()
def evaluate(
    models: Annotated[
        list[str] | None, typer.Argument(help="Models; the whole zoo if none is named.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the numbers.", show_default="the shipped ones")
    ] = None,
    store: Store = None,
    split: Split = "test",
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 2,
) -> None:
    """Measure models on every set: each image is embedded once, each model's numbers go to a file of its own.

    What is up to date is passed over, so a run that was stopped can be taken up again. Numbers of the zoo that went
    to another folder are compared with the shipped ones.

    Examples:

      clipkit pocket evaluate --out results

      clipkit pocket evaluate resnet-wild-s0 vit-wild-s0 --split validation --out results
    """
    from tqdm import tqdm

    from clipkit.pocket.store import cache_folder
    from clipkit.pocket.zoo.cards import pocket_cards
    from clipkit.pocket.zoo.evaluate import RESULTS
    from clipkit.pocket.zoo.evaluate import evaluate as run

    store, out = store or cache_folder().parent / "embeddings", out or RESULTS
    done = run(models or [], store, out, split, jobs)
    measured = 0
    for _, fresh in tqdm(done, total=len(models or pocket_cards()), unit="model", desc=f"measure ({split})"):
        measured += fresh
    typer.echo(f"{measured} models measured, the others were up to date: {out / split}")
    if out.resolve() != RESULTS.resolve():
        _compare(out / split, RESULTS / split)


def _compare(fresh: Path, shipped: Path) -> None:
    from clipkit.sections.measured import read_measured
    from clipkit.sections.pocket.reproduced import reproduced

    counts = reproduced(read_measured(fresh), read_measured(shipped))
    if counts.empty:
        return  # models of one's own: none was shipped
    counts.loc["all"] = counts.sum()
    show_table(
        ("section", *counts.columns),
        [
            (section, *(f"{n:,}" for n in row))
            for section, row in zip(counts.index, counts.to_numpy(), strict=True)
        ],
        title="compared with the shipped numbers",
    )
    typer.echo(
        "equal: to the last bit; close: within the shipped 95 % interval; apart: outside it; "
        "absent: in one folder only"
    )


@app.command()
def band(
    store: Store = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 2,
) -> None:
    """Ask every model in many ways, from stored embeddings, and judge every claim under them.

    The ways: 1, 5, 30 or 80 templates, single ones, and other names for the classes. Comes after `evaluate`: no
    image goes through a tower again. What is up to date is passed over; the claims are judged anew, which takes some
    minutes, if the numbers of one model have changed.

    Example: clipkit pocket band --store embeddings
    """
    from tqdm import tqdm

    from clipkit.claims.under_prompts import CLAIMS_FILE, judged_variants, update_claims
    from clipkit.pocket.store import cache_folder
    from clipkit.pocket.zoo.band import prompted, update_band
    from clipkit.sections.pocket.prompt_band import BAND_FILE
    from clipkit.sections.pocket.results import results_folder

    out, store = results_folder().parent, store or cache_folder().parent / "embeddings"
    asked = tqdm(update_band(out / BAND_FILE, store, jobs), "ask", len(prompted()), unit="model")
    models = sum(new for _, new in asked)
    judged = tqdm(update_claims(out / CLAIMS_FILE, jobs), "judge", len(judged_variants()), unit="way")
    ways = sum(new for _, new in judged)
    typer.echo(f"{models} models asked and {ways} ways judged, the others were up to date: {out}")


@app.command()
def contrasts(
    section: Annotated[str, typer.Option(help="Only metrics of this section.")] = "",
    factor: Annotated[str, typer.Option(help="Only contrasts of this factor.")] = "",
    split: Split = "test",
    as_json: AsJson = False,
) -> None:
    """Print what each single change does: effect, 95 % interval over seeds and images, smallest detectable effect.

    One block for each headline metric. p is corrected (Holm) over the clean contrasts of the block.

    Examples:

      clipkit pocket contrasts

      clipkit pocket contrasts --section shape-bias --factor fine-tuning --json
    """
    from clipkit.evaluate import TITLES
    from clipkit.sections.headlines import headline_contrasts

    blocks = headline_contrasts(split, TITLES.get(section, section), factor)
    if as_json:
        rows = [
            {"headline": h.title} | h.key | row for h, frame in blocks for row in frame.to_dict("records")
        ]
        typer.echo(json.dumps([{k: None if v != v else v for k, v in r.items()} for r in rows], indent=1))
        return
    for headline, frame in blocks:
        show_table(
            ("factor", "change", "effect", "95 % interval", "p (Holm)", "detectable", "seeds"),
            [
                (
                    c.factor,
                    c.aspect + ("" if c.clean else " (not clean)"),
                    f"{c.effect:+.3f}",
                    f"{c.low:+.3f} to {c.high:+.3f}",
                    "" if c.p_holm != c.p_holm else f"{c.p_holm:.2g}",
                    f"{c.mde:.3f}",
                    f"{c.n_a} and {c.n_b}",
                )
                for c in frame.itertuples()
            ],
            title=headline.title,
        )


@app.command()
def bars(as_json: AsJson = False) -> None:
    """Print whether the base models are in a useful range, on the validation draw.

    Example: clipkit pocket bars
    """
    from clipkit.plots.pocket_bars import reached
    from clipkit.sections.pocket.bars import bars as found

    table = found()
    if as_json:
        typer.echo(table.to_json(orient="records", indent=1))
        return
    show_table(
        ("bar", "recipe", "value and 95 % interval", "least", "most", "met"),
        [
            (r.bar, r.recipe, reached(r), f"{r.least:g}", f"{r.most:g}", "yes" if r.met else "no")
            for r in table.itertuples()
        ],
    )


app.command()(conventions)
app.command()(lmm)
