"""What all faults share: their register, the command line as a user types it, and processes to be killed."""

import contextlib
import csv
import importlib
import io
import multiprocessing
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from clipkit.cli import main
from clipkit.errors import ClipkitError

TABLE = Path(__file__).parents[2] / "book" / "faults.csv"
THEMES = ("store", "data", "models", "command line")
COLUMNS = ("theme", "fault", "provoked", "seen", "lost")


class Outcome(NamedTuple):
    """What the user saw (the text itself), and what was lost."""

    seen: str
    lost: str


class Fault(NamedTuple):
    """One fault: its theme, its name in the table, how it is provoked, and the function that does so in a folder."""

    theme: str
    name: str
    provoked: str
    run: Callable[[Path], Outcome]


FAULTS: dict[str, Fault] = {}


def fault(theme: str, provoked: str):
    """Register a function of an empty folder; the first line of its docstring is the fault's name."""

    def register(run):
        FAULTS[run.__name__] = Fault(theme, run.__doc__.splitlines()[0].rstrip("."), provoked, run)
        return run

    return register


def ordered() -> list[Fault]:
    """All faults whose modules were imported, theme by theme."""
    return sorted(FAULTS.values(), key=lambda fault: THEMES.index(fault.theme))


def row(fault: Fault, folder: Path) -> dict[str, str]:
    """Provoke a fault in an empty folder; its row of the table, the same on every machine."""
    seen, lost = fault.run(folder)
    return dict(
        zip(COLUMNS, (fault.theme, fault.name, fault.provoked, _anywhere(seen, folder), lost), strict=True)
    )


def _anywhere(text: str, folder: Path) -> str:
    """`text` without what differs between machines: folders, ports, and sums that depend on versions."""
    text = text.strip().replace(f"{folder}/", "").replace(str(folder), ".")
    text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
    text = re.sub(r"(?<=--)[0-9a-f]{16}\b", "KEY", text)
    return re.sub(r"127\.0\.0\.1(:\d+)?", "localhost", text)


def write(rows: list[dict[str, str]]) -> None:
    """Write the table of the book."""
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def shipped() -> list[dict[str, str]]:
    """The rows of the table in the book."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Typed(NamedTuple):
    """How a command ended: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def typed(*words) -> Typed:
    """`clipkit WORDS` as a user types it, in this process."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["clipkit", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    return Typed(status, out.getvalue(), err.getvalue())


def refused(*words, status: int = 2) -> str:
    """What `clipkit WORDS` says when it refuses; it must end with `status`, without a traceback."""
    end = typed(*words)
    assert end.status == status and "Traceback" not in end.err, end
    return end.err or end.out


def shell(work: Callable, *arguments):
    """Result of `work(*arguments)`, or the text of its error as the command line prints it."""
    try:
        return work(*arguments)
    except ClipkitError as error:
        return f"error: {error}"


CONTEXT = multiprocessing.get_context("forkserver")
# One server imports torch and the rest once; every child is a copy of it, made in milliseconds.
CONTEXT.set_forkserver_preload(
    ["clipkit.embed", "clipkit.models.loading", "clipkit.datasets.benchmarks", "clipkit.cli"]
)


def in_child(work: Callable, *arguments) -> tuple[int, object]:
    """Exit status and result of `work(*arguments)` in a process of its own; the text of an error as the shell shows it.

    The result is None where the process was killed.
    """
    (end,) = in_children(work, [arguments])
    return end


def in_children(work: Callable, calls: list[tuple]) -> list[tuple[int, object]]:
    """The same for several processes at once."""
    started = []
    for arguments in calls:
        ours, theirs = CONTEXT.Pipe(duplex=False)
        child = CONTEXT.Process(target=_child, args=(theirs, work.__module__, work.__name__, arguments))
        child.start()
        theirs.close()
        started.append((child, ours))
    return [_end(child, connection) for child, connection in started]


def _end(child, connection) -> tuple[int, object]:
    try:
        found = connection.recv()
    except EOFError:
        found = None
    child.join()
    return child.exitcode, found


def _child(connection, module: str, name: str, arguments: tuple) -> None:
    connection.send(shell(getattr(importlib.import_module(module), name), *arguments))
