"""The pocket zoo: a table of its models, and how they learned."""

from collections.abc import Iterable, Sequence
from html import escape
from json import loads
from pathlib import Path

import altair as alt
import pandas as pd

from clipkit.models.cards import ModelCard
from clipkit.plots.altair_html import EmbeddedChart, show
from clipkit.plots.chapter import glue_text
from clipkit.plots.ledger import Html
from clipkit.plots.pocket_design import BASE
from clipkit.plots.style import MUTED
from clipkit.pocket.zoo.design import ContrastSpec
from clipkit.pocket.zoo.files import WEIGHTS, read_metadata
from clipkit.pocket.zoo.loading import load_net
from clipkit.pocket.zoo.recipe import read_recipe, shipped_recipes, split_name

# Okabe and Ito's palette without black and yellow, which are too near to text and ground.
_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
FROM_SCRATCH, FINETUNED = "from scratch", "fine-tuned"
_COLUMNS = {
    "recipe": "Recipe",
    "architecture": "Architecture",
    "source": "Trained on",
    "images": "Images",
    "finetuning": "Fine-tuning",
    "loss": "Loss",
    "prompts": "Prompts",
    "parameters": "Parameters (M)",
    "megabytes": "File (MB)",
    "seeds": "Seeds",
    "accuracy": "Wild (%)",
}


