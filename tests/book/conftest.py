"""The book as its readers get it: built once, served from this machine, opened in Chromium."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CLIPKIT_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def book(root, tmp_path_factory) -> Path:
    """The folder of built pages: the one CLIPKIT_BOOK names, or a strict build of the pocket profile."""
    named = os.environ.get("CLIPKIT_BOOK")
    if named:
        assert (root / named / "index.html").is_file(), f"CLIPKIT_BOOK={named} holds no book: run `make book`"
        return root / named
    from clipkit.book.build import build

    return build(root, "pocket", output=tmp_path_factory.mktemp("book"), jobs=2).parent


@pytest.fixture(scope="session")
def address(book):
    """Where the pages are served, on this machine only."""
    handler = functools.partial(_Quiet, directory=str(book))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium; skipped, loudly, where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: install chromium, or name one in CLIPKIT_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def open_page(browser, address):
    """Open a page by its name, as `open_page("book/install")`, and wait until it asks for nothing more.

    `listen` gets the page before it loads.
    """

    def open_page(name: str, listen=lambda page: None):
        page = browser.new_page(color_scheme="light", viewport={"width": 1280, "height": 900})
        listen(page)
        page.goto(f"{address}{name}.html", wait_until="networkidle")
        return page

    return open_page
