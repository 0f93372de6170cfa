"""The built pages as files: links, headings, alternatives for images, and what must not be in them."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml


@dataclass
class Page(HTMLParser):
    """What one page refers to and can be referred to by."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    images: list[dict] = field(default_factory=list)
    headings: int = 0
    refresh: bool = False
    text: str = ""

    def __post_init__(self):
        super().__init__()
        self.text = self.path.read_text()
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        self.headings += tag == "h1" and self.get_starttag_text() is not None and not self._printing
        self.refresh |= tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh"
        if tag == "img":
            self.images.append(attributes)
        if tag == "div" and attributes.get("id") == "jb-print-docs-body":
            self._printing = True
        if tag == "article":
            self._printing = False

    _printing = False


@pytest.fixture(scope="module")
def tree(book) -> dict[Path, Page]:
    """Every page of the book by its path."""
    found = {path: Page(path) for path in sorted(book.rglob("*.html")) if "_static" not in path.parts}
    assert len(found) > 10
    return found


def test_internal_links_and_anchors_resolve(tree):
    dead = []
    for path, page in tree.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if re.match(r"[a-z]+:|//", address):
                continue
            target = (path.parent / unquote(address.partition("?")[0])).resolve() if address else path
            if not target.exists():
                dead.append(f"{path.name}: {link}")
            elif anchor and target in tree and unquote(anchor) not in tree[target].ids:
                dead.append(f"{path.name}: {link}")
    assert dead == []


def test_one_heading_of_the_first_rank(tree):
    counts = {path.name: page.headings for path, page in tree.items() if not page.refresh}
    assert {name: n for name, n in counts.items() if n != 1 and name not in ("search.html",)} == {}


def test_images_have_a_description_and_not_a_file_name(tree):
    poor = [
        f"{path.name}: {image.get('src')}: {image.get('alt')!r}"
        for path, page in tree.items()
        for image in page.images
        if not (image.get("alt") or "").strip() or re.search(r"[/\\]|\.(png|svg|jpe?g)$", image["alt"])
    ]
    assert poor == []


def test_no_page_loads_from_or_tells_of_another_machine(tree, root):
    for path, page in tree.items():
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*src="(https?://[^"]+)', page.text)
        loaded += re.findall(r'<link[^>]*rel="(?:stylesheet|preload)"[^>]*href="(https?://[^"]+)', page.text)
        assert loaded == [], path.name
        assert str(root) not in page.text, f"{path.name} tells where it was built"
        assert "THEBE_JS_URL" not in page.text


def test_search_index_knows_a_term_of_the_glossary(book):
    assert '"recal' in (book / "searchindex.js").read_text().lower()


def test_site_map_names_every_page_and_each_has_a_title_of_its_own(tree, book, root):
    base = yaml.safe_load((root / "_config.yml").read_text())["sphinx"]["config"]["html_baseurl"]
    listed = re.findall(rf"<loc>{re.escape(base)}([^<]+)</loc>", (book / "sitemap.xml").read_text())
    made = {str(path.relative_to(book)) for path, page in tree.items() if not page.refresh}
    assert sorted(listed) == sorted(made - {"search.html", "genindex.html", "py-modindex.html"})
    titles = [re.search(r"<title>(.*?)</title>", tree[book / name].text, re.DOTALL)[1] for name in listed]
    assert len(set(titles)) == len(titles)


def test_pages_have_a_language_a_description_and_a_card_for_social_media(tree, book):
    for path, page in tree.items():
        if page.refresh or path.name in ("search.html", "genindex.html", "py-modindex.html"):
            continue
        assert '<html lang="en"' in page.text, path.name
        assert len(re.search(r'<meta (?:name="description" )?content="([^"]*)"', page.text)[1]) > 20, (
            path.name
        )
        image = re.search(r'<meta property="og:image" content="https://[^"]*?(_images/[^"]+)"', page.text)[1]
        assert (book / image).is_file(), path.name


def test_links_say_where_they_lead(tree):
    vague = re.compile(
        r"<a\b[^>]*>\s*(?:<[^>]+>)*\s*(here|this|link|click here|more|https?://\S+)\s*(?:<[^>]+>)*\s*</a>"
    )
    found = {path.name: vague.findall(page.text.lower()) for path, page in tree.items()}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_the_reference_has_a_text_for_each_entry(tree):
    entry = re.compile(
        r'<dt class="sig[^>]*\bid="([^"]+)"(?:(?!</dt>).)*</dt>\s*<dd>\s*(?:</dd>|<p>Alias)', re.S
    )
    pages = {path.name: page for path, page in tree.items() if path.name.startswith("api-")}
    assert len(pages) > 5
    assert {name: found for name, page in pages.items() if (found := entry.findall(page.text))} == {}
