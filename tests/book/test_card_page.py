"""A card in a real browser: light, dark, and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from clipkit.card.html import to_html
from clipkit.card.numbers import compare, robustness_card
from clipkit.card.page import card_page, comparison_page

pytestmark = pytest.mark.browser
A, B = "cross-entropy-wild-detour-s0", "supervised-resnet-wild-10-s0"  # long names, of models without prompts


@pytest.fixture(scope="module", params=["alone", "against another"])
def address(request, tmp_path_factory):
    cards = [robustness_card(name) for name in (A, B)]
    made = card_page(cards[0]) if request.param == "alone" else comparison_page(*cards, compare(*cards))
    path = tmp_path_factory.mktemp("card") / "card.html"
    path.write_text(to_html(made), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_is_accessible_asks_for_nothing_and_fits(browser, address, scheme, width):
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 844})
    requests = []
    page.on("request", lambda asked: requests.append(asked.url))
    page.goto(address)
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
