"""`clipkit score`: score predictions that were made elsewhere."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    no_args_is_help=True, help="Score predictions made elsewhere: a CSV file in, numbers with intervals out."
)

Model = Annotated[str, typer.Option(help="The model's name in the rows; the file's name if not given.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Score what is there although images are missing.")
]
AllowUnknown = Annotated[
    bool, typer.Option("--allow-unknown", help="Ignore images that the data set does not hold.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print Result rows as JSON.")]


@app.command("visual-factors")
def visual_factors(
    predictions: Annotated[
        Path, typer.Option(help="CSV: file_name, predicted_class[, predicted_probability].")
    ],
    annotations: Annotated[
        Literal["top", "multi"], typer.Option(help="One salient factor for each image, or all.")
    ] = "top",
    model: Model = "",
    allow_missing: AllowMissing = False,
    allow_unknown: AllowUnknown = False,
    as_json: AsJson = False,
) -> None:
    """Accuracy and error ratio for each of ImageNet-X's sixteen factors (prototypes left out).

    Example:

      clipkit score visual-factors --predictions ResNet50.csv --annotations top --json
    """
    from clipkit.score import score_visual_factors

    _print(
        score_visual_factors(
            predictions, annotations, model=model, allow_missing=allow_missing, allow_unknown=allow_unknown
        ),
        as_json,
    )


@app.command("shape-bias")
def shape_bias(
    decisions: Annotated[
        Path, typer.Option(help="CSV: image and pred_label, or imagename and object_response.")
    ],
    model: Model = "",
    allow_missing: AllowMissing = False,
    allow_unknown: AllowUnknown = False,
    as_json: AsJson = False,
) -> None:
    """Shape bias and cue accuracy on the 1,200 cue-conflict images whose shape and texture disagree.

    Example:

      clipkit score shape-bias --decisions my_model.csv --json
    """
    from clipkit.score import score_shape_bias

    _print(
        score_shape_bias(decisions, model=model, allow_missing=allow_missing, allow_unknown=allow_unknown),
        as_json,
    )


def _print(rows, as_json: bool) -> None:
    if as_json:
        # NaN is not JSON: what could not be computed is null.
        clean = [
            {k: None if isinstance(v, float) and v != v else v for k, v in asdict(r).items()} for r in rows
        ]
        typer.echo(json.dumps(clean, indent=1, allow_nan=False))
        return
    from clipkit.cli.tables import show

    show(
        ["subset", "metric", "value", "95 % interval", "n"],
        [[r.subset, r.metric, f"{r.value:.4f}", f"{r.low:.4f} to {r.high:.4f}", r.n] for r in rows],
        title=f"{rows[0].model} on {rows[0].dataset}",
    )
