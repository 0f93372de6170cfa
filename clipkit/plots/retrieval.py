"""Figures and tables of the chapter on retrieval."""

import pandas as pd

from clipkit.plots import intervals
from clipkit.plots.altair_html import EmbeddedChart
from clipkit.plots.plane import explore
from clipkit.results import Result, row_maker
from clipkit.sections import retrieval as section
from clipkit.stats import wilson_published
from clipkit.wording import counted, signed


def accuracy_and_recall() -> EmbeddedChart:
    """Interactive plane: ImageNet accuracy against the four recalls, coloured by training source."""
    table = section.record_models().rename(columns={section.ACCURACY: "ImageNet", **section.MEASURES})
    return explore(
        table,
        x="ImageNet",
        measures=list(section.MEASURES.values()),
        colour="source",
        tooltip=["model"],
        name="accuracy-recall",
        x_title="zero-shot accuracy on ImageNet",
        y_title="recall@1",
        alt_text=f"Scatter plot of {len(table)} zero-shot CLIP models: recall at one rises with ImageNet accuracy; "
        "models of one "
        "training source lie together, those trained on WIT below the rest for image retrieval.",
    )


def correlations() -> pd.DataFrame:
    """Pearson and Spearman correlation on logit axes, and R² without and with source intercepts, for each measure."""
    return section.correlation_table().style.format(precision=3)


def offsets_by_source():
    """Dots with intervals: mean residual (pp) of each source on COCO image recall at one."""
    table = section.source_offsets()
    labels = [
        f"{source} ({counted(r.n_models, 'model')}, {counted(r.n_runs, 'run')})"
        for source, r in table.iterrows()
    ]
    intervals.dots(
        table.set_axis(labels),
        xlabel="distance from the common line, COCO image recall@1 (percentage points)",
    )


def offset_of(source: str, measure: str) -> str:
    """Mean distance (pp) of a source's models from the common line of accuracy and `measure`."""
    return signed(section.source_offsets(measure).value[source], 1)


def rows() -> list[Result]:
    """The rows behind the plane: recall@1 of every model with the sampling interval of its images."""
    made = []
    for r in section.record_models().to_dict("records"):
        for measure, name in section.MEASURES.items():
            dataset, direction = name.split(", ")
            n = section.N_IMAGES[dataset]
            interval = wilson_published(r[measure], n)
            row = row_maker(
                section="retrieval",
                track="record",
                model=r["model"],
                dataset=dataset,
                interval_method="wilson over images",
                n=n,
                higher_is_better=True,
            )
            made.append(
                row(
                    subset=direction,
                    metric="recall@1",
                    value=r[measure],
                    interval=(interval.low, interval.high),
                )
            )
    return made
