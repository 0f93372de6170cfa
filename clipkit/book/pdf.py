"""The whole book as one PDF: each built page printed by Chromium, then bound in reading order."""

import functools
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject, TextStringObject
from tqdm import tqdm

from clipkit.book.stage import pages as pages_of
from clipkit.errors import BadInput, MissingData
from clipkit.registry import did_you_mean
from clipkit.workshop.handout import find_browser

# Every address becomes that of the published book, which binding turns into a place in the file where it can.
# Chromium remembers the places that links of the same page lead to, seen or not: so each id gets one.
_PREPARE = """published => {
  const here = location.origin + "/";
  const ids = [...document.querySelectorAll("article [id]")].map((element) => element.id);
  document.querySelectorAll("a[href]").forEach((link) => { link.href = link.href.replace(here, published); });
  const all = document.createElement("nav");
  all.hidden = true;
  all.append(...ids.map((id) => Object.assign(document.createElement("a"), { href: "#" + encodeURIComponent(id) })));
  document.body.append(all);
}"""
_PAPER = {"width": 664, "height": 972}  # A4 without its margins; charts are drawn as wide as the window
_DRAWN = "() => [...document.querySelectorAll('.clipkit-chart, [data-explorer]')].every((one) => one.dataset.drawn)"


def make_pdf(
    source: Path,
    out: Path,
    *,
    html: Path | None = None,
    only: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Path:
    """Print the built book in `html` (by default `source/_build/html`) into the file `out`, and return it.

    Pages follow `_toc.yml`; `only` names some, as `glossary`. Page numbers run through, each page has its
    bookmark with its headings below, and links between pages lead to places in the file. Nothing is executed
    or built. Raises BadInput for a page that the book lacks, and MissingData without a built book or Chromium.
    """
    html = html or source / "_build" / "html"
    if not (html / "index.html").is_file():
        raise MissingData(f"no built book in {html}", "build it first: clipkit book")
    known = {Path(name).name: name for name in pages_of(source / "_toc.yml")}
    for name in only:
        if name not in known:
            raise BadInput(f"the book has no page {name!r}", did_you_mean(name, known))
    settings = yaml.safe_load((source / "_config.yml").read_text())
    published = settings["sphinx"]["config"]["html_baseurl"]
    names = [name for short, name in known.items() if not only or short in only]
    writer = _bind(_print(html, names, published), published)
    writer.add_metadata({"/Title": settings["title"], "/Author": settings["author"]})
    writer.root_object[NameObject("/Lang")] = TextStringObject(settings["sphinx"]["config"]["language"])
    writer.create_viewer_preferences().display_doctitle = True
    writer.page_mode = "/UseOutlines"
    out.parent.mkdir(parents=True, exist_ok=True)
    writer.write(out)
    say(f"the book on {len(writer.pages)} sheets is at {out.resolve().as_uri()}")
    return out


def _print(html: Path, names: Sequence[str], published: str) -> Iterator[tuple[str, PdfReader]]:
    """Each page by its name, on paper, numbered on from the one before."""
    from playwright.sync_api import sync_playwright

    chromium = find_browser()
    if not chromium:
        raise MissingData("no Chromium to print with", "install it, or name one in CLIPKIT_CHROMIUM")
    before = 0
    with _served(html) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in tqdm(names, desc="printing", unit="page"):
            page = browser.new_page(color_scheme="light", viewport=_PAPER)
            page.goto(f"{address}{name}.html", wait_until="networkidle")
            page.wait_for_function(_DRAWN)
            page.evaluate(_PREPARE, published)
            page.add_style_tag(content=f"html {{ counter-reset: page {before}; }}")
            pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, outline=True, tagged=True)))
            page.close()
            before += len(pdf.pages)
            yield name, pdf
        browser.close()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _bind(printed: Iterable[tuple[str, PdfReader]], published: str) -> PdfWriter:
    """One file of all pages, with their bookmarks; links from one to another lead to the place in it."""
    writer, places = PdfWriter(), {}
    for name, pdf in printed:
        before = len(writer.pages)
        places[name, ""] = before, None
        for key, place in pdf.named_destinations.items():
            places[name, key.removeprefix("/")] = before + pdf.get_destination_page_number(place), place.top
        pdf.root_object.pop("/Dests", None)  # two pages may use one id for different places
        writer.append(pdf)
    for page in writer.pages:
        for annotation in page.get("/Annots", ()):
            link = annotation.get_object()
            address, anchor = urldefrag(link.get("/A", {}).get("/URI", ""))
            name = address.removeprefix(published).removesuffix(".html")
            place = places.get((name, unquote(anchor)), places.get((name, "")))
            if place:
                sheet, top = place
                height = NullObject() if top is None else FloatObject(top)
                to = [
                    writer.pages[sheet].indirect_reference,
                    NameObject("/XYZ"),
                    NullObject(),
                    height,
                    NullObject(),
                ]
                del link["/A"]
                link[NameObject("/Dest")] = ArrayObject(to)
    return writer
