"""Put an Altair chart on a static page without calling another machine."""

import json
from html import escape
from itertools import count

import altair as alt

from clipkit.errors import BadInput

CHART_CLASS = "clipkit-chart"
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_MIME = f"application/vnd.vegalite.v{VEGA_LITE.split('.')[0]}+json"
_numbers = count(1)


class EmbeddedChart:
    """What `show` returns: HTML for the book, the Vega-Lite specification for a live notebook.

    JupyterLab and its kin draw the specification themselves; the book's pages draw the HTML with the one
    bundle that they share.
    """

    def __init__(self, html: str, spec: dict, alt_text: str):
        self.html, self.spec, self.alt_text = html, spec, alt_text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {_MIME: self.spec, "text/html": self.html, "text/plain": self.alt_text}

    def _repr_html_(self) -> str:
        return self.html


def show(chart: alt.TopLevelMixin, alt: str, height: int = 320, name: str | None = None) -> EmbeddedChart:
    """Embed `chart` with the text alternative `alt`, keeping `height` pixels free while it is drawn.

    `alt` says what the figure shows and what is to be seen in it: it is read to those who cannot see the
    chart, and stands in its place without scripts. A chart of width "container" follows the page's width.
    `name` is the element's id, for links; it must be unique on the page. Raises BadInput if `alt` is empty.

    >>> import altair, pandas
    >>> bars = altair.Chart(pandas.DataFrame({"x": [1], "y": ["a"]})).mark_bar().encode(x="x:Q", y="y:N")
    >>> 'aria-label="One bar."' in show(bars, alt="One bar.").html
    True
    """
    if not alt.strip():
        raise BadInput("the chart has no text alternative", "say in `alt` what is to be seen in it")
    spec = chart.to_dict(context={"pre_transform": False})
    spec.setdefault("config", {}).pop("view", None)
    spec["background"] = "transparent"
    name = escape(name or f"chart-{next(_numbers)}", quote=True)
    label = escape(alt, quote=True)
    # "</" would end the script element early wherever it stood in the data.
    data = json.dumps(spec, separators=(",", ":"), sort_keys=True).replace("</", "<\\/")
    html = (
        f'<div class="{CHART_CLASS}" id="{name}" style="min-height:{height}px">'
        f'<div class="{CHART_CLASS}-canvas" role="img" aria-label="{label}" tabindex="0"></div>'
        f'<div class="{CHART_CLASS}-controls"></div>'
        f'<script type="application/json">{data}</script>'
        f"<noscript><p>{label}</p></noscript></div>"
    )
    return EmbeddedChart(html, spec, alt)
