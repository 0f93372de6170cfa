"""A card as Markdown, for a model hub or a README."""

from clipkit.card.page import Block, Commands, Facts, Heading, Note, Page, Table


def to_markdown(page: Page) -> str:
    """The page as text; what would be drawn is left out."""
    blocks = [_block(block) for block in page.blocks if not isinstance(block, Note)]
    return "\n\n".join([f"# {page.title}", *blocks]) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {block}"
    if isinstance(block, Commands):
        return f"```bash\n{block}\n```"
    if isinstance(block, Facts):
        return "\n".join(f"- {name}: {value}" for name, value in block.items())
    return _table(block) if isinstance(block, Table) else block


def _table(table: Table) -> str:
    by_section = any(row.section for row in table.rows)
    lines = [("Section",) * by_section + table.columns, ("---",) * (by_section + len(table.columns))]
    lines += [(row.section,) * by_section + tuple(map(_cell, row.cells)) for row in table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: str) -> str:
    """An aside stands in brackets.

    >>> _cell("93\\nof 74 others")
    '93 (of 74 others)'
    """
    first, _, aside = cell.partition("\n")
    return f"{first} ({aside})" if aside else first
