"""Pages on paper, one by one and bound into a PDF."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pypdf import PdfReader

from clipkit.book.pdf import make_pdf
from clipkit.errors import BadInput, MissingData

SHEETS = ["ledger", "retrieval", "how-to-read"]


@pytest.fixture(scope="module")
def paper(open_page):
    """A chapter as it prints: with a chart, folded code, figures and solutions."""
    page = open_page("notebooks/retrieval")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    "left_out",
    [".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", "button", "summary", "footer"],
)
def test_paper_shows_no_controls(paper, left_out):
    assert paper.locator(left_out).count()
    assert not any(one.is_visible() for one in paper.locator(left_out).all())


@pytest.mark.browser
def test_paper_shows_solutions_and_leaves_folded_code_folded(paper):
    assert all(one.is_visible() for one in paper.locator(".solution section").all())
    assert not any(one.is_visible() for one in paper.locator("details.hide pre").all())
    assert paper.locator(".clipkit-chart canvas").is_visible()


@pytest.mark.browser
def test_paper_tells_links_from_text_and_splits_no_figure(paper):
    link = paper.locator("article a.reference.internal").first
    assert link.evaluate("a => getComputedStyle(a).textDecorationLine") == "underline"
    whole = paper.locator("figure.output").evaluate_all(
        "all => all.map((f) => getComputedStyle(f).breakInside)"
    )
    assert set(whole) == {"avoid"}


@pytest.mark.browser
def test_a_dark_page_prints_light_and_is_dark_again(browser, address):
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{address}book/how-to-read.html", wait_until="networkidle")
    look = """() => [document.documentElement.dataset.theme,
      getComputedStyle(document.querySelector('article p')).color]"""
    before = page.evaluate(look)
    assert before[0] == "dark"
    page.evaluate(f"window.addEventListener('beforeprint', () => {{ window.printed = ({look})(); }})")
    page.pdf()
    theme, colour = page.evaluate("window.printed")
    assert theme == "light" and max(map(int, colour[4:-1].split(","))) < 80 and colour != before[1]
    assert page.evaluate(look) == before
    page.close()


@pytest.fixture(scope="module")
def bound(book, root, browser, tmp_path_factory):
    """Three pages of the book as one file."""
    out = tmp_path_factory.mktemp("pdf") / "book.pdf"
    with ThreadPoolExecutor(1) as apart:  # Playwright runs once a thread, and `browser` has this one
        return PdfReader(apart.submit(make_pdf, root, out, html=book, only=SHEETS, say=str).result())


@pytest.mark.browser
def test_pdf_has_a_title_a_language_and_numbered_sheets(bound):
    assert bound.metadata.title == "A holistic look at CLIP's robustness"
    assert bound.root_object["/Lang"] == "en"
    texts = [sheet.extract_text() for sheet in bound.pages]
    assert len(texts) > len(SHEETS)
    assert [text.split()[0] for text in texts] == [str(k) for k in range(1, len(texts) + 1)]
    assert "What holds" in texts[0] and "Zero-shot ImageNet accuracy predicts" in " ".join(texts)


@pytest.mark.browser
def test_bookmarks_name_the_pages_in_reading_order_with_their_headings(bound):
    pages = [mark for mark in bound.outline if not isinstance(mark, list)]
    assert [mark.title for mark in pages] == ["What holds", "Retrieval", "How to read this book"]
    sheets = [bound.get_destination_page_number(mark) for mark in pages]
    assert sheets == sorted(set(sheets)) and sheets[0] == 0
    headings = bound.outline[bound.outline.index(pages[1]) + 1]
    assert "Accuracy predicts recall" in [mark.title for mark in headings if not isinstance(mark, list)]


@pytest.mark.browser
def test_links_lead_to_places_in_the_file_or_to_the_published_book(bound):
    links = [one.get_object() for sheet in bound.pages for one in sheet.get("/Annots", ())]
    outside = [one["/A"]["/URI"] for one in links if "/A" in one]
    assert outside and not any("127.0.0.1" in address or "retrieval.html" in address for address in outside)
    chapter = bound.get_destination_page_number(bound.outline[2])
    numbers = {sheet.indirect_reference.idnum: k for k, sheet in enumerate(bound.pages)}
    from_front = [one.get_object() for sheet in bound.pages[:2] for one in sheet["/Annots"]]
    reached = [numbers[one["/Dest"][0].idnum] for one in from_front if "/Dest" in one]
    assert chapter in reached  # a cell of the grid leads to its evidence


def test_refusals(root, tmp_path, monkeypatch):
    with pytest.raises(MissingData, match="no built book in .*\n  -> build it first: clipkit book"):
        make_pdf(root, tmp_path / "book.pdf", html=tmp_path)
    (tmp_path / "index.html").touch()
    with pytest.raises(BadInput, match="no page 'glosary'\n  -> Did you mean glossary"):
        make_pdf(root, tmp_path / "book.pdf", html=tmp_path, only=["glosary"])
    monkeypatch.setenv("CLIPKIT_CHROMIUM", "/nowhere")
    with pytest.raises(MissingData, match="no Chromium to print with"):
        make_pdf(root, tmp_path / "book.pdf", html=tmp_path)
