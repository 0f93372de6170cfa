"""A card as one HTML page that loads nothing: no script, no image, no font of another machine."""

from html import escape
from itertools import groupby

from clipkit.card.page import (
    CANNOT_TELL,
    Bar,
    Block,
    Commands,
    Facts,
    Heading,
    Page,
    Row,
    Table,
    Verdict,
    number,
)

_WIDTH, _HEIGHT, _PAD = 180, 18, 6
_CSS = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #222832; --muted: #48566b; --border: #d1d5da;
  --surface: #f3f4f5; --accent: #0072b2; --holds: #00573f; --holds-ground: #d9f2e6;
  --untestable: #4a5058; --untestable-ground: #e9ecef; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181e; --text: #ced6dd; --muted: #9ca4af;
  --border: #48566b; --surface: #29313d; --accent: #66c2f0; --holds: #7fe3bd; --holds-ground: #0d3326;
  --untestable: #cfd5dc; --untestable-ground: #2c3137; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .6rem; }
h1, dd, td, code { overflow-wrap: anywhere; }
p { margin: .5rem 0; }
caption, small { color: var(--muted); }
small { display: block; font-size: .85em; font-weight: 400; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { border-bottom: 1px solid var(--border); padding: .45rem .6rem; text-align: left; vertical-align: top; }
thead th { border-bottom-width: 2px; vertical-align: bottom; }
th[scope="row"] { font-weight: 400; }
th[scope="rowgroup"] { background: var(--surface); }
th:not([scope="col"])::first-letter, dt::first-letter { text-transform: uppercase; }
td.number { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; }
pre { background: var(--surface); border-radius: .35em; padding: .7rem .9rem; white-space: pre-wrap; }
svg { display: block; margin-top: .2rem; max-width: 100%; height: auto; }
.tick { stroke: var(--muted); stroke-width: 1; opacity: .45; }
.axis { stroke: var(--border); stroke-width: 1; }
.interval { stroke: var(--accent); stroke-width: 5; stroke-linecap: round; }
.value { fill: var(--accent); stroke: var(--ground); stroke-width: 1.5; }
.verdict { display: inline-block; padding: .05em .4em; overflow-wrap: normal;
  border: 1px dotted currentcolor; border-radius: .35em;
  font-weight: 600; color: var(--untestable); background: var(--untestable-ground); }
.verdict.sure { border-style: solid; color: var(--holds); background: var(--holds-ground); }
@media (max-width: 30rem) { main { padding: 1rem .75rem 2rem; } table { font-size: .85rem; }
  th, td { padding: .4rem .25rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } body { font-size: .94rem; } }
"""


def to_html(page: Page) -> str:
    """The page as a whole document, light or dark as the reader's screen is."""
    title, body = escape(page.title), "\n".join(map(_block, page.blocks))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{_CSS}</style>
</head>
<body><main>
<h1>{title}</h1>
{body}
</main></body>
</html>
"""


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Facts):
        items = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in block.items())
        return f"<dl>{''.join(items)}</dl>"
    if isinstance(block, Commands):
        return f'<pre tabindex="0"><code>{escape(block)}</code></pre>'
    tag = "h2" if isinstance(block, Heading) else "p"
    return f"<{tag}>{escape(block)}</{tag}>"


def _table(table: Table) -> str:
    """A body of rows for each section, under its name."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    bodies = []
    for section, rows in groupby(table.rows, key=lambda row: row.section):
        name = f'<tr><th scope="rowgroup" colspan="{len(table.columns)}">{escape(section)}</th></tr>'
        bodies.append(f"<tbody>{name if section else ''}{''.join(map(_row, rows))}</tbody>")
    return (
        f"<table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead>"
        f"{''.join(bodies)}</table>"
    )


def _row(row: Row) -> str:
    name, second, *others = map(_cell, row.cells)
    number = f'<td class="number">{second}{_bar(row.bar)}</td>' if row.bar else f"<td>{second}</td>"
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row">{name}</th>{number}{rest}</tr>'


def _cell(cell: str) -> str:
    first, _, aside = escape(cell).partition("\n")
    if isinstance(cell, Verdict):
        return f'<span class="verdict{"" if cell == CANNOT_TELL else " sure"}">{first}</span>'
    return f"{first}<small>{aside}</small>" if aside else first


def _bar(bar: Bar) -> str:
    """A picture of the interval on its range; the text alternative says what it shows."""

    def x(value: float) -> str:
        share = (value - bar.least) / (bar.most - bar.least) if bar.most > bar.least else 0.5
        return f"{_PAD + share * (_WIDTH - 2 * _PAD):.1f}"

    middle = _HEIGHT // 2
    low, high, least, most = map(number, bar[1:5])
    ticks = "".join(
        f'<line class="tick" x1="{x(t)}" x2="{x(t)}" y1="3" y2="{_HEIGHT - 3}"/>' for t in bar.ticks
    )
    return (
        f'<svg role="img" aria-label="Interval {low} to {high} on a range from {least} to {most}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<line class="axis" x1="{_PAD}" x2="{_WIDTH - _PAD}" y1="{middle}" y2="{middle}"/>{ticks}'
        f'<line class="interval" x1="{x(bar.low)}" x2="{x(bar.high)}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="value" cx="{x(bar.value)}" cy="{middle}" r="4"/></svg>'
    )