def zoo_frame(cards: Iterable[ModelCard], folder: Path = WEIGHTS) -> pd.DataFrame:
    """One row a recipe, in the order of the cards: the six factors, parameters, file size, seeds, accuracy.

    architecture … prompts: the six factors; "own head" where a model takes no prompts at test time.
    parameters: millions, of the network as it is used. megabytes: of one seed's file, NaN for an average of two
    models, which has none. accuracy: per cent on a third of the wild validation set at the end of training,
    mean over seeds, NaN where it was not watched.
    """
    by_recipe: dict[str, list[ModelCard]] = {}
    for card in cards:
        by_recipe.setdefault(split_name(card.name)[0], []).append(card)
    rows = []
    for recipe, seeds in by_recipe.items():
        card, files = seeds[0], [folder / card.weights for card in seeds]
        sizes = pd.Series([file.stat().st_size / 1e6 for file in files if file.is_file()], dtype=float)
        ends = [curve["accuracy"].iloc[-1] for curve in map(_curve, files) if len(curve)]
        rows.append(
            {
                "recipe": recipe,
                "architecture": card.architecture.removeprefix("pocket-"),
                "source": card.source,
                "images": round(1e6 * card.training_pairs),
                "finetuning": card.finetuning,
                "loss": card.loss,
                "prompts": "yes" if card.prompts else "own head",
                "parameters": sum(p.numel() for p in load_net(card.name, folder).parameters()) / 1e6,
                "megabytes": sizes.mean(),
                "seeds": len(seeds),
                "accuracy": 100 * pd.Series(ends, dtype=float).mean(),
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def zoo_table(cards: Iterable[ModelCard], folder: Path = WEIGHTS) -> Html:
    """`zoo_frame` as a table whose columns a reader can sort by, with mouse or keyboard, without a network."""
    frame = zoo_frame(cards, folder)
    head = "".join(
        f'<th scope="col" aria-sort="none"><button type="button" style="{_BUTTON}">{escape(title)}'
        '<span aria-hidden="true"></span></button></th>'
        for title in _COLUMNS.values()
    )
    body = "".join(f"<tr>{''.join(map(_cell, _COLUMNS, row))}</tr>" for row in frame.itertuples(index=False))
    return Html(
        '<div class="ledger-scroll" tabindex="0" role="region" aria-label="The models of the zoo">'
        '<table class="ledger" id="pocket-zoo"><caption>The models that are shipped, one row a recipe. '
        f"A column’s title sorts by it.</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        f"<script>{_SORT}</script>"
    )


_BUTTON = "background: none; border: 0; padding: 0; font: inherit; color: inherit; text-align: left; cursor: pointer"
_SORT = """
document.querySelectorAll("#pocket-zoo thead button").forEach((button, column) => button.onclick = () => {
  const head = button.parentElement, body = button.closest("table").tBodies[0];
  const up = head.getAttribute("aria-sort") !== "ascending";
  head.parentElement.querySelectorAll("th").forEach((other) => {
    other.setAttribute("aria-sort", other !== head ? "none" : up ? "ascending" : "descending");
    other.querySelector("span").textContent = other !== head ? "" : up ? " ▲" : " ▼";
  });
  const key = (row) => row.cells[column].dataset.value;
  const order = (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
  [...body.rows].sort((a, b) => (up ? order(a, b) : order(b, a))).forEach((row) => body.append(row));
});
"""


def _cell(column: str, value) -> str:
    """A cell whose `data-value` sorts as the shown text means."""
    digits = {
        "parameters": "{:.2f}",
        "megabytes": "{:.1f}",
        "accuracy": "{:.1f}",
        "images": "{:,}",
        "seeds": "{}",
    }
    if column not in digits:
        tag, extra = ("th", ' scope="row" style="white-space: nowrap"') if column == "recipe" else ("td", "")
        return f'<{tag}{extra} data-value="{escape(value, quote=True)}">{escape(value)}</{tag}>'
    if value != value:
        return '<td data-value="-1">–</td>'
    # Whole numbers of one length, so that a comparison by their digits is one by their size.
    return f'<td data-value="{round(1e4 * value):015d}">{digits[column].format(value)}</td>'


def _curve(path: Path) -> pd.DataFrame:
    """samples, loss, accuracy (a fraction), stage, as a weights file has them; empty where none were noted."""
    said = read_metadata(path) if path.is_file() else {}
    frame = pd.DataFrame(loads(said.get("curve", "[]")), columns=loads(said.get("curve_columns", "null")))
    known = frame.rename(columns={"wild_validation_accuracy": "accuracy"})
    stage = FINETUNED if "parent" in loads(said.get("recipe", "{}")) else FROM_SCRATCH
    columns = ["samples", "loss", "accuracy"]
    return known.reindex(columns=columns).dropna(subset="accuracy").assign(stage=stage)


def curves(paths: Iterable[Path]) -> pd.DataFrame:
    """The learning curves of weights files: model, recipe, stage, samples, loss, accuracy; one row a point.

    stage: FROM_SCRATCH or FINETUNED. Files without a curve give no row.
    """
    found = [
        _curve(path).assign(model=path.stem, recipe=split_name(path.stem)[0])
        for path in sorted(map(Path, paths))
    ]
    columns = ["model", "recipe", "stage", "samples", "loss", "accuracy"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def learning_curves(paths: Iterable[Path], contrasts: Iterable[ContrastSpec]) -> EmbeddedChart:
    """Validation accuracy against samples seen: all models grey, those that a factor compares in colour.

    paths: weights files with a curve. contrasts: what the factors compare (`clipkit.pocket.zoo.design`). The
    reader picks the factor; hovering names a model. Fine-tuning is shown apart: it starts from trained models.
    """
    points = curves(paths)
    shown = _compared(points, contrasts)
    last = shown.loc[shown.groupby(["factor", "model"])["samples"].idxmax()]
    ends = last.groupby(["factor", "recipe", "place"], as_index=False)[["samples", "accuracy"]].mean()
    # Curves end a few batches apart: their names still stand one over the other.
    ends["height"] = ends.groupby(["factor", ends.samples.round(-4)])["accuracy"].transform(_apart)
    factors = list(shown.factor.unique()) or ["none"]
    pick = alt.param(
        "factor_shown", value=factors[0], bind=alt.binding_select(options=factors, name="Compared: ")
    )
    later = list(shown.factor[shown.stage == FINETUNED].unique())
    same_stage = f"datum.stage == (indexof({later}, factor_shown) < 0 ? '{FROM_SCRATCH}' : '{FINETUNED}')"
    x = alt.X(
        "samples:Q",
        title="samples seen",
        axis=alt.Axis(format="~s", tickCount=6),
        scale=alt.Scale(nice=False),
    )
    y = alt.Y(
        "accuracy:Q",
        title="accuracy, wild validation",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(zero=False),
    )
    tooltip = ["model:N", alt.Tooltip("samples:Q", format=","), alt.Tooltip("accuracy:Q", format=".1%")]
    colour = alt.Color("place:N", legend=None, scale=alt.Scale(domain=list(range(6)), range=_COLOURS))
    others = alt.Chart(points).transform_filter(same_stage).mark_line(color=MUTED, opacity=0.3)
    chosen = alt.Chart(shown).transform_filter("datum.factor == factor_shown")
    labels = alt.Chart(ends).transform_filter("datum.factor == factor_shown").encode(x, alt.Y("height:Q"))
    chart = (
        others.encode(x, y, detail="model:N", tooltip=tooltip)
        + chosen.mark_line(strokeWidth=2.5).encode(x, y, color=colour, detail="model:N", tooltip=tooltip)
        + chosen.mark_circle(size=60, opacity=0.01).encode(x, y, tooltip=tooltip)  # an easier mark to hover
        + labels.mark_circle(size=50, opacity=1, xOffset=8).encode(color=colour)
        + labels.mark_text(align="left", dx=15, fontSize=11, limit=125).encode(text="recipe:N")
    )
    chart = chart.add_params(pick).properties(width="container", height=360)
    return show(
        chart,
        alt=f"Learning curves of {points.model.nunique()} models: accuracy on wild validation images against the "
        "samples seen. A list below the chart picks the factor whose models are coloured and named.",
        height=440,
        name="pocket-curves",
    )


def _compared(points: pd.DataFrame, contrasts: Iterable[ContrastSpec]) -> pd.DataFrame:
    """The points of the recipes that each factor compares, with `factor` and `place` (0 … 5, a colour).

    Where a factor compares fine-tuned models, its trained parents are left out.
    """
    stage = dict(zip(points.recipe, points.stage, strict=True))
    by_factor: dict[str, list[str]] = {}
    for c in contrasts:
        by_factor.setdefault(c.factor, []).extend(arm for arm in (c.a, c.b) if arm in stage)
    rows = []
    for factor, arms in by_factor.items():
        tuned = [arm for arm in arms if stage[arm] == FINETUNED]
        rows += [
            {"factor": factor, "recipe": arm, "place": i % len(_COLOURS)}
            for i, arm in enumerate(dict.fromkeys(tuned or arms))
        ]
    return points.merge(pd.DataFrame(rows, columns=["factor", "recipe", "place"]), on="recipe")


def _apart(heights: pd.Series, gap: float = 0.025) -> pd.Series:
    """The heights, raised as far as needed for each to lie `gap` above the one below.

    >>> _apart(pd.Series([0.5, 0.5, 0.9]), 0.1).round(2).tolist()
    [0.5, 0.6, 0.9]
    """
    last, found = float("-inf"), heights.astype(float).copy()
    for i in heights.sort_values(kind="stable").index:
        last = found[i] = max(found[i], last + gap)
    return found


def recipes_of(cards: Iterable[ModelCard]) -> set[str]:
    """The recipes by which models were made."""
    return {split_name(card.name)[0] for card in cards}


def glue_counts(cards: Sequence[ModelCard]) -> None:
    """Glue `pocket-models`, `pocket-recipes`, …: how many there are, and what the base one is, for prose to quote."""
    planned = [r for r in shipped_recipes() if r.role == "zoo"]
    base, small = read_recipe(BASE), read_recipe("resnet-wild-10-epochs")
    first = next(card for card in cards if split_name(card.name)[0] == BASE)
    # Without commas in numbers: what is glued is read as Python, and 24,000 would be a pair.
    texts = {
        "models": f"{len(cards)}",
        "recipes": f"{len(recipes_of(cards))}",
        "models-planned": f"{sum(len(r.seeds) for r in planned)}",
        "recipes-planned": f"{len(planned)}",
        "base-images": f"{base.data.images / 1000:g} thousand",
        "base-samples": f"{base.samples_seen / 1000:g} thousand",
        "base-minutes": f"{base.minutes:g}",
        "base-parameters": f"{sum(p.numel() for p in load_net(first.name).parameters()) / 1e6:.1f}",
        "small-minutes": f"{small.minutes:g}",
        "base-accuracy": f"{100 * _curve(WEIGHTS / first.weights)['accuracy'].iloc[-1]:.0f} %",
    }
    for name, text in texts.items():
        glue_text(f"pocket-{name}", text.__str__)
