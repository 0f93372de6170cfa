"""Every page, in a real browser, as a reader with a phone, a dark screen or a screen reader meets it."""

import gzip
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from clipkit.book.stage import pages
from clipkit.claims import load

pytestmark = pytest.mark.browser
PAGES = pages(Path(__file__).parents[2] / "_toc.yml")

# What axe finds in markup that is not ours, each by rule and the narrowest selector.
NOT_OURS = {
    ("region", ".logo__image"): "the theme puts the logo outside every landmark",
    ("aria-allowed-role", ".citation"): "docutils gives bibliography entries a deprecated role",
    ("aria-deprecated-role", ".citation"): "docutils gives bibliography entries a deprecated role",
    ("aria-required-children", ".citation-list"): "docutils: a list whose entries have that role",
}

# The sum of what moved that no reader's hand moved, as browsers score it: share of the screen × share of the way.
SHIFT = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(
    list.getEntries().filter((entry) => !entry.hadRecentInput).reduce((sum, entry) => sum + entry.value, 0)
  )).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(0), 200);
})"""


@pytest.fixture(scope="module", params=[*PAGES, "search"])
def seen(request, open_page, address):
    """What one visit shows: complaints, requests, findings of axe in both themes, width on a phone."""
    complaints, requests, weight = [], [], {}

    def listen(page):
        page.on("response", lambda got: weight.update({got.url: len(gzip.compress(got.body()))}))
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: requests.append(asked.url))

    page = open_page(request.param, listen)
    shift = page.evaluate(SHIFT)
    wait_for_charts(page, "light")
    light = findings(page)
    page.add_style_tag(content="* { transition: none !important }")  # axe would measure a colour half-way
    page.emulate_media(color_scheme="dark")
    wait_for_charts(page, "dark")
    dark = findings(page, {"runOnly": ["color-contrast"]})  # all that a theme can change
    canvases, charts = page.locator(".clipkit-chart canvas").count(), page.locator(".clipkit-chart").count()
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.set_viewport_size({"width": 390, "height": 844})
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small = page.locator("figure.output > img").evaluate_all(
        "images => images.filter((i) => i.width + 1 < parseInt(i.parentNode.style.getPropertyValue('--needed')))"
        ".map((i) => i.alt)"
    )
    claims = [row.get_attribute("data-claim") for row in page.locator("[data-claim]").all()]
    page.close()
    abroad = [url for url in requests if not url.startswith((address, "data:", "blob:"))]
    return SimpleNamespace(
        name=request.param, complaints=complaints, abroad=abroad, light=light, dark=dark, theme=theme,
        canvases=canvases, charts=charts, beyond=beyond, claims=claims, weight=weight, shift=shift, small=small,
    )  # fmt: skip


def wait_for_charts(page, theme: str) -> None:
    """Wait until every chart of `page` is drawn in the colours of `theme`."""
    page.wait_for_function(
        "t => [...document.querySelectorAll('.clipkit-chart')].every(c => c.dataset.drawn === t)", arg=theme
    )


def findings(page, options=MappingProxyType({})) -> list[str]:
    """What axe finds on `page` in markup of ours, one line each."""
    # preload would fetch the theme's style sheets a second time, under wrong addresses;
    # the examples in the reference are coloured as all code is, and there are hundreds of them
    seen = Axe().run(page, {"exclude": [["dl.py .highlight"]]}, {"preload": False, **options})
    violations = seen.response["violations"]
    return [
        f"{violation['id']} {node['target']}: {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
        if not any(violation["id"] == rule and matches(page, node, css) for rule, css in NOT_OURS)
    ]


def matches(page, node, css: str) -> bool:
    return page.locator(node["target"][-1]).first.evaluate("(element, css) => element.matches(css)", css)


def test_loads_in_silence(seen):
    assert seen.complaints == []


def test_weighs_little(seen):
    """As a server sends it, compressed. The front page does without the chart bundle, which all charts share."""
    bundle = sum(n for url, n in seen.weight.items() if url.endswith("vega-bundle.js"))
    assert bundle == 0 or seen.charts
    assert sum(seen.weight.values()) - bundle < 2_500_000
    if seen.name == PAGES[0]:
        assert bundle == 0 and sum(seen.weight.values()) < 700_000


def test_asks_no_other_machine(seen):
    assert seen.abroad == []


def test_is_accessible_in_light_and_dark(seen):
    assert seen.light == []
    assert seen.theme == "dark"
    assert seen.dark == []


def test_fits_a_phone(seen):
    assert seen.beyond <= 0, f"{seen.name} is {seen.beyond} px wider than a screen of 390 px"


def test_letters_of_figures_can_be_read_on_a_phone(seen):
    assert seen.small == []


def test_nothing_moves_while_it_loads(seen):
    assert seen.shift < 0.05


def test_charts_are_drawn(seen):
    assert seen.canvases == seen.charts


def test_ledger_has_a_row_for_each_claim(seen):
    assert sorted(set(seen.claims)) == (sorted(load()) if seen.name == PAGES[0] else [])


def test_front_address_leads_to_the_ledger(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.wait_for_url(f"**/{PAGES[0]}.html")
    page.close()
