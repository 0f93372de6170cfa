"""Commands of `clipkit score`."""

import typer

app = typer.Typer(no_args_is_help=True)
