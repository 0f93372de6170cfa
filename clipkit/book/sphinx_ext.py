"""A Sphinx extension that leaves nothing on a page that would call another machine.

Formulae become MathML at build time instead of loading MathJax; charts share one bundle of Vega made here;
explorers get their scripts, on the pages that have some; the scripts of thebe, which every page would otherwise
declare twice, are dropped, and so is Font Awesome's, which draws the icons once more that its fonts draw already, and
weighs more than the rest of a page. Nor does anything move while a page loads.
"""

import re
from pathlib import Path

import vl_convert
from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from clipkit.book.figure_links import add_links
from clipkit.book.figures import give_sizes
from clipkit.plots.altair_html import CHART_CLASS, VEGA_LITE
from clipkit.plots.explorers.shell import SCRIPTS

BUNDLE = "vega-bundle.js"
_THEBE = ("sphinx-thebe.js", "THEBE_JS_URL")


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("config-inited", _choose_mathml)
    app.connect("autodoc-process-docstring", _prose)
    app.connect("autodoc-skip-member", _skip)
    # After the extensions that add scripts (default priority 500), before the page is written.
    app.connect("html-page-context", _scripts, priority=900)
    app.connect("build-finished", _finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


_CODE = re.compile(r"(`+[^`]+`+)")
_STARS = re.compile(r"(\*\*?[^*\s](?:[^*]*[^*\s])?\*\*?)|\*")
_MARKS = re.compile(r"\||(?<=\w)_(?!\w)")


def _prose(app, what, name, obj, options, lines) -> None:
    """Read a docstring as prose with `code` in single ticks, not as reStructuredText.

    Bars, final underscores and lone stars mean themselves, and a block that is set in ends where it ends.
    """
    prose, example = [], False
    for line in lines:
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if example:
            prose.append(line)
            continue
        if prose and prose[-1].strip() and _indent(line) < _indent(prose[-1]):
            prose.append("")
        pieces = _CODE.split(line)
        pieces[::2] = [_plain(text) for text in pieces[::2]]
        pieces[1::2] = [f"``{code.strip('`')}``" for code in pieces[1::2]]
        prose.append("".join(pieces))
    lines[:] = prose


def _skip(app, what, name, obj, skip, options) -> bool | None:
    """Leave out the fields of a NamedTuple: the text of its class tells what they are, Python only their places."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(text: str) -> str:
    text = _MARKS.sub(r"\\\g<0>", text)
    return _STARS.sub(lambda match: match[1] or r"\*", text)


def _choose_mathml(app, config) -> None:
    config.html_math_renderer = "mathml"


def _mathml(node, display: str) -> str:
    tex = node.astext()
    try:
        return convert(tex, display=display)
    except Exception as error:  # latex2mathml has no base class of its own for what it cannot read
        raise SphinxError(
            f"{node.source}:{node.line}: formula {tex!r} cannot become MathML: {error!r}"
        ) from error


def _inline(visitor, node) -> None:
    visitor.body.append(_mathml(node, "inline"))
    raise SkipNode


def _block(visitor, node) -> None:
    # The box scrolls by itself on a narrow screen, so it must be reachable from the keyboard.
    visitor.body.append('<div class="math-block" tabindex="0" role="group" aria-label="formula">')
    visitor.body.append(_mathml(node, "block"))
    visitor.body.append("</div>")
    raise SkipNode


def _write_bundle(path: Path) -> None:
    if path.exists():
        return
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The bundle is a module; as a function of its own it also runs from file://, where modules may not load.
    path.write_text(f"(() => {{{script}}})();")


def _scripts(app, pagename, templatename, context, doctree) -> None:
    scripts = context.get("script_files", [])
    scripts[:] = [s for s in scripts if not any(word in f"{s} {_body(s)}" for word in _THEBE)]
    body = context.get("body", "")
    explorers = re.findall(r'data-explorer="([\w-]+)"', body)
    for script in ["base", *explorers] if explorers else []:
        app.add_js_file(f"{SCRIPTS}/{script}.js", loading_method="defer")
    if f'class="{CHART_CLASS}' in body:
        _write_bundle(Path(app.outdir) / "_static" / BUNDLE)
        app.add_js_file(BUNDLE, loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")


def _body(script) -> str:
    return getattr(script, "attributes", {}).get("body") or ""


_ICON_SCRIPT = re.compile(r'\s*<script src="[^"]*/fontawesome/[^"]*/all\.min\.js[^"]*"></script>')


def _polish(page: str, folder: Path) -> str:
    """`page` without the script of icons, its figures sized, marked where it has no table of contents.

    The mark stands before the text, so that a browser need not wait for the end of the page to know how wide
    the text is.
    """
    page = give_sizes(_ICON_SCRIPT.sub("", page), folder)
    return (
        page
        if "bd-sidebar-secondary" in page
        else page.replace('class="bd-content"', 'class="bd-content wide"')
    )


def _finish(app, exception) -> None:
    """What can only be done to finished pages: links below figures, see `_polish`; and the site map."""
    if exception or app.builder.name != "html":
        return
    known = set(app.env.found_docs)
    names = sorted(known)
    for name in (*names, "search", "genindex"):
        path = Path(app.builder.get_outfilename(name))
        if path.is_file():
            page = add_links(path.read_text(encoding="utf-8"), Path(app.srcdir) / f"{name}.ipynb", known)
            path.write_text(_polish(page, path.parent), encoding="utf-8")
    places = "".join(
        f"<url><loc>{app.config.html_baseurl}{app.builder.get_target_uri(n)}</loc></url>" for n in names
    )
    (Path(app.outdir) / "sitemap.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>\n'
    )
