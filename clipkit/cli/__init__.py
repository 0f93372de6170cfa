"""The command line: each module holds the commands of one subject; none holds logic."""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from clipkit.cli import (
    book,
    card,
    check,
    claims,
    compare,
    datasets,
    evaluate,
    infer,
    lmm,
    models,
    pocket,
    records,
    score,
    sweep,
    workshop,
)
from clipkit.cli.missing import missing_package
from clipkit.errors import ClipkitError

app = typer.Typer(
    name="clipkit",
    help="Measure how robust CLIP models are, and say how sure the answer is.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (claims, compare, infer, evaluate, sweep, lmm, card, book):
    app.add_typer(module.app)
models.app.add_typer(check.app)
for name, module in (
    ("records", records),
    ("datasets", datasets),
    ("score", score),
    ("models", models),
    ("pocket", pocket),
    ("workshop", workshop),
):
    app.add_typer(module.app, name=name)


def main() -> None:
    """Run the command line; a mistake a user can mend ends with its text on stderr and exit status 2.

    So do a package that is not installed, and a file that cannot be read or written; all else is a bug, and shows
    where it happened.
    """
    try:
        app()
    except ClipkitError as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("clipkit"):
            raise
        _end(str(missing_package(error.name)))
    except OSError as error:
        if not error.strerror:
            raise
        _end(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)


def _end(text: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]error:[/] {escape(text)}")
    sys.exit(2)
