"""`clipkit embed` and `clipkit classify`: run a model on images, once, and use what it computed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

ModelName = Annotated[
    str, typer.Option("--model", help="ARCHITECTURE/TAG, a timm name, or with --weights an architecture.")
]
Data = Annotated[
    Path,
    typer.Option(
        help="Folder of class folders, .tar shards or .parquet files; or pocket:SET, pocket:SET/validation."
    ),
]
Weights = Annotated[Path | None, typer.Option(help="Weights from a file (safetensors) instead of the hub.")]
QuickGelu = Annotated[
    bool | None,
    typer.Option("--quickgelu/--no-quickgelu", help="Activation; must be said for a file without a tag."),
]
Store = Annotated[
    str | None,
    typer.Option(
        help="Stored embeddings: a folder, or an address such as s3://BUCKET/FOLDER.",
        show_default="the cache folder",
    ),
]
Expected = Annotated[int | None, typer.Option(help="The number of images there must be.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Images per pass of the tower.")]
Workers = Annotated[
    int | None, typer.Option(min=0, help="Processes that decode images.", show_default="by processors")
]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1 …", show_default="the GPU if there is one")
]
Precision = Annotated[
    str, typer.Option(help="fp32, or mixed precision: bf16, fp16; auto: what the device does best.")
]
AllowCorrupt = Annotated[
    bool, typer.Option("--allow-corrupt", help="Leave unreadable images out and list them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def embed(
    model: ModelName,
    data: Data,
    weights: Weights = None,
    quickgelu: QuickGelu = None,
    store: Store = None,
    n_expected: Expected = None,
    batch_size: BatchSize = 64,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = "fp32",
    compile_tower: Annotated[
        bool, typer.Option("--compile", help="Compile the tower (torch.compile): pays on long runs.")
    ] = False,
    allow_corrupt: AllowCorrupt = False,
    as_json: AsJson = False,
) -> None:
    """Embed images and keep the features; what is already stored is not computed again.

    Examples:

      clipkit embed --model ViT-B-32/openai --data imagenet/val --n-expected 50000

      clipkit embed --model ViT-B-32 --weights mine.safetensors --no-quickgelu --data shards/ --store features

      clipkit embed --model ViT-L-14/openai --data imagenet/val --batch-size 512 --precision auto --compile

      clipkit embed --model ViT-B-32/openai --data imagenet/val --store s3://BUCKET/embeddings

      clipkit embed --model resnet-wild-s0 --data pocket:wild
    """
    loaded, _, found, seconds = _embed(
        model,
        data,
        weights,
        quickgelu,
        store,
        n_expected,
        batch_size,
        workers,
        device,
        precision,
        allow_corrupt,
        as_json,
        compile_tower,
    )
    report = {
        "model": loaded.card.name,
        "n_expected": found.n_expected,
        "n_seen": found.n_seen,
        "images_embedded": found.images_embedded,
        "corrupt": found.corrupt,
        "folder": str(found.entry.folder),
        "seconds": seconds,
    }
    if as_json:
        typer.echo(json.dumps(report, indent=1))
        return
    stored = found.n_seen - found.images_embedded
    typer.echo(
        f"{found.n_seen} of {found.n_expected} images: {found.images_embedded} embedded now, {stored} before"
    )
    _tell_corrupt(found.corrupt)
    typer.echo(found.entry.folder)


@app.command()
def classify(
    model: ModelName,
    data: Data,
    weights: Weights = None,
    quickgelu: QuickGelu = None,
    templates: Annotated[str, typer.Option(help="1, 5, 7, 30, 80, or a file of templates.")] = "80",
    classnames: Annotated[
        str, typer.Option(help="imagenet, cue-conflict, folders (their names), or a file of names.")
    ] = "imagenet",
    predictions: Annotated[
        Path | None, typer.Option(help="Write the decision for each image to this CSV.")
    ] = None,
    store: Store = None,
    n_expected: Expected = None,
    batch_size: BatchSize = 64,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = "fp32",
    allow_corrupt: AllowCorrupt = False,
    as_json: AsJson = False,
) -> None:
    """Classify images: with prompts (CLIP), or with the model's own head (fine-tuned models, baselines).

    Accuracy is given where folder names or labels say what is right. --json prints Result rows.

    Examples:

      clipkit classify --model ViT-B-32/openai --data imagenet/val --templates 80 --json

      clipkit classify --model RN50/openai --data stimuli --classnames cue-conflict --predictions rn50.csv
    """
    from clipkit import predict, prompts
    from clipkit.zeroshot import stored_classifier

    names = None if classnames == "folders" else prompts.classnames(classnames)
    template_set = prompts.templates(templates)
    loaded, dataset, found, seconds = _embed(
        model,
        data,
        weights,
        quickgelu,
        store,
        n_expected,
        batch_size,
        workers,
        device,
        precision,
        allow_corrupt,
        as_json,
    )
    if names is None:
        names = [name.replace("_", " ") for name in dataset.class_names]
    recipe = {
        "model": loaded.card.name,
        "dataset": dataset.name,
        "classnames_hash": prompts.short_hash(names),
        "logit_scale": loaded.logit_scale,
        "precision": loaded.precision,
        "n_expected": found.n_expected,
        "n_seen": found.n_seen,
        "seconds": seconds,
    }
    classifier = None
    if loaded.card.prompts:
        classifier = stored_classifier(loaded, names, template_set, _store(store))
        recipe["templates_hash"] = prompts.short_hash(template_set)
    decided = predict.predict(loaded, found, names, classifier)
    if predictions:
        predict.write_predictions(decided, predictions)
    labels = predict.match_labels(decided.labels, dataset.class_names, names)
    rows = [] if labels is None else [predict.accuracy_row(decided, labels, **recipe)]
    if as_json:
        clean = [{k: None if v != v else v for k, v in asdict(row).items()} for row in rows]
        typer.echo(json.dumps(clean, indent=1))
        return
    for row in rows:
        interval = f"95 % interval {row.low:.4f} to {row.high:.4f} ({row.interval_method})"
        typer.echo(f"accuracy {row.value:.4f}, {interval}, n = {row.n}")
    if not rows:
        typer.echo(f"{len(decided.ids)} images classified; accuracy unknown, for no label says what is right")
    _tell_corrupt(found.corrupt)


def _embed(
    model,
    data,
    weights,
    quickgelu,
    store,
    n_expected,
    batch_size,
    workers,
    device,
    precision,
    allow_corrupt,
    as_json,
    compile_tower=False,
):
    import time

    from clipkit import device as devices
    from clipkit.datasets.readers import open_images
    from clipkit.embed import embed_images
    from clipkit.models import load

    kept = _store(store)  # an address that is wrong is told before weights are fetched
    precision = devices.choose_precision(precision, device)
    loaded = load(model, weights=weights, quickgelu=quickgelu, device=device, precision=precision)
    if compile_tower:
        loaded = devices.compiled(loaded)
    dataset = open_images(data, n_expected=n_expected, allow_corrupt=allow_corrupt)
    start = time.perf_counter()
    found = embed_images(
        loaded, dataset, kept,
        batch_size=batch_size, workers=workers, progress=not as_json, allow_corrupt=allow_corrupt,
    )  # fmt: skip
    return loaded, dataset, found, time.perf_counter() - start


def _store(folder: str | None):
    import pooch

    from clipkit.store import EmbeddingStore

    return EmbeddingStore(folder or Path(pooch.os_cache("clipkit")) / "embeddings")


def _tell_corrupt(corrupt: dict[str, str]) -> None:
    for name, why in corrupt.items():
        typer.echo(f"left out: {name}: {why}")
