"""Prompt band: one metric of one model under every set of templates and every single one."""

from clipkit.plots.explorers.shell import Choice, Slider, explorer
from clipkit.plots.ledger import Html
from clipkit.pocket.prompt_variants import SET, TEMPLATE
from clipkit.sections.headlines import Headline
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.sections.pocket.prompt_band import PromptBand, draws_of, prompted_headlines, zoo_band
from clipkit.sections.pocket.results import zoo_results


def prompt_band(
    metric: str = "",
    model: str = "resnet-wild-s0",
    table: MeasuredTable | None = None,
    band: PromptBand | None = None,
) -> Html:
    """Every headline metric that depends on templates, of every model that takes them; `metric` is a title.

    Raises UnknownName for a metric or model that is not among them, MissingData where nobody was asked.
    """
    table, band = table or zoo_results(), band or zoo_band()
    headlines = prompted_headlines()
    found = [of_headline(headline, table, band) for headline in headlines]
    models = sorted(found[0])
    templates = list(band.of(headlines[0])[TEMPLATE].columns)
    titles = [headline.title for headline in headlines]
    data = {
        "metrics": titles,
        "models": models,
        "sizes": PROMPT_SETS,
        "templates": templates,
        "values": [[of[name] for of in found] for name in models],
    }
    controls = [
        Choice("metric", "Metric", titles, metric),
        Choice("model", "Model", models, model),
        Slider("template", "Template", len(templates)),
    ]
    return explorer("prompt-band", "Prompts of any model", controls, data)


def of_headline(headline: Headline, table: MeasuredTable, band: PromptBand) -> dict[str, dict[str, list]]:
    """Model → "sets", [value, low, high] with each of `PROMPT_SETS`, and "alone", the value with each template.

    low, high: the 95 % percentile interval over images.
    """
    values = band.of(headline).round(5)
    limits = {
        prompts: draws_of(table, headline, prompts).quantile([0.025, 0.975], axis=1).round(5)
        for prompts in PROMPT_SETS
    }
    return {
        model: {
            "sets": [[own[SET, prompts], *limits[prompts][model]] for prompts in PROMPT_SETS],
            "alone": own[TEMPLATE].tolist(),
        }
        for model, own in values.iterrows()
    }
